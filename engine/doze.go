package engine

import "sync/atomic"

// doze is what a goroutine needs that looks at the workers now and then, and sleeps without a timer while all of them do: the first worker that
// leaves its sleep restarts it. Why no worker runs unseen:
//
//	goroutine:  set asleep; read parked of every worker; sleep          worker: parked cleared, by it or by its waker; read asleep
//
// All of these are sequentially consistent, so either the goroutine sees a worker that is not parked, or that worker, which looks on every way
// out of its sleep, sees the goroutine asleep. A worker that does not sleep looks at nothing, and an event costs nothing.
type doze struct {
	_      [cacheLine]byte
	asleep atomic.Bool // set by the goroutine, cleared by whoever restarts it
	_      [cacheLine]byte

	restarted chan struct{} // somebody cleared asleep
	stop      chan struct{}
	gone      chan struct{} // closed when the goroutine has ended; nil: it was never started
}

func newDoze() doze { return doze{restarted: make(chan struct{}, 1), stop: make(chan struct{})} }

// sleep returns when a worker runs, somebody stirs, or the engine ends; at once if it is not quiet, which needs all workers asleep at least.
func (d *doze) sleep(quiet func() bool) {
	d.asleep.Store(true)
	if quiet() {
		select {
		case <-d.restarted:
		case <-d.stop:
		}
	}
	d.asleep.Store(false) // somebody may have cleared it just now: what was sent makes the next sleep short
}

// stir restarts the goroutine if it sleeps. A worker calls it when it has left its sleep.
func (d *doze) stir() {
	if d.asleep.Load() && d.asleep.CompareAndSwap(true, false) {
		select {
		case d.restarted <- struct{}{}:
		default:
		}
	}
}
