package engine

import (
	"errors"
	"time"
)

// panicLogEvery bounds how often panics are logged; all of them are counted.
const panicLogEvery = time.Second

// logPanic reports a handler that panicked or left its goroutine, with the stack, at most once a second per engine.
func (e *Engine) logPanic(s *stageCore, err error) {
	now, last := int64(e.now()), e.lastPanic.Load()
	if last != 0 && now-last < int64(panicLogEvery) || !e.lastPanic.CompareAndSwap(last, max(now, 1)) {
		return
	}
	var p *PanicError
	if errors.As(err, &p) {
		e.log.Error("handler panicked; further panics within a second are only counted", "stage", s.name, "panic", p.Value, "stack", string(p.Stack))
		return
	}
	e.log.Error("handler called runtime.Goexit; its worker goes on in a new goroutine", "stage", s.name, "err", err)
}

// adviseShared says once that pinned workers suit Call badly, if calls are most of what is accepted: a caller that is woken by a pinned
// worker waits for a P, which a shared worker would simply hand over.
func (e *Engine) adviseShared(calls uint64) {
	var accepted uint64
	for _, s := range e.Stats().Stages {
		for _, in := range s.Inlets {
			accepted += in.Accepted
		}
	}
	if 2*calls > accepted && e.advised.CompareAndSwap(false, true) {
		e.log.Info("most events arrive by Call: shared workers (Config.Kind) answer short calls sooner than pinned ones", "calls", calls, "accepted", accepted)
	}
}
