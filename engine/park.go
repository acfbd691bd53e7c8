package engine

import (
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/yield"
)

// parker puts one worker to sleep until somebody calls unpark. It is a binary semaphore: an unpark that comes first makes the next
// park return at once, further ones are absorbed.
type parker struct {
	permit atomic.Uint32 // 1: park returns at once. Written by wakers, taken by the worker
	woken  chan struct{} // nil for a pinned worker, which sleeps in the kernel
	timer  *time.Timer   // ends the sleep of a shared worker; nil until needed
}

// park sleeps until there is a permit, and takes it, or until most has passed; noLimit is for ever. With a limit it may return for no reason
// before. Only the worker itself calls it.
func (p *parker) park(most time.Duration) {
	switch most = yield.Sleep(most, p.permitted); {
	case most == 0:
	case p.woken != nil && most == noLimit:
		<-p.woken
	case p.woken != nil:
		p.parkShared(most)
	case most == noLimit:
		for !p.permit.CompareAndSwap(1, 0) {
			futexWait(&p.permit, 0, noLimit)
		}
	case !p.permit.CompareAndSwap(1, 0):
		futexWait(&p.permit, 0, most)
		p.permit.CompareAndSwap(1, 0)
	}
}

// permitted reports whether there is a permit.
func (p *parker) permitted() bool { return len(p.woken) > 0 || p.permit.Load() == 1 }

func (p *parker) parkShared(most time.Duration) {
	if p.timer == nil {
		p.timer = time.NewTimer(most)
	} else {
		p.timer.Reset(most)
	}
	select {
	case <-p.woken:
		p.timer.Stop()
	case <-p.timer.C:
	}
}

// unpark gives the permit. Any goroutine.
func (p *parker) unpark() {
	if p.woken != nil {
		select {
		case p.woken <- struct{}{}:
		default:
		}
		return
	}
	if p.permit.Swap(1) == 0 {
		futexWake(&p.permit)
	}
}
