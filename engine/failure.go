package engine

import (
	"cmp"
	"fmt"
	"runtime/debug"
	"slices"
)

// Failed is an event that a handler failed to handle, as it arrives at a failure stage. Whoever takes it takes over the duty to answer
// the reply it may carry.
type Failed[T any] struct {
	Event T
	Err   error
}

// Lost answers the reply that the event carries, if it carries one, with the error of the failure and err.
func (f Failed[T]) Lost(err error) { lose(&f.Event, fmt.Errorf("%w; then %w", f.Err, err)) }

func (f Failed[T]) hears() bool { return hears(&f.Event) }

// OnFailure sends events that fail in from to the stage to. The edge never holds from back: what does not fit is dropped and counted,
// and its reply answered with the error of the failure. A stage has at most one failure edge. Call it before Start.
func OnFailure[T any](from *Stage[T], to *Stage[Failed[T]]) {
	ed := Connect(from, to)
	if from == nil || to == nil || from.e.frozen() {
		return
	}
	ed.Full = Drop
	ed.failure = true
	from.onFailure = append(from.onFailure, func(worker int, v T, err error) {
		ed.put(worker, Failed[T]{v, err})
	})
}

// lost is implemented by events that carry a reply. A Lost of the user's own may do what it likes but leave its goroutine.
type lost interface{ Lost(error) }

// lose answers the reply in v, if there is one, with err. An event that cannot be told, such as a nil pointer, does the worker no harm.
func lose[T any](v *T, err error) {
	if l, ok := any(*v).(lost); ok {
		defer func() { _ = recover() }()
		l.Lost(err)
	}
}

// hears reports whether there may be somebody to whom the event's Lost tells something. Who has no Reply but a Lost is taken to be; but nobody
// waits for a zero Reply, or for one that has been answered or whose caller has left.
func hears[T any](v *T) bool {
	defer func() { _ = recover() }() // a nil pointer with a Reply in it
	switch l := any(*v).(type) {
	case interface{ hears() bool }:
		return l.hears()
	case lost:
		return true
	}
	return false
}

// fail marks the current event as failed and withdraws what it emitted.
func (s *Stage[T]) fail(c *Context, i int, err error) {
	s.withdraw(c)
	c.failed = append(c.failed, failure{i, err})
}

// failAll marks the whole batch as failed, over what single events failed with, and withdraws what it emitted.
func (s *Stage[T]) failAll(c *Context, n int, err error) {
	s.withdraw(c)
	c.failed = c.failed[:0]
	for i := range n {
		c.failed = append(c.failed, failure{i, err})
	}
}

func (s *Stage[T]) withdraw(c *Context) {
	for _, ed := range s.outs {
		ed.withdraw(c.worker, c.seq)
	}
}

// dispose hands the failed events of a batch to the failure edge, or answers their replies, and returns how many there were.
func (s *Stage[T]) dispose(c *Context, h *hand[T]) int {
	if !s.each() { // Fail may have named an event twice, in any order
		byIndex := func(a, b failure) int { return cmp.Compare(a.i, b.i) }
		slices.SortStableFunc(c.failed, byIndex)
		c.failed = slices.CompactFunc(c.failed, func(a, b failure) bool { return a.i == b.i })
	}
	n := len(c.failed)
	for _, f := range c.failed {
		if len(s.onFailure) > 0 {
			s.onFailure[0](c.worker, h.batch[f.i], f.err)
		} else {
			if !hears(&h.batch[f.i]) {
				s.e.logFailure(&s.stageCore, f.err)
			}
			lose(&h.batch[f.i], f.err)
		}
	}
	clear(c.failed)
	c.failed = c.failed[:0]
	return n
}

// caught turns a panic, or a Goexit when cause is nil, into failed events. It runs deferred, on the stack of the handler. After a Goexit,
// also one that a deferred function of the handler follows up with a panic, the goroutine ends and no line after the handler runs: the
// worker goes on in a new goroutine and finishes the batch there (worker.main).
func (s *Stage[T]) caught(c *Context, h *hand[T], cause any) {
	err := fmt.Errorf("stage %s: %w", s.name, ErrExited)
	if cause != nil {
		err = &PanicError{Value: cause, Stack: debug.Stack()}
	}
	c.err = nil
	h.count.panics.Store(h.count.panics.Load() + 1)
	s.e.logPanic(&s.stageCore, err)
	if s.each() {
		s.fail(c, h.i, err)
		h.i++
	} else {
		s.failAll(c, h.n, err)
		h.i = h.n
	}
}
