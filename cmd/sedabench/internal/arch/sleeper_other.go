//go:build !linux

package arch

import (
	"sync/atomic"
	"time"
)

// sleeper lets one goroutine sleep until another wakes it.
type sleeper struct {
	// asleep is the announcement: the sleeper sets it before its last look, whoever clears it must wake it.
	asleep atomic.Bool
	woken  chan struct{}
}

func newSleeper() (*sleeper, error) { return &sleeper{woken: make(chan struct{}, 1)}, nil }

// park sleeps, for so many nanoseconds at most, unless ready reports that there is something to do.
func (s *sleeper) park(ready func() bool, most int64) {
	s.asleep.Store(true)
	if ready() && s.asleep.CompareAndSwap(true, false) {
		return
	}
	limit := time.NewTimer(time.Duration(most))
	defer limit.Stop()
	select {
	case <-s.woken:
		return
	case <-limit.C:
	}
	if !s.asleep.CompareAndSwap(true, false) {
		<-s.woken // somebody wakes it just now
	}
}

// wake ends the sleep, if there is one.
func (s *sleeper) wake() {
	if s.asleep.Load() && s.asleep.CompareAndSwap(true, false) {
		s.woken <- struct{}{}
	}
}

func (s *sleeper) close() error { return nil }
