package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/probes"
)

// probed is one worker in the eyes of Config.Probes. The worker registers its thread when that starts and ends the watch when it ends; in between it
// writes what it is at into the word, and nothing else. Whoever wants to know reads: the control loop, and Stats.
//
// The source is somebody else's code: a call that panics, and values that cannot be, end the watch of that worker, and nothing more.
type probed struct {
	source probes.Source  // nil: there is none
	times  bool           // it knows times on a CPU and off it
	word   *atomic.Uint32 // of the thread; nil: nobody reads it. The worker's alone

	mine probes.StageValues // scratch of the worker,
	gone []int64            // and by stage, how long it had been without a CPU when it looked last

	mu     sync.Mutex    // guards what follows. The worker takes it when its thread starts and ends
	thread probes.Thread // nil: none is watched
	failed bool
	staged bool          // the thread has a word
	since  int64         // when it was registered, on the clock of probes
	known  bool          // the last reading was good
	cells  bool          // and told of stages
	all    probes.Values // of all its threads: a handler may leave its goroutine, and the thread with it
	before probes.Values // of those that have ended
	off    []offTime     // of the one there is
	was    []offTime     // of those that have ended
	read   probes.Values // scratch
	cell   probes.StageValues
}

// offTime is what became of a thread's time off the CPU: by stage, where element 0 is that without a batch.
type offTime struct {
	blocked, runQueue, preempted int64 // ns
	voluntary, involuntary       uint64
}

func (a offTime) plus(b offTime) offTime {
	return offTime{a.blocked + b.blocked, a.runQueue + b.runQueue, a.preempted + b.preempted, a.voluntary + b.voluntary, a.involuntary + b.involuntary}
}

func (a offTime) delay() int64 { return a.runQueue + a.preempted }

// open prepares for a source; nil: there is none.
func (p *probed) open(source probes.Source, stages int) (err error) {
	if source == nil {
		return nil
	}
	defer caught(&err)
	p.gone = make([]int64, stages)
	p.off, p.was = make([]offTime, 1+stages), make([]offTime, 1+stages)
	on, _ := source.Origin(probes.OnCPU)
	queue, _ := source.Origin(probes.RunQueue)
	p.source, p.times = source, on != probes.None && queue != probes.None
	return nil
}

// caught makes an error of a panic in the source.
func caught(err *error) {
	if cause := recover(); cause != nil {
		*err = fmt.Errorf("panic: %v\n%s", cause, debug.Stack())
	}
}

// join begins to watch the calling thread.
func (p *probed) join() (err error) {
	if p.source == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.failed {
		return nil
	}
	defer func() { p.failed = p.failed || err != nil && p.thread == nil }()
	defer caught(&err)
	p.since = probes.Now()
	t, err := p.source.Register()
	if err != nil {
		return err
	}
	if t == nil {
		return errors.New("the source returns no thread")
	}
	p.thread, p.word = t, t.Word()
	clear(p.gone)
	if p.staged = p.word != nil; p.staged && !t.AddStage(uint32(len(p.gone)), new(probes.StageValues)) {
		p.word, p.staged = nil, false
		return fmt.Errorf("the source has no room for %d stages: it tells of workers alone", len(p.gone))
	}
	return nil
}

// leave ends the watch of the calling thread.
func (p *probed) leave() (err error) {
	if p.source == nil {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.thread == nil {
		return nil
	}
	if p.word != nil {
		release.Relaxed32(p.word, 0)
	}
	p.word = nil
	err = p.look()
	for i := range p.was {
		p.was[i] = p.was[i].plus(p.off[i])
		p.off[i] = offTime{}
	}
	p.before = p.all
	defer caught(&err)
	defer func() { p.thread = nil }()
	return errors.Join(err, p.thread.Close())
}

// errNonsense says that values were not those of a thread.
var errNonsense = errors.New("times are negative, or longer than the thread has been watched")

// look brings what is known up to date. The caller holds mu.
func (p *probed) look() (err error) {
	if p.thread == nil || p.failed {
		return nil
	}
	defer func() {
		if err != nil {
			p.failed, p.known, p.cells = true, false, false
		}
	}()
	defer caught(&err)
	now := probes.Now()
	p.read = probes.Values{}
	if p.known = p.thread.Read(now, &p.read); !p.known {
		p.cells = false
		return nil
	}
	if !plausible(&p.read, now-p.since) {
		return errNonsense
	}
	p.gather()
	p.cells = p.staged
	for i := 0; i < len(p.off) && p.cells; i++ {
		p.cell = probes.StageValues{}
		if p.cells = p.thread.AddStage(uint32(i), &p.cell); !p.cells {
			break
		}
		c := offTime{p.cell.Blocked, p.cell.RunQueue, p.cell.Preempted, p.cell.Voluntary, p.cell.Involuntary}
		if c.blocked < 0 || c.runQueue < 0 || c.preempted < 0 {
			return errNonsense
		}
		p.off[i] = c
	}
	return nil
}

// plausible reports whether the values can be those of a thread that was watched for so long. Clocks differ by less than that between CPUs, and /proc
// counts in ticks.
func plausible(v *probes.Values, ns int64) bool {
	most := ns + int64(100*time.Millisecond)
	for _, x := range [...]int64{v.OnCPU, v.Blocked, v.RunQueue, v.Preempted} {
		if x < 0 || x > most {
			return false
		}
	}
	return true
}

// gather adds what was read to what threads before did. Nothing falls: a part of the source may know nothing this time.
func (p *probed) gather() {
	a, b, r := &p.all, &p.before, &p.read
	for _, t := range [...]struct {
		to          *int64
		base, value int64
	}{
		{&a.OnCPU, b.OnCPU, r.OnCPU}, {&a.Blocked, b.Blocked, r.Blocked}, {&a.RunQueue, b.RunQueue, r.RunQueue}, {&a.Preempted, b.Preempted, r.Preempted},
	} {
		*t.to = max(*t.to, t.base+t.value)
	}
	for _, n := range [...]struct {
		to          *uint64
		base, value uint64
	}{
		{&a.Voluntary, b.Voluntary, r.Voluntary},
		{&a.Involuntary, b.Involuntary, r.Involuntary},
		{&a.Migrations, b.Migrations, r.Migrations},
		{&a.CacheMisses, b.CacheMisses, r.CacheMisses},
	} {
		*n.to = max(*n.to, n.base+n.value)
	}
}

// at returns what happened off the CPU at a stage, -1 for none. The caller holds mu.
func (p *probed) at(stage int) (t offTime) {
	if stage+1 < len(p.off) {
		t = p.was[stage+1].plus(p.off[stage+1])
	}
	return t
}

// preemptors lists who took the thread's CPU.
func (p *probed) preemptors() (list []probes.Preemptor, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.thread == nil || p.failed {
		return nil, nil
	}
	defer caught(&err)
	return p.thread.Preemptors()
}

// watched begins the watch of w's thread, which has just started.
func (w *worker) watched() {
	w.label = nil // the word of this thread says nothing yet
	if err := w.probed.join(); err != nil {
		w.e.unprobed(w, err)
	}
	if word := w.probed.word; word != nil && w.ctx.stage != nil { // in the middle of a batch, whose handler left the thread before
		release.Relaxed32(word, uint32(w.ctx.stage.id+1))
	}
}

// unwatched ends it, when the thread is about to end. The main thread, which w has left at once, was not w's.
func (w *worker) unwatched() {
	if int(w.tid.Load()) != threadID() {
		return
	}
	if err := w.probed.leave(); err != nil {
		w.e.unprobed(w, err)
	}
}

// lostLeast is how long a batch has taken of which w asks how much it was without a CPU: asking takes 20 ns, and being without one far longer.
const lostLeast = 20 * time.Microsecond

// lost returns for how long of a batch that ends, which took so long, w's thread had no CPU.
func (w *worker) lost(stage int, took time.Duration) time.Duration {
	if w.probed.word == nil || took < lostLeast {
		return 0
	}
	lost, err := w.probed.absent(stage)
	if err != nil {
		w.probed.word = nil // ask no more
		w.e.unprobed(w, err)
	}
	return min(max(lost, 0), took)
}

// absent returns how long the thread had no CPU at a stage since it was asked last. The worker asks.
func (p *probed) absent(stage int) (ns time.Duration, err error) {
	defer caught(&err)
	p.mine = probes.StageValues{}
	if !p.thread.AddStage(uint32(stage+1), &p.mine) {
		return 0, nil
	}
	all := p.mine.RunQueue + p.mine.Preempted
	ns, p.gone[stage] = time.Duration(all-p.gone[stage]), all
	return ns, nil
}

// atNothing says that w has no batch. The next one says which it is, though it be of the stage of the last.
func (w *worker) atNothing() {
	release.Relaxed32(w.probed.word, 0)
	w.label = nil
}

// unprobed says once that probes fail; Stats shows for which workers they do.
func (e *Engine) unprobed(w *worker, err error) {
	if e.probesFail.CompareAndSwap(false, true) {
		stage := ""
		if h := inHand(w.inHand.Load()); h != 0 {
			stage = e.stages[h.stage()].name
		}
		e.log.Error("probes fail: the engine runs on without what they say of the worker; if others follow, they are not reported",
			"worker", w.id, "stage", stage, "err", err)
	}
}
