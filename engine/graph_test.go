package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
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

// Whatever the graph, the rings, the workers and the plans: everything accepted comes to its end, in order where order is promised, and
// every call is answered. SEDA_GRAPHS sets how many graphs, each of which runs on one worker and on two. One that fails says how to run it alone.
func TestRandomGraphsDoNotDeadlock(t *testing.T) {
	graphs := engine.FromEnv(t, "SEDA_GRAPHS", engine.Shorter(500))
	first := seed(t)
	defer engine.SetIdleCarrier(time.Millisecond)()
	for i := range uint64(graphs) {
		for workers := 1; workers <= 2 && !t.Failed(); workers++ {
			runRandomGraph(t, first+i, workers)
		}
	}
}

func runRandomGraph(t *testing.T, seed uint64, workers int) {
	g := makeRandomGraph(seed, workers, tiny)
	defer func() {
		if t.Failed() {
			t.Logf("to run it alone: TEST_SEED=%d SEDA_GRAPHS=1\n%s\n%s", seed, g.about.String(), g.state())
		}
		_ = g.e.Close()
	}()
	start(t, g.e)
	ctx, cancel := context.WithTimeout(context.Background(), engine.Patience)
	defer cancel()
	stopPlans := g.changePlans(workers)
	end := []ending{atRest, atRest, drained, closed}[g.r.IntN(4)]
	fed, calls := g.feed(ctx, t, 20+g.r.IntN(200))
	if end == atRest {
		fed.Wait()
		stopPlans()
		// Before Drain, which wakes every worker: nobody may have been forgotten.
		eventually(t, "everything is done", g.atRest)
	}
	if end == closed {
		g.close(t)
	} else {
		require.NoError(t, g.e.Drain(ctx))
		engine.CheckBooks(t, g.e.Stats())
		g.verify(t)
	}
	fed.Wait()
	calls.Wait()
	stopPlans()
	require.NoError(t, ctx.Err(), "a call got no answer")
}

// ending is how a random graph ends.
type ending int

const (
	atRest  ending = iota // all is fed and done
	drained               // while it is fed
	closed                // the same
)

// feed hands events to all doors, about n in all, from one goroutine each, or from two where no order is promised.
func (g *randomGraph) feed(ctx context.Context, t *testing.T, n int) (fed, calls *sync.WaitGroup) {
	fed, calls = new(sync.WaitGroup), new(sync.WaitGroup)
	for _, d := range g.doors {
		luck := g.r.Uint64()
		if d.id == 0 {
			fed.Go(func() { _ = d.feed(ctx, n/len(g.doors), mixLuck(luck), calls) })
		}
		fed.Go(func() {
			if err := d.feed(ctx, 1+n/len(g.doors), luck, calls); err != nil && !errors.Is(err, engine.ErrClosed) {
				t.Errorf("submit: %v", err)
			}
		})
	}
	return fed, calls
}

// changePlans publishes random plans until the function it returns is called, which may be called again.
func (g *randomGraph) changePlans(workers int) (stop func()) {
	r := rand.New(rand.NewPCG(g.r.Uint64(), 0))
	if g.one(3) {
		return func() {}
	}
	var stopped atomic.Bool
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for !stopped.Load() {
			_ = g.e.Apply(g.randomPlan(r, workers)) // refused while the last one is in transition
			for range r.IntN(100) {
				runtime.Gosched()
			}
		}
	}()
	return func() {
		stopped.Store(true)
		<-gone
	}
}

// atRest reports whether nothing is in flight.
func (g *randomGraph) atRest() bool {
	for _, s := range g.e.Stats().Stages {
		if s.Depth > 0 {
			return false
		}
	}
	return true
}

// close closes the engine and checks that it names all that was left.
func (g *randomGraph) close(t *testing.T) {
	t.Helper()
	var left *engine.RemainsError
	named := 0
	if err := g.e.Close(); err != nil {
		require.ErrorAs(t, err, &left)
		named = left.Total()
	}
	depth := 0
	for _, s := range g.e.Stats().Stages {
		depth += s.Depth
	}
	require.Equal(t, depth, named)
	g.verify(t)
}

// state says where events are, for a graph that is stuck.
func (g *randomGraph) state() (text string) {
	s := g.e.Stats()
	for _, st := range s.Stages {
		text += fmt.Sprintf("  stage %s: entered %d, completed %d, failed %d, expired %d, depth %d\n", st.Name, st.Entered, st.Completed, st.Failed, st.Expired, st.Depth)
		for _, ed := range st.Edges {
			if ed.Owed > 0 {
				text += fmt.Sprintf("    owes %d to %s\n", ed.Owed, ed.To)
			}
		}
	}
	for i, w := range s.Workers {
		text += fmt.Sprintf("  worker %d: plan %d of %d, asleep %v, runs %q for %v\n", i, w.Plan, s.Plan, g.e.Asleep(i), w.Stage, w.Since)
	}
	return text
}
