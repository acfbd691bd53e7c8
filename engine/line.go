package engine

import (
	"container/list"
	"sync"
	"sync/atomic"
)

// line is where Submit calls wait for room in some lanes of an inlet.
type line struct {
	total   *atomic.Int32 // calls waiting in all lines of the inlet
	most    int           // how many may
	half    int           // free slots from which calls are told of room
	room    func() int    // free slots
	sealed  func() bool
	waiting atomic.Int32 // length of queue. Changed under mu, read by workers and callers without
	again   atomic.Bool  // a worker found mu taken: whoever holds it relieves in the worker's stead
	mu      sync.Mutex   // guards queue. A worker only ever tries it
	queue   list.List    // of *waiter, first come first
	_       [cacheLine]byte
}

// waiter is one Submit call that waits for room.
type waiter struct {
	place *list.Element // nil: not in line. Guarded by mu
	first bool          // nobody stood before it when it joined. Written under mu, read by the call itself
	room  chan struct{} // told, once per stay in line, that there may be room
}

// join puts w into the line, at its head if it stood there before. It reports false if as many as may are waiting already.
func (l *line) join(w *waiter, again bool) bool {
	l.mu.Lock()
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

// leave takes w out of the line. If w was told of room it may not have used it, and those who joined behind it have not looked for any:
// the next in line is told.
func (l *line) leave(w *waiter) {
	l.mu.Lock()
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
		l.mu.Unlock()
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
		w.place = nil
		w.room <- struct{}{}
	}
	l.waiting.Store(int32(l.queue.Len()))
}
