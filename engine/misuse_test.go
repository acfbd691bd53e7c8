package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// failures adds a stage that collects what fails in from.
func failures[T any](e *engine.Engine, from *engine.Stage[T]) *log[engine.Failed[T]] {
	seen := new(log[engine.Failed[T]])
	s := engine.Add(e, engine.StageConfig[engine.Failed[T]]{Name: "failures", Serial: true})
	s.Handle(func(_ *engine.Context, f engine.Failed[T]) error { seen.add(f); return nil })
	engine.OnFailure(from, s)
	return seen
}

func TestEmitOnAnotherStagesEdgeFailsTheEvent(t *testing.T) {
	e := newEngine(t, oneShared)
	a := engine.Add(e, stageConfig{Name: "a"})
	b, c := add(e, stageConfig{Name: "b"}), add(e, stageConfig{Name: "c"})
	ab, bc := engine.Connect(a, b), engine.Connect(b, c)
	a.Handle(func(c *engine.Context, v int) error {
		ab.Emit(c, v)
		if v == 1 {
			bc.Emit(c, v)
		}
		return nil
	})
	failed := failures(e, a)
	start(t, e)
	for i := range 3 {
		require.NoError(t, a.TrySubmit(i))
	}
	s := drain(t, e)
	require.Len(t, failed.all(), 1)
	require.Equal(t, 1, failed.all()[0].Event)
	require.ErrorIs(t, failed.all()[0].Err, engine.ErrWrongStage)
	require.ErrorContains(t, failed.all()[0].Err, "stage a, edge b -> c")
	require.Equal(t, uint64(2), s.Stage("b").Entered, "what it emitted on its own edge is withdrawn")
	require.Zero(t, s.Stage("c").Entered)
}

func TestEmitWithAnotherEnginesContextFailsTheEvent(t *testing.T) {
	e, other := newEngine(t, oneShared), newEngine(t, oneShared)
	far := engine.Connect(add(other, stageConfig{Name: "far"}), add(other, stageConfig{Name: "end"}))
	a := engine.Add(e, stageConfig{Name: "a"})
	a.Handle(func(c *engine.Context, v int) error { far.Emit(c, v); return nil })
	failed := failures(e, a)
	start(t, other)
	start(t, e)
	require.NoError(t, a.TrySubmit(1))
	drain(t, e)
	drain(t, other)
	require.ErrorIs(t, failed.all()[0].Err, engine.ErrWrongStage)
}

func TestEmitOutsideAHandlerPanics(t *testing.T) {
	const outside = "engine: Emit on edge a -> b outside a handler"
	e := newEngine(t, oneShared)
	a, b := addPair(e)
	ab := engine.Connect(a, b)
	kept := make(chan *engine.Context, 1)
	a.Handle(func(c *engine.Context, v int) error { kept <- c; return nil })
	require.PanicsWithValue(t, outside, func() { ab.Emit(nil, 1) }, "before Start")
	start(t, e)
	require.PanicsWithValue(t, outside, func() { ab.Emit(nil, 1) })
	require.PanicsWithValue(t, outside, func() { ab.Emit(new(engine.Context), 1) })
	require.NoError(t, a.TrySubmit(1))
	late := receive(t, kept)
	eventually(t, "the worker sleeps", func() bool { return e.Asleep(0) })
	require.PanicsWithValue(t, outside, func() { ab.Emit(late, 1) }, "after the handler has returned")
	require.PanicsWithValue(t, "engine: Fail outside a handler", func() { late.Fail(0, errBroken) })
	s := drain(t, e)
	require.PanicsWithValue(t, outside, func() { ab.Emit(late, 1) }, "after the engine has ended")
	require.Zero(t, s.Stage("b").Entered)
}

func TestSubmitOutsideTheEnginesLife(t *testing.T) {
	e := newEngine(t, oneShared)
	s := add(e, stageConfig{Name: "orders"})
	in := s.Inlet(engine.InletConfig{Name: "web"})
	g := newGate(t)
	s.Handle(func(*engine.Context, int) error { g.pass(); return nil })
	everyWay := func(want error) {
		t.Helper()
		ctx := limited(t)
		for _, err := range []error{s.TrySubmit(1), s.Submit(ctx, 1)} {
			require.ErrorIs(t, err, want)
			require.ErrorContains(t, err, "stage orders: ")
		}
		n, err := in.TrySubmitBatch([]int{1, 2})
		require.Zero(t, n)
		for _, err := range []error{err, in.TrySubmit(1), in.Submit(ctx, 1)} {
			require.ErrorIs(t, err, want)
			require.ErrorContains(t, err, "stage orders, inlet web: ")
		}
	}
	require.ErrorIs(t, e.Drain(limited(t)), engine.ErrNotStarted)
	everyWay(engine.ErrNotStarted)
	start(t, e)
	require.NoError(t, in.TrySubmit(0))
	g.wait(t)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	require.Error(t, e.Drain(ended), "an event is being handled")
	everyWay(engine.ErrClosed)
	g.open()
	st := drain(t, e).Stage("orders")
	everyWay(engine.ErrClosed)
	require.Equal(t, uint64(1), st.Completed)
	require.Equal(t, engine.InletStats{Name: "web", Offered: 1, Accepted: 1}, st.Inlets[1])
}

// TestNothingToSpeakOf holds that where there is no stage, and so no engine to report it, the panic says what is wrong.
func TestNothingToSpeakOf(t *testing.T) {
	require.PanicsWithValue(t, "engine: Connect of two stages that are nil", func() { engine.Connect[int](nil, nil) })
	require.PanicsWithValue(t, "engine: Connect of two stages that are nil", func() { engine.OnFailure[int](nil, nil) })
	require.PanicsWithValue(t, "engine: NewLocal of a stage that is nil", func() { engine.NewLocal[int](nil, nil) })
	e := newEngine(t, oneShared)
	a := add(e, stageConfig{Name: "a"})
	edge := engine.Connect(a, (*engine.Stage[int])(nil))
	require.PanicsWithValue(t, "engine: Emit on edge a -> nil outside a handler", func() { edge.Emit(nil, 1) })
}

// TestAddedAfterStartIsLoggedOnce holds that a stage which comes too late is worth one line, whatever is done with it.
func TestAddedAfterStartIsLoggedOnce(t *testing.T) {
	var lines engine.LogLines
	e := engine.New(engine.Config{Workers: 1, Kind: engine.Shared, Log: lines.Log()})
	a, _ := addPair(e)
	start(t, e)
	late := func() []string { return lines.With("added after Start and ignored") }
	c := add(e, stageConfig{Name: "c"})
	c.Inlet(engine.InletConfig{Name: "in"})
	engine.NewLocal[int](c, nil)
	engine.Connect(c, a)
	require.Len(t, late(), 1)
	require.Contains(t, late()[0], `stage \"c\"`)
	for _, f := range []func(){
		func() { a.Inlet(engine.InletConfig{Name: "in"}) },
		func() { engine.Connect(a, c) },
		func() { engine.NewLocal[int](a, nil) },
		func() { a.Handle(ignore) },
		func() { engine.Connect(a, (*engine.Stage[int])(nil)) },
	} {
		before := len(late())
		f()
		require.Len(t, late(), before+1)
		require.Contains(t, late()[before], `of stage \"a\"`)
	}
	drain(t, e)
}

// TestAddedAfterStart holds that what comes too late takes no part and does no harm.
func TestAddedAfterStart(t *testing.T) {
	e := newEngine(t, oneShared)
	a, b := addPair(e)
	var late *engine.Edge[int]
	a.Handle(func(c *engine.Context, v int) error {
		switch v {
		case 1:
			late.Emit(c, v)
		case 2:
			return errBroken
		}
		return nil
	})
	start(t, e)
	c := add(e, stageConfig{Name: "c"})
	require.ErrorIs(t, c.TrySubmit(1), engine.ErrNotStarted)
	require.ErrorIs(t, c.Submit(limited(t), 1), engine.ErrNotStarted)
	require.ErrorIs(t, a.Inlet(engine.InletConfig{Name: "late"}).TrySubmit(1), engine.ErrNotStarted)
	late = engine.Connect(a, b)
	bad := engine.Add(e, engine.StageConfig[engine.Failed[int]]{Name: "bad"})
	bad.Handle(ignore)
	engine.OnFailure(a, bad)
	for v := range 4 {
		require.NoError(t, a.TrySubmit(v))
	}
	s := drain(t, e)
	require.Len(t, s.Stages, 2)
	require.Len(t, s.Stages[0].Inlets, 1)
	require.Empty(t, s.Stages[0].Edges)
	require.Equal(t, uint64(2), s.Stages[0].Failed, "emitting on an edge that was connected too late, and an error")
	require.Zero(t, s.Stages[1].Entered)
}
