package engine

import (
	"errors"
	"sync/atomic"
	"time"
)

// logEvery bounds how often panics of a stage, and its failures that nobody takes, are logged; all of them are counted.
const logEvery = time.Second

// due reports whether it is time for the next line of a kind, and notes that it is written.
func (e *Engine) due(last *atomic.Int64) bool {
	now, before := int64(e.now()), last.Load()
	return (before == 0 || now-before >= int64(logEvery)) && last.CompareAndSwap(before, max(now, 1))
}

// logFailure reports an event that failed in a stage without a failure edge while nobody waited for its reply, so that its error would be
// seen by nobody.
func (e *Engine) logFailure(s *stageCore, err error) {
	if e.due(&s.lastFailure) {
		e.log.Error("event failed, and its stage has no failure edge; further ones of the stage within a second are only counted", "stage", s.name, "err", err)
	}
}

// logKeyless reports a failed event that is dropped, since the Key of the failure stage panicked.
func (e *Engine) logKeyless(ed *edgeCore, err error) {
	if e.due(&ed.target.lastFailure) {
		e.log.Error("Key panicked on an event that failed, which is dropped; further ones within a second are only counted",
			"stage", ed.target.name, "from", ed.from.name, "err", err)
	}
}

// logPanic reports a handler that panicked or left its goroutine, with the stack.
func (e *Engine) logPanic(s *stageCore, err error) {
	if !e.due(&s.lastPanic) {
		return
	}
	var p *PanicError
	if errors.As(err, &p) {
		e.log.Error("handler panicked; further ones of the stage within a second are only counted", "stage", s.name, "panic", p.Value, "stack", string(p.Stack))
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
