package engine

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/seda-go/seda/internal/release"
)

// ticker hands periodic events to a stage, over an inlet of its own. Only the worker it belongs to touches it.
type ticker[T any] struct {
	in     *Inlet[T]
	period time.Duration
	event  func(Time) T
}

// periodic is a ticker of any type.
type periodic interface {
	check() error
	begin(w *worker, slot int32)
	tick(w *worker, what timer)
}

const (
	// periodicEdge is the edge of timers that are for tickers: the slot is the index in Engine.tickers.
	periodicEdge = -1
	// tickCapacity is how many events of one ticker may wait: one is being handled or about to be, the next one is in time.
	tickCapacity = 2
)

// Every hands the stage an event each time period has passed, from one period after Start on until Drain or Close begins. One of the workers
// calls event, with the time, and hands over what it returns; event must not block. What event, or the stage's Key, panics with is logged
// and counted in the stage's Panics, and that tick is left out.
//
// The events come in by an inlet of their own, named "every" and the period. It has room for two: a tick that finds no room, because the
// stage does not keep up, or that a limit or the stage's Admit keeps out, is refused and counted there, and so are periods that pass while the worker is busy; they are never
// made up for later. Call Every before Start.
func (s *Stage[T]) Every(period time.Duration, event func(Time) T) {
	if s.tooLate("periodic event") {
		return
	}
	name := fmt.Sprintf("every %v", period)
	taken := func(in *inletCore) bool { return in.name == name }
	for n := 2; slices.ContainsFunc(s.inlets, taken); n++ {
		name = fmt.Sprintf("every %v #%d", period, n)
	}
	in := s.Inlet(InletConfig{Name: name, Capacity: tickCapacity, Waiters: -1})
	in.target = 0 // nobody would try again later
	s.e.tickers = append(s.e.tickers, &ticker[T]{in: in, period: period, event: event})
}

func (t *ticker[T]) check() error {
	switch {
	case t.period <= 0:
		return fmt.Errorf("stage %q: Every: period is %v, want more than 0", t.in.stage.name, t.period)
	case t.event == nil:
		return fmt.Errorf("stage %q: Every %v: event is nil", t.in.stage.name, t.period)
	}
	return nil
}

// startTickers spreads the tickers over the workers, which do not run yet.
func (e *Engine) startTickers() {
	now := e.now()
	for i, t := range e.tickers {
		w := e.workers[i%len(e.workers)]
		w.now = now
		t.begin(w, int32(i))
	}
}

func (t *ticker[T]) begin(w *worker, slot int32) {
	w.schedule(timer{due: w.now.add(t.period), edge: periodicEdge, slot: slot})
}

// tick is called when the ticker is due. The next tick is arranged first, since event may end the goroutine.
func (t *ticker[T]) tick(w *worker, what timer) {
	if w.plan.draining {
		return
	}
	missed := w.now.Sub(what.due) / t.period
	t.in.refused.Add(uint64(missed))
	what.due = what.due.add(missed * t.period).add(t.period)
	w.schedule(what)
	if !t.in.open.Load() {
		return // Start has not come that far
	}
	v, ok := t.produce(w)
	if !ok {
		return
	}
	switch err := t.in.TrySubmit(v); err {
	case nil, t.in.errFull, t.in.errClosed: // in the inlet's books
	default:
		if !errors.Is(err, ErrRefused) {
			t.caught(w, err) // a panic of the stage's Key or Admit
		}
	}
}

// produce calls event. It reports false if that did not return.
func (t *ticker[T]) produce(w *worker) (v T, ok bool) {
	defer func() {
		if !ok {
			t.caught(w, recover())
		}
	}()
	searched := w.leave()
	v = t.event(w.now)
	if searched {
		release.Store(&w.state, searching)
	}
	return v, true
}

// leave is for what w does on the user's behalf outside of a batch: if w was searching, which it reports, others are to look meanwhile at what it
// serves.
func (w *worker) leave() (searched bool) {
	if w.state.Load() == running {
		return false
	}
	w.state.Store(running) // with its fence pair (3), as in begin
	if w.e.parked.any() {
		w.e.spread(w.now)
	}
	return true
}

// caught counts and logs a panic of event, or a Goexit when cause is nil.
func (t *ticker[T]) caught(w *worker, cause any) {
	s := t.in.stage
	add(&s.hands[w.id].count.panics, 1)
	if cause == nil {
		cause = ErrExited
	}
	if w.e.due(&s.lastPanic) {
		w.e.log.Error("periodic event panicked; further ones of the stage within a second are only counted",
			"stage", s.name, "inlet", t.in.name, "panic", cause, "stack", string(debug.Stack()))
	}
}
