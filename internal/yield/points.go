//go:build yield

package yield

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// current is the run that all calls are about. Set by Schedule.Run, read by
// the goroutines that take part, one at a time.
var current atomic.Pointer[run]

// Point lets the strategy say who goes on. Outside of a run it is what it is
// in other builds.
func Point() {
	if r := current.Load(); r != nil {
		r.pause(nil, forever)
	} else {
		nudge()
	}
}

// Go starts f in a goroutine of the group, which may be nil.
func Go(group *sync.WaitGroup, f func()) {
	if r := current.Load(); r != nil {
		r.spawn(group, f)
		r.pause(nil, forever)
		return
	}
	go f()
}

// Wait returns when all goroutines that were started in the group have ended.
func Wait(group *sync.WaitGroup) {
	if r := current.Load(); r != nil {
		r.pause(func() bool { return r.groups[group] == 0 }, forever)
	}
	group.Wait()
}

// Lock is mu.Lock.
func Lock(mu *sync.Mutex) {
	if r := current.Load(); r != nil {
		r.pause(func() bool {
			free := mu.TryLock()
			if free {
				mu.Unlock()
			}
			return free
		}, forever)
	}
	mu.Lock()
}

// Until returns when cond holds.
func Until(cond func() bool) {
	if r := current.Load(); r != nil {
		r.pause(cond, forever)
		return
	}
	for !cond() {
		runtime.Gosched()
	}
}

// From returns c when there is something to receive.
func From[T any](c <-chan T) <-chan T {
	if r := current.Load(); r != nil {
		r.pause(func() bool { return ready(c) }, forever)
	}
	return c
}

// To returns c when there is room in it.
func To[T any](c chan<- T) chan<- T {
	if r := current.Load(); r != nil {
		r.pause(func() bool { return len(c) < cap(c) }, forever)
	}
	return c
}

// Unless returns when there is something to receive from c or other: c, or if
// other has something nil, so that the select has no choice. A c of times is a
// timer, which may go off whenever it likes.
func Unless[T, U any](c <-chan T, other <-chan U) <-chan T {
	r := current.Load()
	if r == nil {
		return c
	}
	if _, timer := any(c).(<-chan time.Time); timer {
		if r.pause(func() bool { return ready(other) }, 0) {
			return nil
		}
		gone := make(chan T)
		close(gone)
		return gone
	}
	r.pause(func() bool { return ready(c) || ready(other) }, forever)
	if ready(other) {
		return nil
	}
	return c
}

// Sleep is that sleep, in virtual time. What it returns lets the real one end
// at once.
func Sleep(most time.Duration, told func() bool) time.Duration {
	r := current.Load()
	switch {
	case r == nil:
		return most
	case r.pause(told, most):
		return forever
	default:
		return 0
	}
}

// Lull returns when nobody else can go on, now or later: what comes then stands for what a watch or a caller brings about in the end. It is for
// what takes part in a run only.
func Lull() {
	r := current.Load()
	r.running.lull = true
	r.pause(nil, forever)
}

// ready reports whether a receive would not wait. Nobody else runs, and nobody
// waits in a send: what an empty channel gives is that it is closed.
func ready[T any](c <-chan T) bool {
	if len(c) > 0 {
		return true
	}
	select {
	case <-c:
		return true
	default:
		return false
	}
}
