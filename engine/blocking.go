package engine

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/yield"
)

// A blocking stage's handlers may wait: for a disk, a lock, another service. They run outside of the workers, on goroutines that are
// bound to no CPU, the carriers. A worker that serves the stage takes a free slot - the credit for bringing a batch to its end -
// pops a batch into the slot's hand, and dispatches it. A carrier runs the handler and hands the slot in; then some worker that serves
// the stage flushes what was emitted and frees the slot, once all of that is pushed. So a slot is a hand beside those of the workers,
// everything about it happens on workers but for the handler itself, and there are never more batches in flight than slots. Events that
// find no free slot wait in the ring, which pushes back. A plan may leave some of the slots unused: those with the largest numbers, which then
// end the batch they have and take no further one.
//
// A publisher that finds no free slot wakes nobody: the worker that frees one looks at the rings after that (pair (6) in wake.go, with a
// slot in place of a token).

// outside is the part of a blocking stage that is outside of the workers.
type outside struct {
	first    int // hand of slot 0
	slots    []slot
	most     atomic.Int32 // slots from this one on take no batch. Written by the control loop, read by workers and publishers
	free     bag          // slots without a batch
	done     bag          // slots with batches that the handler is through with
	work     chan int     // slots with batches for carriers. Room for all of them: sending never waits
	carriers atomic.Int32
	running  sync.WaitGroup // the carriers
	labels   labels         // for profiles
}

type slot struct {
	ctx  Context
	busy time.Duration // the handler's, set by the carrier
	_    [cacheLine]byte
}

// idleCarrier is how long a carrier waits for the next batch before it ends.
var idleCarrier = 5 * time.Second // a variable for tests

func (s *Stage[T]) openOutside(workers int) {
	o := &s.outside
	o.first, o.slots = workers, make([]slot, s.threads)
	o.most.Store(int32(s.threads))
	o.free.size(s.threads)
	o.done.size(s.threads)
	o.work = make(chan int, s.threads)
	for i := range o.slots {
		o.slots[i].ctx = Context{worker: workers + i, note: noNote}
		o.free.put(i)
	}
	o.labels = makeLabels(s.e.cfg.Name, s.name, "none")
}

// serveOutside brings to an end what handlers are through with, and dispatches one batch. It reports whether there was anything.
func (s *Stage[T]) serveOutside(w *worker) bool {
	o := &s.outside
	began := false
	for range s.threads {
		i := o.done.take()
		if i < 0 {
			break
		}
		if !began {
			began = true
			w.begin(&s.stageCore, 0, 0, never)
		}
		s.reap(w, i)
	}
	if i := o.free.takeBelow(o.usable()); i >= 0 {
		if s.take(o.first + i) {
			s.dispatch(w, i, began)
			began = true
		} else {
			o.free.put(i)
		}
	}
	if began {
		w.ctx.stage = nil
		start := w.now
		w.now = w.e.now()
		w.picker.Charge(s.id, int64(w.now.Sub(start)))
		w.end()
	}
	return began
}

// dispatch gives the batch in the slot's hand to a carrier.
func (s *Stage[T]) dispatch(w *worker, i int, began bool) {
	h := &s.hands[s.outside.first+i]
	if began {
		w.shard = h.shard // where end has to relieve
		if w.e.parked.any() {
			w.e.spread(w.now) // the batch has made room after enter looked
		}
	} else {
		w.begin(&s.stageCore, h.shard, h.n, Time(h.head))
	}
	s.took(w, h)
	switch {
	case h.n == 0: // all expired
		s.outside.slots[i].busy = 0
		s.reap(w, i)
	case s.e.inline:
		s.carryOut(i)
	default:
		s.outside.work <- i
		yield.Point()
		s.hire()
	}
}

// reap ends a batch whose handler has returned.
func (s *Stage[T]) reap(w *worker, i int) {
	hand := s.outside.first + i
	h, sl := &s.hands[hand], &s.outside.slots[i]
	failed := s.conclude(&sl.ctx, h)
	if len(sl.ctx.asked) > 0 {
		w.arm(&sl.ctx)
	}
	for _, ed := range s.outs {
		ed.flush(w, hand)
	}
	s.account(w, h, failed, sl.busy, 0)
	if !s.owes(hand) {
		s.release(hand)
	}
}

// hire starts a carrier unless there are as many as batches in flight.
func (s *Stage[T]) hire() {
	o := &s.outside
	for n := o.carriers.Load(); int(n) < s.awaited(); n = o.carriers.Load() {
		if o.carriers.CompareAndSwap(n, n+1) {
			o.running.Add(1)
			yield.Go(&o.running, s.carry)
			return
		}
	}
}

// carry is the life of a carrier: run the handler on one batch after the other. A carrier that has had nothing to do for a while ends: it
// first counts itself out, then looks once more, so that whoever dispatches sees it gone, or it sees the batch.
func (s *Stage[T]) carry() {
	o := &s.outside
	ended := false
	defer func() {
		if !ended {
			yield.Go(&o.running, s.carry) // a handler called runtime.Goexit; the batch is handed in
			return
		}
		o.running.Done()
	}()
	o.labels.set()
	idle := time.NewTimer(idleCarrier)
	defer idle.Stop()
	for {
		select {
		case i, ok := <-o.work:
			if !ok {
				o.carriers.Add(-1)
				ended = true
				return
			}
			s.carryOut(i)
			idle.Reset(idleCarrier)
			continue
		case <-yield.Unless(idle.C, o.work):
		}
		yield.Point()
		o.carriers.Add(-1)
		yield.Point()
		select {
		case i, ok := <-o.work:
			if ok {
				o.carriers.Add(1)
				s.carryOut(i)
				idle.Reset(idleCarrier)
				continue
			}
		default:
		}
		ended = true
		return
	}
}

// carryOut runs the handler on the batch in the slot's hand.
func (s *Stage[T]) carryOut(i int) {
	c := &s.outside.slots[i].ctx
	c.stage, c.now, c.cell = &s.stageCore, s.e.now(), c.worker
	if s.guarded {
		c.cell = s.hands[c.worker].shard
	}
	s.handIn(i)
}

// handIn runs the handler on what is left of the batch, which after a panic, or when the handler leaves its goroutine, is less than all of
// it, and tells the workers.
func (s *Stage[T]) handIn(i int) {
	sl := &s.outside.slots[i]
	if h := &s.hands[sl.ctx.worker]; h.i < h.n {
		defer s.handIn(i) // deferred: also runs on the way out of a goroutine
		s.call(&sl.ctx, h)
		return
	}
	now := s.e.now()
	sl.busy = now.Sub(sl.ctx.now)
	s.outside.done.put(i)
	s.e.signal(&s.stageCore, nil, now)
}

// usable returns the number of slots that may take batches: those with a smaller number.
func (o *outside) usable() int {
	yield.Point()
	return int(o.most.Load())
}

// useSlots says how many slots may take batches. For events that had to wait for one more somebody is woken: pair (7) in wake.go.
func (s *stageCore) useSlots(o *outside, n int, now Time) {
	yield.Point()
	o.most.Store(int32(n))
	if s.run.runnable() {
		s.e.wakeFor(s, now)
	}
}

// awaited returns how many batches have been taken out of the rings and are not at their end.
func (s *Stage[T]) awaited() int {
	if !s.blocking {
		return 0
	}
	return s.threads - s.outside.free.len()
}

// ended reports whether a handler is through with a batch.
func (s *Stage[T]) ended() bool { return !s.outside.done.empty() }

// dismiss waits for the handlers that run, once the workers are gone, and ends their batches in the place of worker w.
func (s *Stage[T]) dismiss(w *worker) {
	if !s.blocking {
		return
	}
	close(s.outside.work)
	yield.Wait(&s.outside.running)
	w.now = s.e.now()
	for i := s.outside.done.take(); i >= 0; i = s.outside.done.take() {
		s.reap(w, i)
	}
}

// maxThreads bounds StageConfig.Blocking.
const maxThreads = 4096
