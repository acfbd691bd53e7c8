package engine

import (
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/affinity"
)

// watch looks at an engine's workers from outside, in one goroutine: what they have in hand, and for how long. It only reads what
// workers publish, so no worker ever waits for it.
//
// It looks every 10 ms while something runs. When all workers have been asleep for a while it sleeps too: see doze.
type watch struct {
	doze
	e       *Engine
	every   time.Duration
	workers []watchedWorker // by id
	stages  []watchedStage  // by id

	placeEvery time.Duration
	placed     Time // when places looked last
	blocked    blockWatch
	kernel     threads
}

// watchedWorker is what the watch remembers of a worker.
type watchedWorker struct {
	long  inHand        // the batch that was reported as long
	again time.Duration // report it once more when it has run for so long
}

// watchedStage is what the watch remembers of a stage.
type watchedStage struct {
	longLine Time          // when the last line about a long batch was written; 0: never
	sleeps   atomic.Uint64 // StageStats.Blocked. Written by the watch
}

const (
	watchEvery = 10 * time.Millisecond
	// rescueEvery bounds how long an event waits that was left to a worker whose batch then took far longer than its batches do. Twice as
	// often would cost a percent of a CPU where waking a goroutine is expensive.
	rescueEvery = 2 * time.Millisecond
	watchIdle   = 10 // looks at sleeping workers before the watch sleeps: a service with few events does not restart it for each
	longBatch   = 10 * time.Millisecond
)

func newWatch(e *Engine) *watch {
	return &watch{
		doze: newDoze(), e: e, every: watchEvery, placeEvery: placeEvery, blocked: blockWatch{every: blockedEvery},
		kernel: threads{affinity.AllowedOf, affinity.PinThread, statusOf, onCPUOf, gcCycles},
	}
}

// start begins to watch workers that run.
func (v *watch) start() {
	v.workers = make([]watchedWorker, len(v.e.workers))
	v.stages = make([]watchedStage, len(v.e.stages))
	v.gone = make(chan struct{})
	go v.run()
}

// end returns when the goroutine has ended.
func (v *watch) end() {
	if v.gone != nil {
		close(v.stop)
		<-v.gone
	}
}

func (v *watch) run() {
	defer close(v.gone)
	tick := v.every
	if len(v.e.workers) > 1 { // else there is nobody to send
		tick = min(tick, rescueEvery)
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	looked := v.e.now()
	for idle := 0; ; {
		select {
		case <-ticker.C:
		case <-v.stop:
			return
		}
		now := v.e.now()
		v.rescue(now)
		if now.Sub(looked) < v.every-tick/2 {
			continue
		}
		looked = now
		v.look(now)
		if !v.e.allParked() {
			idle = 0
			continue
		}
		if idle++; idle == watchIdle {
			ticker.Stop()
			v.sleep()
			ticker.Reset(tick)
			idle = 0
		}
	}
}

// sleep returns when a worker runs, or the engine ends.
func (v *watch) sleep() {
	v.doze.sleep(v.e.allParked)
	v.blocked.since = 0
}

// sleepsIn returns what StageStats.Blocked is for a stage.
func (v *watch) sleepsIn(stage int) uint64 {
	if stage >= len(v.stages) { // the engine did not start
		return 0
	}
	return v.stages[stage].sleeps.Load()
}

// rescue sends sleepers to what waits while a worker that it was left to has its batch in hand for longer than anybody expected: see willLook.
func (v *watch) rescue(now Time) {
	if !v.e.parked.any() {
		return
	}
	for _, w := range v.e.workers {
		if w.patience.Load() > 0 && !w.willLook(now) {
			v.e.spread(now)
			return
		}
	}
}

// look is one round.
func (v *watch) look(now Time) {
	for i, w := range v.e.workers {
		if h := inHand(w.inHand.Load()); h.since(now) > longBatch {
			v.reportLong(i, h, now)
		}
	}
	v.blocks(now)
	v.places(now)
	v.e.controller.overdue(now)
}

// reportLong names a batch that runs long: at most one line a second for a stage, and for one batch a further line only when it has run for
// twice as long.
func (v *watch) reportLong(worker int, h inHand, now Time) {
	if v.e.stages[h.stage()].blocking {
		return // its handlers run elsewhere: the worker hands a batch over, and has lost its CPU meanwhile
	}
	o, s := &v.workers[worker], &v.stages[h.stage()]
	if o.long != h {
		o.long, o.again = h, 0
	}
	ran := h.since(now)
	if ran < o.again || s.longLine > 0 && now.Sub(s.longLine) < logEvery {
		return
	}
	s.longLine, o.again = now, 2*ran
	v.e.log.Warn("handler runs long and holds up every stage that its worker serves: split the work, make MaxBatch smaller, "+
		"give what waits a blocking stage, or see who else takes its CPU",
		"stage", v.e.stages[h.stage()].name, "worker", worker, "running", ran, "events", h.events())
}
