package engine

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/internal/yield"
	"github.com/seda-go/seda/sched"
)

// quantum is the time a stage may use in one round of the picker.
const quantum = 100_000 // ns

// debt is what a worker has to push out of a hand, its own or that of a blocking stage's slot.
type debt struct {
	ed   outEdge
	hand int
}

// worker runs batches of the stages that the plan gives it: one goroutine, for a pinned worker locked to one OS thread on one CPU
// for its whole life. What moves between workers is the assignment, never the thread.
type worker struct {
	e      *Engine
	id     int
	cpu    int          // where it is to be pinned; -1: anywhere
	named  bool         // the user asked for that CPU
	locked bool         // has an OS thread of its own
	tid    atomic.Int32 // that thread's id, 0 while it has none. Written under process; who acts on the thread holds it too
	lastID atomic.Int32 // the same, and it stays when the thread has ended. Written by the worker, read by Stats
	at     atomic.Int32 // the CPU it is pinned to, -1 for none. Written under process by the worker and the watch, read by Stats

	restarted bool // a handler ended an earlier goroutine of the worker

	plan    *plan
	mask    sched.Set // the stages it serves
	whole   bool      // and those are all
	picker  sched.Picker
	ctx     Context
	now     Time          // end of the last batch
	fresh   bool          // now is recent: no idling since
	inHand  atomic.Uint64 // an inHand: what it runs. Written by the worker with each batch, read by the watch and by Stats
	debts   []debt        // edges whose last flush did not fit
	touched []*stageCore  // stages pushed into since the last fence
	replies []*call       // answered in this batch, callers not woken yet
	replied int           // so many callers have been woken since w last had nothing in hand
	turnOf  *stageCore    // the stage whose rings this turn's first batch came out of
	shard   int           // and the shard
	turnEnd Time          // until when batches may be handed over directly
	brisk   bool          // turns are short beside a wake-up: patience is set
	idler   idler
	timers  timers
	label   *stageCore // stage in the goroutine's profile label
	labels  []labels   // by stage
	probed  probed
	foreign foreign

	_        [cacheLine]byte
	state    atomic.Uint64 // searching, running, asleep: written by the worker, read by wakers
	epoch    atomic.Uint64 // of the plan it acts on: written by the worker, read by the control side
	wakeCost atomic.Uint64 // ns that waking it takes, on average. Written by the worker, read by whoever weighs looking against sleeping
	patience atomic.Uint64 // ns for which a batch in hand is left events, rather than wake another worker. Written by the worker, read by wakers
	parks    atomic.Uint64 // times it slept
	slept    atomic.Uint64 // ns
	waking   atomic.Uint64 // ns from a waker's claim to running, all together
	searched atomic.Uint64 // ns without a batch that did not end in sleep
	dry      atomic.Int64  // since when it has had nothing to do, if it sleeps. Written by the worker
	_        [cacheLine]byte
	wokenAt  atomic.Int64 // when the last waker claimed it
	parker   parker
	_        [cacheLine]byte
}

// main is the worker's goroutine. ready, if not nil, is told once how pinning went.
func (w *worker) main(ready chan<- error) {
	ended := false
	defer func() {
		if w.locked {
			w.unwatched()
			w.delist()
		}
		if ended {
			w.e.running.Done()
			return
		}
		w.restarted = true
		go w.main(nil) // a handler called runtime.Goexit
	}()
	if w.locked {
		runtime.LockOSThread() // before pinning: the runtime then starts new threads from another one, which is not pinned
		if onMainThread() {
			w.leaveMainThread(ready)
			ended = true
			return
		}
		err := w.enlist()
		w.watched()
		if ready != nil {
			ready <- err
		}
		if err != nil && !w.restarted {
			ended = true
			return
		}
		if err != nil { // long after Start: better anywhere than not at all
			w.e.log.Error("worker goes on unpinned", "worker", w.id, "err", err)
		}
	} else if ready != nil {
		ready <- nil
	}
	if s := w.ctx.stage; s != nil {
		s.run.resume(w)
	}
	w.loop()
	ended = true // a locked thread ends with its goroutine
}

// leaveMainThread starts the worker again on another thread, which the process can do without when the worker ends.
func (w *worker) leaveMainThread(ready chan<- error) {
	defer runtime.UnlockOSThread()
	away := make(chan error)
	w.e.running.Add(1) // for that goroutine; this one ends as if it had been the worker
	go w.main(away)
	err := <-away
	if ready != nil {
		ready <- err
	}
}

// pin binds the thread to the worker's CPU, or to that which the watch has found instead. A CPU that the engine chose and cannot have is not
// an error: the worker then runs unpinned.
func (w *worker) pin() error {
	cpu := w.place()
	if cpu < 0 {
		cpu = w.cpu
	}
	if cpu < 0 {
		return nil
	}
	err := affinity.Pin(cpu)
	if err == nil {
		w.at.Store(int32(cpu))
		return nil
	}
	w.at.Store(-1)
	if !w.named {
		w.e.log.Warn("worker runs unpinned", "worker", w.id, "cpu", cpu, "err", err)
		return nil
	}
	return err
}

// place returns the CPU the worker is pinned to, or -1.
func (w *worker) place() int { return int(w.at.Load()) }

// loop is the life of a worker: see what the plan says, push what is owed, fire timers, run a batch; without any of these, idle.
func (w *worker) loop() {
	for w.attend() {
		if !w.turn() || w.replied == 1 && w.idler.mode == Park { // that caller wants the P; and idle looks at everything
			w.idle()
		}
	}
}

// attend sees to what comes before a batch. It reports false if w is to leave.
func (w *worker) attend() bool {
	yield.Point()
	if p := w.e.plan.Load(); p != w.plan {
		w.adopt(p)
		if p.stop {
			return false
		}
	}
	if w.owing() {
		w.payDebts()
	}
	if w.timers.alarm <= w.now {
		w.fire()
	}
	return true
}

// adopt makes w act on p. Events of a stage that w serves no more may have been left to it by a publisher that saw it searching or by
// its owning the stage: it looks once more and wakes somebody else for them.
func (w *worker) adopt(p *plan) {
	var before sched.Set
	if w.plan != nil {
		before = w.mask
	}
	w.plan, w.mask = p, p.serve[w.id]
	w.whole = w.mask.Len() == len(w.e.stages)
	w.epoch.Store(p.Epoch)
	given := before.AndNot(&w.mask)
	for i := given.Next(0); i >= 0; i = given.Next(i + 1) {
		if s := w.e.stages[i]; s.run.pending() {
			w.e.wakeFor(s, w.now)
		}
	}
}

// turn runs one batch of the ready stage whose turn it is. It reports whether there was one that could run.
func (w *worker) turn() bool {
	candidates := w.e.ready.within(&w.mask)
	for {
		i := w.picker.Pick(&candidates)
		if i < 0 {
			return false
		}
		if w.e.stages[i].run.serve(w) {
			return true
		}
		candidates.Remove(i)
	}
}

// begin starts a turn, whose first batch is n events out of a shard of s, the oldest of which came at the time head.
func (w *worker) begin(s *stageCore, shard, n int, head Time) {
	if !w.fresh {
		w.now, w.fresh = w.e.now(), true
	}
	w.turnOf, w.shard, w.turnEnd = s, shard, w.now+quantum
	yield.Point()
	if w.state.Load() != running {
		w.state.Store(running) // with its fence the first half of pair (3); spread in enter is the second
	}
	if w.brisk && w.now.Sub(head) > standing*w.idler.patience() {
		w.beBrisk(false) // events wait for far longer than it takes to wake somebody for them
	}
	w.enter(s, shard, n)
	s.relieve(shard, w.now) // early, while the handler runs; end looks again behind a fence
}

// enter prepares for a batch of n events out of a shard of s. A brisk worker looks at what it serves before a sleeper could, as wakeFor finds; it
// spreads for the stages that it does not serve and has made room for.
func (w *worker) enter(s *stageCore, shard, n int) {
	w.ctx.stage, w.ctx.now, w.ctx.cell = s, w.now, w.id
	if s.guarded {
		w.ctx.cell = shard
	}
	release.Relaxed(&w.inHand, uint64(makeInHand(s.id, n, w.now))) // the word stands for itself: it publishes nothing else
	if (!w.brisk || !w.whole) && w.e.parked.any() {
		w.e.spread(w.now)
	}
	if w.label != s {
		w.label = s
		w.labels[s.id].set()
		if w.probed.word != nil {
			release.Relaxed32(w.probed.word, uint32(s.id+1))
		}
	}
}

// follow runs the batches that are handed over directly, one after the other, and ends the turn.
func (w *worker) follow(next outEdge) {
	for next != nil {
		if len(w.touched) > 0 { // other stages got something, too: their workers shall not wait for this batch
			release.Fence()
			w.signalTouched()
		}
		next = next.handOver(w)
	}
	w.end()
}

// end tells whoever waits for the events that this turn pushed, and for the room it made. One fence stands between all of that and the
// looks at who sleeps.
func (w *worker) end() {
	release.Fence()
	w.signalTouched()
	w.turnOf.relieve(w.shard, w.now)
	brisk := w.idler.turned(w.now.Sub(w.turnEnd-quantum)) && len(w.debts) == 0
	if brisk == w.brisk {
		return
	}
	w.beBrisk(brisk)
	if len(w.debts) > 0 {
		w.e.spread(w.now) // it may have been left events of the very stage that it owes for, and cannot run
	}
}

// beBrisk says whether wakers may leave to w what it could run, although it has a batch in hand: see willLook.
func (w *worker) beBrisk(brisk bool) {
	w.brisk = brisk
	if brisk {
		release.Store(&w.patience, uint64(w.idler.patience()))
	} else {
		w.patience.Store(0) // with its fence, as state in begin: who reads an older value has published before w looks who sleeps, and spreads
	}
}

// willLook reports whether w will look at all it serves without being told, and sooner than somebody who sleeps could: it is searching, or
// runs a batch that is likely to be over before a sleeper has woken up.
func (w *worker) willLook(now Time) bool {
	if w.state.Load() != running {
		return true // asleep, where it is not parked, is claimed, and as good as searching
	}
	patience, h := w.patience.Load(), inHand(w.inHand.Load())
	return patience > 0 && h != 0 && h.since(now) <= time.Duration(patience) // 0: no batch but a periodic event
}

// owing reports whether there is something to push that did not fit before.
func (w *worker) owing() bool { return len(w.debts)+len(w.timers.late) > 0 }

// payDebts pushes what earlier flushes, and timers, could not, and reports whether anything moved.
func (w *worker) payDebts() (moved bool) {
	kept := w.debts[:0]
	for _, d := range w.debts {
		if d.ed.settle(w, d.hand) {
			moved = true
		}
		if d.ed.owed(d.hand) > 0 {
			kept = append(kept, d)
			continue
		}
		if s := d.ed.core().from; (s.guarded || s.blocking) && !s.owes(d.hand) {
			w.giveUp(s, d.hand)
		}
	}
	clear(w.debts[len(kept):])
	w.debts = kept
	if len(w.timers.late) > 0 && w.deliver() {
		moved = true
	}
	if moved {
		release.Fence()
		w.signalTouched()
	}
	return moved
}

// giveUp ends the hold on a shard, and the use of a blocking stage's slot, when all outputs are pushed: pair (6).
func (w *worker) giveUp(s *stageCore, hand int) {
	s.run.release(hand)
	if !w.mask.Has(s.id) && s.run.pending() {
		w.e.wakeFor(s, w.now)
	}
}

// touch notes that events were pushed into a shard of s; signalTouched, after a fence, tells who waits for them.
func (w *worker) touch(s *stageCore, shard int) {
	if len(s.fed) > 0 {
		s.fed[w.id].shards.Add(shard)
	}
	if n := len(w.touched); n == 0 || w.touched[n-1] != s {
		w.touched = append(w.touched, s)
	}
}

func (w *worker) signalTouched() {
	for _, s := range w.touched {
		if len(s.fed) > 0 {
			s.activate(&s.fed[w.id].shards)
		}
		w.e.signal(s, w, w.now)
	}
	w.touched = w.touched[:0]
}

// makeLabels prepares the profile labels of this worker, one set per stage.
func (w *worker) makeLabels() {
	for _, s := range w.e.stages {
		w.labels = append(w.labels, makeLabels(w.e.cfg.Name, s.name, fmt.Sprint(w.id)))
	}
}
