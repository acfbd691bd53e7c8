package engine

import (
	"container/list"
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/yield"
)

// lingerWakes is for how long the first in line looks before it sleeps, in times of a wake-up: one for a worker that was asleep when the ring
// was full, and some for what it has to do.
const lingerWakes = 4

// line is where Submit calls wait for room in some lanes of an inlet.
type line struct {
	total   *atomic.Int32 // calls waiting in all lines of the inlet
	most    int           // how many may
	half    int           // free slots from which calls are told of room
	room    func() int    // free slots
	sealed  func() bool
	now     func() Time
	waiting atomic.Int32 // length of queue. Changed under mu, read by workers and callers without
	again   atomic.Bool  // a worker found mu taken: whoever holds it relieves in the worker's stead
	lasted  atomic.Int64 // ns that the last wait of a first in line took
	mu      sync.Mutex   // guards queue. A worker only ever tries it
	queue   list.List    // of *waiter, first come first
	_       [cacheLine]byte
}

// waiter is one Submit call that waits for room.
type waiter struct {
	place *list.Element // nil: not in line. Guarded by mu
	first bool          // nobody stood before it when it joined. Written under mu, read by the call itself
	room  chan struct{} // told, once per stay in line, that there may be room
	told  Time          // when. Written before room is told, read after
}

// join puts w into the line, at its head if it stood there before. It reports false if as many as may are waiting already.
func (l *line) join(w *waiter, again bool) bool {
	yield.Lock(&l.mu)
	defer l.unlock()
	if waiting := l.total.Add(1); !again && int(waiting) > l.most {
		l.total.Add(-1)
		return false
	}
	if again {
		w.place = l.queue.PushFront(w)
	} else {
		w.place = l.queue.PushBack(w)
	}
	w.first = l.queue.Front() == w.place
	l.waiting.Store(int32(l.queue.Len()))
	return true
}

// stand returns when w is told of room, or ctx ends.
func (e *Engine) stand(ctx context.Context, l *line, w *waiter) error {
	began := e.now()
	if w.first && e.virtual == nil { // a clock that stands still would have it look for ever
		e.linger(ctx, l, w, began)
	}
	select {
	case <-w.room:
	case <-yield.Unless(ctx.Done(), w.room):
		return ctx.Err()
	}
	if w.first {
		l.lasted.Store(int64(w.told.Sub(began))) // without what w took to wake up, or sleeping once would be sleeping for ever
	}
	return nil
}

// linger looks whether w has been told, for a while and if the last wait was so short that sleeping does not pay: workers empty a ring of
// short events in less time than it takes to wake a goroutine, and waking it would cost them as much again. It gives way to other
// goroutines all the while.
func (e *Engine) linger(ctx context.Context, l *line, w *waiter, began Time) {
	limit := min(lingerWakes*time.Duration(e.workers[0].wakeCost.Load()), rescueEvery) // where wake-ups take that long, CPUs are short
	if time.Duration(l.lasted.Load()) > limit {
		return
	}
	for until := began.add(limit); len(w.room) == 0 && e.now() < until && ctx.Err() == nil; {
		runtime.Gosched()
	}
}

// leave takes w out of the line. If w was told of room it may not have used it, and those who joined behind it have not looked for any:
// the next in line is told.
func (l *line) leave(w *waiter) {
	yield.Lock(&l.mu)
	defer l.unlock()
	told := w.place == nil
	if !told {
		l.queue.Remove(w.place)
		l.total.Add(-1)
		l.waiting.Store(int32(l.queue.Len()))
	}
	if told || l.roomy() {
		l.tell(l.room())
	}
}

// roomy reports whether the rings are so empty, or closed, that calls in line are to be told.
func (l *line) roomy() bool { return l.room() >= l.half || l.sealed() }

// relieve tells waiting Submit calls of room once the rings are half empty. Workers call it after every batch; with nobody waiting it is
// one load.
func (l *line) relieve() {
	if l.waiting.Load() == 0 || !l.roomy() {
		return
	}
	l.again.Store(true)
	yield.Point()
	if l.mu.TryLock() {
		l.unlock()
	}
}

// unlock gives mu back, after doing what a worker wanted to do and could not.
func (l *line) unlock() {
	for {
		if l.again.Swap(false) {
			l.tell(l.room())
		}
		yield.Point()
		l.mu.Unlock()
		yield.Point()
		if !l.again.Load() || !l.mu.TryLock() {
			return
		}
	}
}

// tell takes the first n out of the line, or all of a closed inlet, and lets them try again. The caller holds mu.
func (l *line) tell(n int) {
	if l.sealed() {
		n = l.queue.Len()
	}
	for ; n > 0 && l.queue.Len() > 0; n-- {
		w := l.queue.Remove(l.queue.Front()).(*waiter)
		l.total.Add(-1)
		w.place, w.told = nil, l.now()
		w.room <- struct{}{}
	}
	l.waiting.Store(int32(l.queue.Len()))
}
