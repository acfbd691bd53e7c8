package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

// seenBy is a pair of stages, a before b, that note which worker ran them.
type seenBy struct {
	e    *engine.Engine
	a    *engine.Stage[int]
	gate *gate
	by   map[string]*log[int]
}

func newSeenBy(t *testing.T, c engine.Config) *seenBy {
	s := &seenBy{e: newEngine(t, c), gate: newGate(t), by: map[string]*log[int]{"a": {}, "b": {}}}
	s.a = engine.Add(s.e, stageConfig{Name: "a", MaxBatch: 1})
	b := engine.Add(s.e, stageConfig{Name: "b", MaxBatch: 1})
	edge := engine.Connect(s.a, b)
	s.a.Handle(func(c *engine.Context, v int) error {
		s.by["a"].add(c.Worker())
		edge.Emit(c, v)
		return nil
	})
	b.Handle(func(c *engine.Context, v int) error {
		if v < 0 {
			s.gate.pass()
		}
		s.by["b"].add(c.Worker())
		return nil
	})
	return s
}

// run sends n events through and returns which workers served each stage meanwhile.
func (s *seenBy) run(t *testing.T, n int) (a, b []int) {
	t.Helper()
	before := s.e.Stats().Stage("b").Completed
	for v := range n {
		require.NoError(t, s.a.Submit(limited(t), v))
	}
	eventually(t, "all are done", func() bool { return s.e.Stats().Stage("b").Completed == before+uint64(n) })
	return s.take("a"), s.take("b")
}

func (s *seenBy) take(stage string) []int {
	l := s.by[stage]
	l.mu.Lock()
	defer l.mu.Unlock()
	seen := l.seen
	l.seen = nil
	return seen
}

func times(n, v int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = v
	}
	return list
}

func TestAssign(t *testing.T) {
	for _, c := range []engine.Config{twoShared, twoPinned} {
		c.Assign = map[string][]int{"a": {1}, "b": {0}}
		s := newSeenBy(t, c)
		start(t, s.e)
		a, b := s.run(t, 100)
		require.Equal(t, times(100, 1), a)
		require.Equal(t, times(100, 0), b)
		drain(t, s.e)
	}
}

// Stages that Assign does not name are served by all workers.
func TestAssignSome(t *testing.T) {
	c := twoShared
	c.Assign = map[string][]int{"a": {1}}
	s := newSeenBy(t, c)
	start(t, s.e)
	require.NoError(t, s.a.TrySubmit(-1))
	s.gate.wait(t) // b holds one worker; if that is 1, nobody can run a
	require.Equal(t, []int{1}, s.take("a"))
	s.gate.open()
	eventually(t, "it is done", func() bool { return s.e.Stats().Stage("b").Completed == 1 })
	a, _ := s.run(t, 100)
	require.Equal(t, times(100, 1), a)
	drain(t, s.e)
}

func TestPlanChanges(t *testing.T) {
	for _, c := range []engine.Config{twoShared, twoPinned} {
		s := newSeenBy(t, c)
		start(t, s.e)
		first := s.e.Stats().Plan
		for i, p := range []map[string][]int{
			{"a": {0}, "b": {1}},
			{"a": {1}, "b": {0}},
			{"a": {1}, "b": {1}},
			{"a": {0}, "b": {0}},
		} {
			eventually(t, "the plan can be changed", func() bool { return s.e.Apply(p) == nil })
			require.Equal(t, first+uint64(i)+1, s.e.Stats().Plan)
			eventually(t, "it is in force", s.e.InForce)
			a, b := s.run(t, 50)
			require.Equal(t, times(50, p["a"][0]), a)
			require.Equal(t, times(50, p["b"][0]), b)
		}
		drain(t, s.e)
	}
}

// One plan is in transition at a time: until a worker that is in a handler has seen it.
func TestPlanInTransition(t *testing.T) {
	s := newSeenBy(t, twoShared)
	start(t, s.e)
	eventually(t, "all workers sleep", func() bool { return s.e.Asleep(0) && s.e.Asleep(1) })
	require.NoError(t, s.e.Apply(map[string][]int{"a": {0}, "b": {0}}))
	require.NoError(t, s.a.TrySubmit(-1))
	s.gate.wait(t)
	plan := s.e.Stats().Plan
	require.Equal(t, plan, s.e.Stats().Workers[0].Plan)
	eventually(t, "the plan can be changed", func() bool { return s.e.Apply(map[string][]int{"a": {1}, "b": {1}}) == nil })
	require.ErrorIs(t, s.e.Apply(map[string][]int{"a": {0}, "b": {1}}), engine.ErrInTransition)
	require.Equal(t, plan+1, s.e.Stats().Plan)
	require.Equal(t, plan, s.e.Stats().Workers[0].Plan, "worker 0 is in a handler")
	a, b := s.run(t, 20)
	require.Equal(t, times(20, 1), a[1:], "worker 1 acts on it already")
	require.Equal(t, times(20, 1), b)
	s.gate.open()
	eventually(t, "the plan can be changed", func() bool { return s.e.Apply(map[string][]int{"a": {0}, "b": {1}}) == nil })
	drain(t, s.e)
}

// A plan that is impossible, or comes too late, changes nothing.
func TestPlanRefused(t *testing.T) {
	s := newSeenBy(t, twoShared)
	start(t, s.e)
	eventually(t, "the first plan is in force", s.e.InForce)
	plan := s.e.Stats().Plan
	require.ErrorContains(t, s.e.Apply(map[string][]int{"a": {0}}), "plan leaves stage 0 without a worker")
	require.ErrorContains(t, s.e.ApplyRaw(sched.Plan{Serve: [][]int{{0, 1}}}), "plan assigns 1 workers, there are 2")
	require.ErrorContains(t, s.e.ApplyRaw(sched.Plan{Serve: [][]int{{0, 1}, {2}}}), "plan gives worker 1 stage 2 of 2")
	require.Equal(t, plan, s.e.Stats().Plan)
	a, b := s.run(t, 20)
	require.Len(t, a, 20)
	require.Len(t, b, 20)
	drain(t, s.e)
	require.ErrorIs(t, s.e.Apply(map[string][]int{"a": {0}, "b": {1}}), engine.ErrClosed)
}

// A worker that loses a stage while it owes for it pays first: order is kept, nothing is lost.
func TestPlanTakesAStageFromADebtor(t *testing.T) {
	h := newHop(t, apart(twoShared), engine.Block)
	a := h.a
	burst := 0
	a.Handle(func(c *engine.Context, v int) error {
		for range 7 {
			h.edge.Emit(c, burst)
			burst++ // no lock: a is run by one worker at a time
		}
		return nil
	})
	start(t, h.e)
	submit(t, a, 0, 1)
	h.gate.wait(t)
	eventually(t, "worker 0 owes", func() bool { return h.e.Stats().Stage("a").Edges[0].Owed == 4 })
	eventually(t, "the plan can be changed", func() bool { return h.e.Apply(map[string][]int{"a": {1}, "b": {1}}) == nil })
	submit(t, a, 1, 4)
	h.gate.open()
	drain(t, h.e)
	require.Len(t, h.seen.all(), 28)
}
