package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// seed returns TEST_SEED, or a new seed, and notes it in the test's log.
func seed(t *testing.T) uint64 {
	s := uint64(time.Now().UnixNano()) % 1_000_000
	if env := os.Getenv("TEST_SEED"); env != "" {
		n, err := strconv.ParseUint(env, 10, 64)
		require.NoError(t, err)
		s = n
	}
	t.Logf("TEST_SEED=%d", s)
	return s
}

// randomGraph makes stages with tiny rings: blocking edges forward, edges that drop, fail or are timed in any direction, handlers that emit
// up to twice what MaxOut says. An event is the number of hops it has left.
func randomGraph(t *testing.T, r *rand.Rand, workers int) (e *engine.Engine, stages []*engine.Stage[int], about string) {
	kinds := []engine.Kind{engine.Shared, engine.Shared, engine.Pinned}
	c := engine.Config{Workers: workers, Kind: kinds[r.IntN(3)], Oversubscribe: true}
	e = newEngine(t, c)
	about = fmt.Sprintf("%d %v workers;", c.Workers, c.Kind)
	stages = make([]*engine.Stage[int], 2+r.IntN(6))
	for i := range stages {
		sc := stageConfig{Name: fmt.Sprint(i), Capacity: 2 << r.IntN(3), Serial: r.IntN(3) == 0}
		sc.MaxBatch = 1 + r.IntN(sc.Capacity)
		about += fmt.Sprintf(" %+v", sc)
		stages[i] = engine.Add(e, sc)
	}
	for i, s := range stages {
		var outs []*engine.Edge[int]
		for range r.IntN(4) {
			k, full := r.IntN(len(stages)), engine.Full(r.IntN(3))
			if k <= i && full == engine.Block {
				full = engine.Drop + engine.Full(r.IntN(2))
			}
			ed := engine.Connect(s, stages[k])
			ed.Full, ed.MaxOut = full, 1+r.IntN(2)
			if ed.Timed = r.IntN(4) == 0; ed.Timed {
				ed.Full = engine.Full(r.IntN(3))
			}
			about += fmt.Sprintf(" %d -%v %v-> %d", i, ed.Full, ed.Timed, k)
			outs = append(outs, ed)
		}
		s.Handle(func(c *engine.Context, hops int) error {
			if hops == 0 {
				return nil
			}
			for k, ed := range outs {
				for n := range 1 + hops*k%(2*ed.MaxOut) {
					if ed.Timed {
						ed.After(c, time.Duration(n*hops)*10*time.Microsecond, hops-1)
					} else {
						ed.Emit(c, hops-1)
					}
				}
			}
			switch hops % 5 {
			case 3:
				return errBroken
			case 4:
				panic(errBroken)
			}
			return nil
		})
	}
	return e, stages, about
}

// randomPlan gives each stage at least one worker.
func randomPlan(r *rand.Rand, stages, workers int) map[string][]int {
	plan := map[string][]int{}
	for i := range stages {
		plan[fmt.Sprint(i)] = r.Perm(workers)[:1+r.IntN(workers)]
	}
	return plan
}

// Whatever the graph, the rings, the workers and the plans: everything accepted comes to its end. SEDA_GRAPHS sets how many graphs.
func TestRandomGraphsDoNotDeadlock(t *testing.T) {
	graphs := 60
	if env := os.Getenv("SEDA_GRAPHS"); env != "" {
		n, err := strconv.Atoi(env)
		require.NoError(t, err)
		graphs = n
	}
	first := seed(t)
	for i := range uint64(graphs) {
		r := rand.New(rand.NewPCG(first+i, 0))
		workers := 1 + r.IntN(3)
		e, stages, about := randomGraph(t, r, workers)
		start(t, e)
		ctx := limited(t)
		for n := range 100 {
			if n%5 == 0 {
				if err := e.Apply(randomPlan(r, len(stages), workers)); err != nil {
					require.ErrorIs(t, err, engine.ErrInTransition)
				}
			}
			s := stages[r.IntN(len(stages))]
			require.NoError(t, s.Submit(ctx, r.IntN(8)), "TEST_SEED=%d: %s", first+i, about)
		}
		require.NoError(t, e.Drain(ctx), "TEST_SEED=%d: %s", first+i, about)
		engine.CheckBooks(t, e.Stats())
	}
}
