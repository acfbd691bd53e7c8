package enginetest

import (
	"context"
	"slices"
	"time"

	"github.com/seda-go/seda/engine"
)

// timeout is a context that ends at a time on the engine's clock.
type timeout struct {
	e    *engine.Engine
	at   engine.Time
	done chan struct{}
}

// Timeout returns a context that ends when d has passed on the engine's clock: for Call and Submit.
func (h *Harness) Timeout(d time.Duration) context.Context {
	c := &timeout{e: h.e, at: h.e.Now() + engine.Time(d), done: make(chan struct{})}
	h.timeouts = append(h.timeouts, c)
	h.passTime()
	return c
}

// passTime ends the contexts whose time has come.
func (h *Harness) passTime() {
	h.timeouts = slices.DeleteFunc(h.timeouts, func(c *timeout) bool {
		if c.Err() == nil {
			return false
		}
		close(c.done)
		return true
	})
}

// Deadline implements context.Context.
func (c *timeout) Deadline() (time.Time, bool) { return wall.Add(time.Duration(c.at)), true }

// Done implements context.Context.
func (c *timeout) Done() <-chan struct{} { return c.done }

// Err implements context.Context.
func (c *timeout) Err() error {
	if c.e.Now() < c.at {
		return nil
	}
	return context.DeadlineExceeded
}

// Value implements context.Context.
func (c *timeout) Value(any) any { return nil }
