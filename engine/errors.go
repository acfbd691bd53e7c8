package engine

import (
	"errors"
	"fmt"
	"strings"
)

// Errors of submitting and calling. Test with errors.Is; they come wrapped with the name of the stage or edge.
var (
	// ErrFull: the ring has no room. The event was not accepted; or, as the error of a failed event, an edge with Fail was full.
	ErrFull = errors.New("full")
	// ErrRefused: the engine declined to let the call wait; or, as a *RefusedError, to let the event in. The event was not accepted.
	ErrRefused = errors.New("refused")
	// ErrClosed: the engine is draining or has ended. The event was not accepted, or, as the answer to a Call, Close came before the
	// event was handled.
	ErrClosed = errors.New("engine closed")
	// ErrNotStarted: the engine has not been started. The event was not accepted.
	ErrNotStarted = errors.New("engine not started")
	// ErrStarted: Start, or Close, was called before.
	ErrStarted = errors.New("engine was started or closed before")
	// ErrNoReply: the engine has ended, everything was handled, and nobody answered the Call.
	ErrNoReply = errors.New("no reply")
	// ErrDropped: the event, or one derived from it, was discarded by an edge that drops when full.
	ErrDropped = errors.New("dropped")
	// ErrExpired: the event's deadline, or the age its stage allows, had passed before a worker came to it.
	ErrExpired = errors.New("expired")
	// ErrRunaway: a handler emitted more than 1,024 times the edge's MaxOut events for one input event, or a submission has more than 1,024
	// events for one stage.
	ErrRunaway = errors.New("too many events")
	// ErrTimed: a handler used Emit on a Timed edge, which is for After only.
	ErrTimed = errors.New("emit on a timed edge: use After")
	// ErrWrongStage: a handler emitted on an edge that does not start at its stage, or a submission names a stage that its splitter was not
	// made for.
	ErrWrongStage = errors.New("wrong stage")
	// ErrExited: a handler called runtime.Goexit.
	ErrExited = errors.New("handler exited its goroutine")
)

// PanicError is the error of an event whose handler, or key function, panicked, and of a Start whose init of a Local did.
type PanicError struct {
	Value any    // what the function panicked with
	Stack []byte // of its goroutine, at the panic
}

// Error returns the panic's value; the stack is left to the field.
func (p *PanicError) Error() string { return fmt.Sprintf("panicked: %v", p.Value) }

// Unwrap returns the panic's value if it is an error.
func (p *PanicError) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// RemainsError says what was accepted and not finished, by stage, when Close ended the engine or when the context of Drain ended.
type RemainsError struct {
	Stages []Remains // stages with something left, in the order they were added
	cause  error
}

// Remains is what one stage had not finished.
type Remains struct {
	Stage  string
	Events int
}

// Total returns the number of events left in all stages.
func (r *RemainsError) Total() int {
	n := 0
	for _, s := range r.Stages {
		n += s.Events
	}
	return n
}

// Error lists the stages and what is left in each.
func (r *RemainsError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d events left", r.Total())
	for i, s := range r.Stages {
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%d in %s", sep, s.Events, s.Stage)
	}
	if r.cause != nil {
		fmt.Fprintf(&b, ": %v", r.cause)
	}
	return b.String()
}

// Unwrap returns why Drain stopped waiting, or nil.
func (r *RemainsError) Unwrap() error { return r.cause }
