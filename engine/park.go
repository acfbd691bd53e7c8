package engine

import "sync/atomic"

// parker puts one worker to sleep until somebody calls unpark. It is a binary semaphore: an unpark that comes first makes the next
// park return at once, further ones are absorbed.
type parker struct {
	permit atomic.Uint32 // 1: park returns at once. Written by wakers, taken by the worker
	woken  chan struct{} // nil for a pinned worker, which sleeps in the kernel
}

// park sleeps until there is a permit, and takes it. Only the worker itself calls it.
func (p *parker) park() {
	if p.woken != nil {
		<-p.woken
		return
	}
	for !p.permit.CompareAndSwap(1, 0) {
		futexWait(&p.permit, 0)
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
