package enginetest

import (
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/internal/manual"
)

// Collect returns a list that grows by every event that passes the edge from now on, in order: that enters a ring of the stage the edge
// leads to, or is handed over to it directly. What is dropped or withdrawn does not pass. An edge has one list.
func Collect[T any](_ *Harness, ed *engine.Edge[T]) *[]T {
	list := new([]T)
	manual.Tap(ed, func(some []T) { *list = append(*list, some...) })
	return list
}

// Hold keeps a stage from being run until Release. Its events wait.
func (h *Harness) Hold(stage engine.Node) { h.d.Hold(stage, true) }

// Release lets a stage be run again.
func (h *Harness) Release(stage engine.Node) { h.d.Hold(stage, false) }

// Assign publishes a plan: the workers, by index, that serve each stage. Stages that are not named are served by every worker. Workers act
// on it from their next step on.
func (h *Harness) Assign(workers map[string][]int) error { return h.d.Assign(workers) }

// Cost makes the handler of a stage take time, on the engine's clock, for each of its events.
func (h *Harness) Cost(stage engine.Node, perEvent time.Duration) {
	h.t.Helper()
	if perEvent < 0 {
		h.t.Fatalf("enginetest: Cost of %v: the clock does not go back", perEvent)
	}
	h.d.Cost(stage, perEvent)
}

// Fail makes the nth event that the stage handles fail with err; n begins at 1. Its handler runs, and whatever it returns, err is taken
// instead, so that what it emitted is withdrawn. In a handler of batches the event fails as by Context.Fail.
func (h *Harness) Fail(stage engine.Node, n int, err error) {
	h.t.Helper()
	if err == nil {
		h.t.Fatalf("enginetest: Fail with no error")
	}
	h.fault(stage, n, func() error { return err })
}

// Panic makes the handler of the nth event panic with value, at its end; n is as in Fail. In a handler of batches the whole batch fails.
func (h *Harness) Panic(stage engine.Node, n int, value any) {
	h.t.Helper()
	h.fault(stage, n, func() error { panic(value) })
}

func (h *Harness) fault(stage engine.Node, n int, fault func() error) {
	h.t.Helper()
	if n < 1 {
		h.t.Fatalf("enginetest: event %d is to fail, and the first is 1", n)
	}
	h.d.Fault(stage, n, fault)
}
