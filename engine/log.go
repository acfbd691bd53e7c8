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
