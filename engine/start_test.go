package engine_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
)

type stageConfig = engine.StageConfig[int]

// add adds a stage of ints that has a handler.
func add(e *engine.Engine, c stageConfig) *engine.Stage[int] {
	s := engine.Add(e, c)
	s.Handle(ignore)
	return s
}

func addPair(e *engine.Engine) (a, b *engine.Stage[int]) {
	return add(e, stageConfig{Name: "a"}), add(e, stageConfig{Name: "b"})
}

// TestStartNamesWhatIsWrong builds graphs with one mistake each.
func TestStartNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name  string
		build func(e *engine.Engine)
		want  string
	}{
		{"nothing", func(*engine.Engine) {}, "has no stages"},
		{"period", func(e *engine.Engine) {
			s := add(e, stageConfig{Name: "a"})
			s.Every(0, func(engine.Time) int { return 1 })
			s.Every(-1, nil)
			s.Every(1, nil)
		}, `stage "a": Every: period is 0s, want more than 0
stage "a": Every: period is -1ns, want more than 0
stage "a": Every 1ns: event is nil`},
		{"no name", func(e *engine.Engine) { add(e, stageConfig{}) }, "stage number 1: has no name"},
		{
			"no handler", func(e *engine.Engine) { engine.Add(e, stageConfig{Name: "a"}) },
			`stage "a": has no handler: call Handle or HandleBatch`,
		},
		{
			"nil handler", func(e *engine.Engine) { engine.Add(e, stageConfig{Name: "a"}).Handle(nil) },
			`stage "a": has no handler: call Handle or HandleBatch`,
		},
		{"two handlers", func(e *engine.Engine) {
			add(e, stageConfig{Name: "a"}).HandleBatch(func(*engine.Context, []int) error { return nil })
		}, `stage "a": has two handlers: call Handle or HandleBatch, not both`},
		{"duplicate stages", func(e *engine.Engine) {
			add(e, stageConfig{Name: "a"})
			add(e, stageConfig{Name: "a"})
		}, `two stages are named "a"`},
		{"duplicate inlets", func(e *engine.Engine) {
			s := add(e, stageConfig{Name: "a"})
			s.Inlet(engine.InletConfig{Name: "in"})
			s.Inlet(engine.InletConfig{Name: "in"})
		}, `stage "a": has two inlets named "in"`},
		{"inlet named as the stage's own", func(e *engine.Engine) {
			add(e, stageConfig{Name: "a"}).Inlet(engine.InletConfig{Name: "submit"})
		}, `stage "a": has two inlets named "submit"`},
		{
			"inlet without a name", func(e *engine.Engine) { add(e, stageConfig{Name: "a"}).Inlet(engine.InletConfig{}) },
			`stage "a": has an inlet without a name`,
		},
		{"inlet capacity", func(e *engine.Engine) {
			add(e, stageConfig{Name: "a"}).Inlet(engine.InletConfig{Name: "in", Capacity: 7})
		}, `stage "a": inlet "in": Capacity: ring: capacity 7 is not a power of two from 2 to 4194304`},
		{
			"lanes", func(e *engine.Engine) {
				add(e, stageConfig{Name: "a"}).Inlet(engine.InletConfig{Name: "in", Lanes: 65})
			},
			`stage "a": inlet "in": Lanes is 65, want 1 to 64`,
		},
		{
			"negative lanes", func(e *engine.Engine) {
				add(e, stageConfig{Name: "a"}).Inlet(engine.InletConfig{Name: "in", Lanes: -1})
			},
			`stage "a": inlet "in": Lanes is -1, want 1 to 64`,
		},
		{
			"capacity", func(e *engine.Engine) { add(e, stageConfig{Name: "a", Capacity: 100}) },
			`stage "a": Capacity: ring: capacity 100 is not a power of two from 2 to 4194304`,
		},
		{
			"negative capacity", func(e *engine.Engine) { add(e, stageConfig{Name: "a", Capacity: -8}) },
			`stage "a": Capacity: ring: capacity -8 is not`,
		},
		{
			"huge capacity", func(e *engine.Engine) { add(e, stageConfig{Name: "a", Capacity: 1 << 23}) },
			`stage "a": Capacity: ring: capacity 8388608 is not`,
		},
		{
			"negative batch", func(e *engine.Engine) { add(e, stageConfig{Name: "a", MaxBatch: -1}) },
			`stage "a": MaxBatch is -1, want 1 to 1024`,
		},
		{
			"batch beyond capacity", func(e *engine.Engine) { add(e, stageConfig{Name: "a", Capacity: 16, MaxBatch: 17}) },
			`stage "a": MaxBatch is 17, want 1 to 16`,
		},
		{
			"huge batch", func(e *engine.Engine) { add(e, stageConfig{Name: "a", Capacity: 1 << 20, MaxBatch: 1<<16 + 1}) },
			`stage "a": MaxBatch is 65537, want 1 to 65536`,
		},
		{"no output", func(e *engine.Engine) {
			a, b := addPair(e)
			engine.Connect(a, b).MaxOut = 0
		}, `stage "a": edge a -> b: MaxOut is 0, want 1 to the target's capacity 1024`},
		{"outputs beyond capacity", func(e *engine.Engine) {
			a, b := addPair(e)
			engine.Connect(a, b).MaxOut = 1025
		}, `stage "a": edge a -> b: MaxOut is 1025, want 1 to the target's capacity 1024`},
		{"unknown policy", func(e *engine.Engine) {
			a, b := addPair(e)
			engine.Connect(a, b).Full = 9
		}, `stage "a": edge a -> b: Full is unknown(9)`},
		{"two failure edges", func(e *engine.Engine) {
			a, _ := addPair(e)
			bad := engine.Add(e, engine.StageConfig[engine.Failed[int]]{Name: "bad"})
			bad.Handle(ignore)
			engine.OnFailure(a, bad)
			engine.OnFailure(a, bad)
		}, `stage "a": has 2 failure edges, want at most one`},
		{"foreign stage", func(e *engine.Engine) {
			engine.Connect(add(e, stageConfig{Name: "a"}), add(engine.New(engine.Config{}), stageConfig{Name: "far"}))
		}, `stage "a": edge a -> far leads to a stage of another engine`},
		{"edge to nothing", func(e *engine.Engine) {
			engine.Connect(add(e, stageConfig{Name: "a"}), (*engine.Stage[int])(nil))
		}, `stage "a": is connected to a stage that is nil`},
		{"edge from nothing", func(e *engine.Engine) {
			engine.Connect(nil, add(e, stageConfig{Name: "a"}))
		}, `stage "a": is connected from a stage that is nil`},
		{"edge from a stage that is nil", func(e *engine.Engine) {
			engine.Connect((*engine.Stage[string])(nil), add(e, stageConfig{Name: "a"}))
		}, `stage "a": is connected from a stage that is nil`},
		{"failure edge to nothing", func(e *engine.Engine) {
			engine.OnFailure(add(e, stageConfig{Name: "a"}), nil)
		}, `stage "a": is connected to a stage that is nil`},
		{"failure edge from nothing", func(e *engine.Engine) {
			bad := engine.Add(e, engine.StageConfig[engine.Failed[int]]{Name: "bad"})
			bad.Handle(ignore)
			engine.OnFailure(nil, bad)
		}, `stage "bad": is connected from a stage that is nil`},
		{"self edge", func(e *engine.Engine) {
			a, _ := addPair(e)
			engine.Connect(a, a)
		}, "cycle of blocking edges: a -> a: make one of them Drop, Fail or Timed, such as a -> a"},
		{"cycle", func(e *engine.Engine) {
			a, b := addPair(e)
			c := add(e, stageConfig{Name: "c"})
			engine.Connect(a, b)
			engine.Connect(b, c)
			engine.Connect(c, b)
		}, "cycle of blocking edges: b -> c -> b: make one of them Drop, Fail or Timed, such as c -> b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine(t, engine.Config{Name: "shop"})
			c.build(e)
			err := e.Start(context.Background())
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, `engine "shop": `)
		})
	}
}

// TestStartNamesWrongConfig has one mistake in each configuration of an engine whose graph is right.
func TestStartNamesWrongConfig(t *testing.T) {
	allowed, err := affinity.Allowed()
	require.NoError(t, err)
	tooMany := allowed.Len() + 1
	for _, c := range []struct {
		name string
		c    engine.Config
		want string
	}{
		{"negative workers", engine.Config{Workers: -1}, "Workers is -1, want 0 to 256"},
		{"many workers", engine.Config{Workers: 257}, "Workers is 257, want 0 to 256"},
		{"kind", engine.Config{Kind: 7}, "Kind is unknown(7)"},
		{"idle", engine.Config{Idle: 7}, "Idle is unknown(7)"},
		{"procs", engine.Config{Procs: -2}, "Procs is -2, want -1 or more"},
		{"oversubscribed", engine.Config{Kind: engine.Pinned, Workers: tooMany}, "set Oversubscribe, or fewer Workers"},
		{
			"named CPUs oversubscribed",
			engine.Config{Kind: engine.Pinned, Workers: 2, CPUs: affinity.Of(allowed.Min())},
			"2 pinned workers on 1 CPUs (" + affinity.Of(allowed.Min()).String() + ")",
		},
		{
			"unknown CPU",
			engine.Config{Kind: engine.Pinned, Workers: 1, CPUs: affinity.Of(100_000)},
			"CPUs names 100000, allowed are " + allowed.String(),
		},
		{
			"one unknown CPU",
			engine.Config{Kind: engine.Pinned, Workers: 1, CPUs: allowed.With(100_000)},
			"CPUs names 100000, allowed are " + allowed.String(),
		},
		{
			"assign to unknown stage",
			engine.Config{Kind: engine.Shared, Assign: map[string][]int{"nowhere": {0}}},
			`Assign names the stage "nowhere", which does not exist`,
		},
		{
			"assign unknown worker",
			engine.Config{Kind: engine.Shared, Workers: 2, Assign: map[string][]int{"a": {0, 2}}},
			`Assign["a"] names worker 2, there are 2`,
		},
		{
			"assign negative worker",
			engine.Config{Kind: engine.Shared, Workers: 2, Assign: map[string][]int{"a": {-1}}},
			`Assign["a"] names worker -1, there are 2`,
		},
		{"assign no worker", engine.Config{Kind: engine.Shared, Assign: map[string][]int{"a": {}}}, `Assign["a"] names no worker`},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := newEngine(t, c.c)
			addPair(e)
			require.ErrorContains(t, e.Start(context.Background()), c.want)
		})
	}
}

func TestStartReportsAllMistakesAtOnce(t *testing.T) {
	e := newEngine(t, engine.Config{Workers: -1})
	a := engine.Add(e, stageConfig{Name: "a", Capacity: 3, Serial: true})
	engine.Connect(a, a)
	add(e, stageConfig{Name: "b", MaxBatch: -1})
	err := e.Start(context.Background())
	for _, want := range []string{
		"Workers is -1", `stage "a": has no handler`, "capacity 3 is not", `stage "b": MaxBatch is -1`, "cycle of blocking edges: a -> a",
	} {
		require.ErrorContains(t, err, want)
	}
}

// TestCyclesThatAreFine starts graphs with a cycle in which one edge does not block.
func TestCyclesThatAreFine(t *testing.T) {
	for _, full := range []engine.Full{engine.Drop, engine.Fail} {
		t.Run(full.String(), func(t *testing.T) {
			e := newEngine(t, oneShared)
			a, b := addPair(e)
			engine.Connect(a, b)
			engine.Connect(b, a).Full = full
			start(t, e)
			drain(t, e)
		})
	}
	t.Run("failure edge", func(t *testing.T) {
		e := newEngine(t, oneShared)
		a := add(e, stageConfig{Name: "a"})
		bad := engine.Add(e, engine.StageConfig[engine.Failed[int]]{Name: "bad"})
		bad.Handle(ignore)
		engine.OnFailure(a, bad)
		engine.Connect(bad, a)
		start(t, e)
		drain(t, e)
	})
}

func TestStartWithoutContext(t *testing.T) {
	e := newEngine(t, engine.Config{Name: "shop", Workers: 1, Kind: engine.Shared})
	addPair(e)
	var none context.Context
	require.EqualError(t, e.Start(none), `engine "shop": start: the context is nil`)
	start(t, e) // it was not started, and can be
	drain(t, e)
}

func TestStartTwice(t *testing.T) {
	e := newEngine(t, oneShared)
	addPair(e)
	start(t, e)
	require.ErrorIs(t, e.Start(context.Background()), engine.ErrStarted)
	drain(t, e)
	require.ErrorIs(t, e.Start(context.Background()), engine.ErrStarted, "also when it has ended")
}

// TestAfterFailedStart holds that an engine that could not start refuses everything and is in nobody's way.
func TestAfterFailedStart(t *testing.T) {
	e := newEngine(t, oneShared)
	s := engine.Add(e, stageConfig{Name: "a"})
	require.Error(t, e.Start(context.Background()))
	require.ErrorIs(t, e.Start(context.Background()), engine.ErrStarted)
	require.ErrorIs(t, s.TrySubmit(1), engine.ErrNotStarted)
	require.Equal(t, []engine.StageStats{{Name: "a", Kind: "plain", Word: 1, BatchCap: 64, Inlets: []engine.InletStats{{Name: "submit"}}}}, e.Stats().Stages)
	require.NoError(t, e.Drain(limited(t)))
	require.NoError(t, e.Close())
}

// TestInitOfLocalPanics holds that it is a mistake which Start names, and leaves an engine that is in nobody's way.
func TestInitOfLocalPanics(t *testing.T) {
	allowed, err := affinity.Allowed()
	require.NoError(t, err)
	c := engine.Config{Workers: 1, Kind: engine.Pinned, CPUs: affinity.Of(allowed.Min())}
	e := newEngine(t, c)
	a, b := addPair(e)
	for _, s := range []*engine.Stage[int]{a, b} {
		engine.NewLocal(s, func() int { panic(errBroken) })
	}
	err = e.Start(context.Background())
	require.ErrorContains(t, err, `stage "a": init of local state: panicked: broken`)
	require.ErrorContains(t, err, `stage "b": init of local state: panicked: broken`)
	require.ErrorIs(t, err, errBroken)
	require.ErrorIs(t, e.Start(context.Background()), engine.ErrStarted)
	require.ErrorIs(t, a.TrySubmit(1), engine.ErrNotStarted)
	require.NotPanics(t, func() { e.Stats() })
	require.NoError(t, e.Drain(limited(t)))
	require.NoError(t, e.Close(), "and does not wait for workers that never were")
	next := newEngine(t, c) // the CPU is free
	add(next, stageConfig{Name: "a"})
	start(t, next)
	drain(t, next)
}

// TestForeignEdgeHarmsNobody holds that an edge from another engine, whose Start fails for it, does not touch the engine it leads to.
func TestForeignEdgeHarmsNobody(t *testing.T) {
	e, other := newEngine(t, oneShared), newEngine(t, oneShared)
	far := add(e, stageConfig{Name: "far"})
	engine.Connect(add(other, stageConfig{Name: "a"}), far)
	require.ErrorContains(t, other.Start(context.Background()), "edge a -> far leads to a stage of another engine")
	start(t, e)
	require.NoError(t, far.TrySubmit(1))
	drain(t, e)
}
