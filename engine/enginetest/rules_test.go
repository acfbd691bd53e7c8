package enginetest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/enginetest"
)

// Rules a to e are those of edges: what runs where there is no room, what becomes of what does not fit, and which graphs can jam. Each is shown
// on schedules of its own.

// pipe is a stage "from" that emits, for each event v, a number of events, v*100 and on, and a stage "to" with a small ring.
type pipe struct {
	h        *enginetest.Harness
	e        *engine.Engine
	from, to *engine.Stage[int]
	failed   []engine.Failed[int]
	passed   *[]int
}

type pipeConfig struct {
	seed, workers int
	out, maxOut   int
	emitted       func(v int) int // in place of out
	from, to      stageConfig
	assign        map[string][]int
	beside        bool // there is a stage "beside" that is busy for long
}

func newPipe(t *testing.T, c pipeConfig) *pipe {
	p := &pipe{e: newEngine()}
	c.from.Name, c.to.Name = "from", "to"
	p.from, p.to = engine.Add(p.e, c.from), engine.Add(p.e, c.to)
	edge := engine.Connect(p.from, p.to)
	edge.MaxOut = max(c.maxOut, 1)
	if c.emitted == nil {
		c.emitted = func(int) int { return c.out }
	}
	p.from.Handle(func(ctx *engine.Context, v int) error {
		for i := range c.emitted(v) {
			edge.Emit(ctx, v*100+i)
		}
		return nil
	})
	p.to.Handle(ignore)
	lost := engine.Add(p.e, engine.StageConfig[engine.Failed[int]]{Name: "lost"})
	lost.Handle(func(_ *engine.Context, f engine.Failed[int]) error { p.failed = append(p.failed, f); return nil })
	engine.OnFailure(p.from, lost)
	if c.beside {
		beside := engine.Add(p.e, stageConfig{Name: "beside"})
		again := engine.Connect(beside, beside)
		again.Full = engine.Drop
		beside.Handle(func(c *engine.Context, left int) error {
			if left > 0 {
				again.Emit(c, left-1)
			}
			return nil
		})
		defer func() { require.NoError(t, beside.TrySubmit(1000)) }()
	}
	p.h = enginetest.Start(t, p.e, enginetest.Options{Seed: uint64(max(c.seed, 1)), Workers: max(c.workers, 1)})
	p.passed = enginetest.Collect(p.h, edge)
	if c.assign != nil {
		require.NoError(t, p.h.Assign(c.assign))
	}
	return p
}

func (p *pipe) edge() engine.EdgeStats { return p.e.Stats().Stage("from").Edges[0] }

// Rule a: a batch is no larger than the room ahead, at MaxOut events for each of its events, and so leaves no debt.
func TestRuleABatchFitsTheRoomAhead(t *testing.T) {
	for _, c := range []struct{ maxOut, done int }{{1, 8}, {2, 4}, {3, 2}, {8, 1}} {
		p := newPipe(t, pipeConfig{out: c.maxOut, maxOut: c.maxOut, to: stageConfig{Capacity: 8}})
		p.h.Hold(p.to)
		submit(t, p.from, 0, 20)
		p.h.Run()
		s := p.e.Stats().Stage("from")
		require.Equal(t, uint64(c.done), s.Completed, "MaxOut %d", c.maxOut)
		require.Equal(t, c.done*c.maxOut, len(*p.passed))
		require.Zero(t, s.Edges[0].Owed)
		p.h.Release(p.to)
		require.Equal(t, uint64(20*c.maxOut), p.h.Drain().Stage("to").Completed)
	}
}

// Rule a: beyond MaxOut events are kept and delivered; beyond 1,024 times that the event fails, takes back what it emitted, and harms no other.
func TestRuleAHardLimit(t *testing.T) {
	for _, maxOut := range []int{1, 2} {
		limit := 1024 * maxOut
		p := newPipe(t, pipeConfig{
			maxOut: maxOut, to: stageConfig{Capacity: 2},
			emitted: func(v int) int { return []int{1, limit, limit + 1, 2}[v] },
		})
		submit(t, p.from, 0, 4)
		s := p.h.Drain()
		require.Equal(t, uint64(1+limit+2), s.Stage("to").Completed)
		require.Len(t, p.failed, 1)
		require.Equal(t, 2, p.failed[0].Event)
		require.ErrorIs(t, p.failed[0].Err, engine.ErrRunaway)
		require.Len(t, *p.passed, 1+limit+2)
		require.Equal(t, []int{300, 301}, (*p.passed)[1+limit:])
	}
}

// Rule b: what did not fit is depth and in flight, and its worker sends it when there is room, though the plan gives it neither stage any more.
func TestRuleBDebtsArePaidWhateverThePlan(t *testing.T) {
	for seed := range 20 {
		p := newPipe(t, pipeConfig{
			seed: seed, workers: 2, out: 5, to: stageConfig{Capacity: 2, MaxBatch: 1},
			assign: map[string][]int{"from": {0}, "to": {1}},
		})
		p.h.Hold(p.to)
		submit(t, p.from, 1, 2)
		p.h.Run()
		require.Equal(t, []int{100, 101}, *p.passed)
		require.Equal(t, 3, p.edge().Owed)
		require.Equal(t, 5, p.e.Stats().Stage("to").Depth)
		var left *engine.RemainsError
		require.ErrorAs(t, p.e.Drain(t.Context()), &left)
		require.Equal(t, []engine.Remains{{Stage: "to", Events: 5}}, left.Stages)
		p.h.Release(p.to)
		p.h.Drain()
		require.Equal(t, []int{100, 101, 102, 103, 104}, *p.passed)
	}
	p := newPipe(t, pipeConfig{workers: 2, out: 5, to: stageConfig{Capacity: 2}, assign: map[string][]int{"from": {0}, "to": {1}}})
	p.h.Hold(p.to)
	submit(t, p.from, 1, 2)
	p.h.Run()
	require.NoError(t, p.h.Assign(map[string][]int{"from": {1}, "to": {1}, "lost": {0}}))
	p.h.Release(p.to)
	p.h.Run()
	require.Equal(t, []int{100, 101, 102, 103, 104}, *p.passed)
	p.h.Drain()
}

// Rule b: a worker that never runs out of work pays its debts in between.
func TestRuleBABusyWorkerPaysItsDebts(t *testing.T) {
	p := newPipe(t, pipeConfig{
		workers: 2, out: 5, to: stageConfig{Capacity: 2}, beside: true,
		assign: map[string][]int{"from": {0}, "beside": {0}, "to": {1}},
	})
	p.h.Hold(p.to)
	submit(t, p.from, 1, 2)
	for range 20 {
		require.True(t, p.h.Step())
	}
	require.Equal(t, 3, p.edge().Owed)
	p.h.Release(p.to)
	for range 20 {
		require.True(t, p.h.Step())
	}
	require.Zero(t, p.edge().Owed)
	require.Equal(t, []int{100, 101, 102, 103, 104}, *p.passed)
	require.Less(t, p.e.Stats().Stage("beside").Completed, uint64(1000), "and beside is not through")
	p.h.Drain()
}

// Rule c: a worker that sleeps with a debt is woken when the ring is half empty, and not before.
func TestRuleCDebtorIsWokenAtHalf(t *testing.T) {
	for _, timed := range []bool{false, true} {
		e := newEngine()
		from, to := engine.Add(e, stageConfig{Name: "from"}), engine.Add(e, stageConfig{Name: "to", Capacity: 8, MaxBatch: 1})
		edge := engine.Connect(from, to)
		edge.Timed = timed
		from.Handle(func(c *engine.Context, _ int) error {
			for v := range 16 {
				if timed {
					edge.After(c, 0, v)
				} else {
					edge.Emit(c, v)
				}
			}
			return nil
		})
		to.Handle(ignore)
		h := enginetest.Start(t, e, enginetest.Options{Seed: 1, Workers: 2})
		require.NoError(t, h.Assign(map[string][]int{"from": {0}, "to": {1}}))
		passed := enginetest.Collect(h, edge)
		h.Hold(to)
		submit(t, from, 0, 1)
		h.Run()
		require.Equal(t, count(0, 8), *passed)
		h.Release(to)
		for range 3 {
			require.True(t, h.Step())
		}
		require.Equal(t, count(0, 8), *passed, "five of eight wait")
		h.Run()
		require.Equal(t, count(0, 16), *passed)
		s := h.Drain()
		require.Equal(t, uint64(16), s.Stage("to").Completed)
	}
}

// Rule d: a serial stage, or a key's shard, goes to another worker when all that its last one emitted is pushed: order holds while plans change.
func TestRuleDTokensMoveAfterTheFlush(t *testing.T) {
	byKey := func(v int) uint64 { return uint64(v) % 3 }
	for _, from := range []stageConfig{{Serial: true, MaxBatch: 2}, {Key: byKey, Shards: 4, MaxBatch: 2}} {
		for seed := range 100 {
			p := newPipe(t, pipeConfig{
				seed: seed, workers: 3, out: 3, from: from, to: stageConfig{Capacity: 2, MaxBatch: 1},
				assign: map[string][]int{"from": {0}, "to": {2}},
			})
			for v := range 30 {
				require.NoError(t, p.from.TrySubmit(v))
				require.NoError(t, p.h.Assign(map[string][]int{"from": {v % 2}, "to": {2}}))
				p.h.Step()
				p.h.Step()
			}
			p.h.Drain()
			require.Len(t, *p.passed, 90)
			last := map[uint64]int{}
			for _, v := range *p.passed {
				key := uint64(0)
				if from.Key != nil {
					key = byKey(v / 100)
				}
				require.GreaterOrEqual(t, v, last[key], "seed %d: %v", seed, *p.passed)
				last[key] = v
			}
		}
	}
}

// Rule d: while a worker owes for a serial stage nobody else runs it.
func TestRuleDDebtorKeepsTheToken(t *testing.T) {
	p := newPipe(t, pipeConfig{
		workers: 2, out: 3, from: stageConfig{Serial: true, MaxBatch: 1}, to: stageConfig{Capacity: 2, MaxBatch: 1},
		assign: map[string][]int{"from": {0}, "to": {1}},
	})
	p.h.Hold(p.to)
	submit(t, p.from, 1, 4)
	p.h.Run()
	require.NoError(t, p.h.Assign(map[string][]int{"from": {1}, "to": {1}, "lost": {0}}))
	p.h.Run()
	require.Equal(t, uint64(1), p.e.Stats().Stage("from").Completed)
	p.h.Release(p.to)
	p.h.Drain()
	require.Equal(t, []int{100, 101, 102, 200, 201, 202, 300, 301, 302}, *p.passed)
}

// loop is a cycle of two stages with the smallest rings, entered by the first. An event goes round as often as it says.
func loop(back func(*engine.Edge[int])) (*engine.Engine, *engine.Stage[int]) {
	e := newEngine()
	a, b := engine.Add(e, stageConfig{Name: "a", Capacity: 2}), engine.Add(e, stageConfig{Name: "b", Capacity: 2})
	ab, ba := engine.Connect(a, b), engine.Connect(b, a)
	back(ba)
	a.Handle(func(c *engine.Context, rounds int) error { ab.Emit(c, rounds); return nil })
	b.Handle(func(c *engine.Context, rounds int) error {
		switch {
		case rounds == 0:
		case ba.Timed:
			ba.After(c, time.Duration(rounds%2)*time.Millisecond, rounds-1)
		default:
			ba.Emit(c, rounds-1)
		}
		return nil
	})
	return e, a
}

// Rule e: a cycle that blocks all round is a mistake that Start names, with the edge to change.
func TestRuleECycleThatBlocks(t *testing.T) {
	e, _ := loop(func(*engine.Edge[int]) {})
	said := failsWith(t, func(t enginetest.TB) { enginetest.Start(t, e, enginetest.Options{}) })
	require.Contains(t, said, "cycle of blocking edges: a -> b -> a: make one of them Drop, Fail or Timed, such as b -> a")
}

// Rule e: with one edge that does not block everything comes to its end, however small the rings, and over a timed edge nothing is lost.
func TestRuleECycleThatDoesNotBlock(t *testing.T) {
	const events, rounds = 40, 10
	for name, back := range map[string]func(*engine.Edge[int]){
		"drop":  func(ed *engine.Edge[int]) { ed.Full = engine.Drop },
		"fail":  func(ed *engine.Edge[int]) { ed.Full = engine.Fail },
		"timed": func(ed *engine.Edge[int]) { ed.Timed = true },
	} {
		for workers := 1; workers <= 2; workers++ {
			for seed := range 20 {
				t.Run(fmt.Sprint(name, workers, seed), func(t *testing.T) {
					e, a := loop(back)
					h := enginetest.Start(t, e, enginetest.Options{Seed: uint64(seed + 1), Workers: workers})
					for range events {
						require.NoError(t, a.Submit(t.Context(), rounds))
					}
					s := h.Drain()
					require.Equal(t, s.Stage("b").Entered, s.Stage("b").Completed+s.Stage("b").Failed)
					if name == "timed" {
						require.Equal(t, uint64(events*(rounds+1)), s.Stage("b").Completed)
					}
				})
			}
		}
	}
}
