package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// byHand starts an engine whose workers have no goroutines: the test makes their steps, one after the other and in any order. So it walks
// the one schedule of many that it is about. Workers are awake to begin with.
func byHand(t *testing.T, workers int, assign map[string][]int, build func(e *Engine)) *Engine {
	t.Helper()
	e := New(Config{Workers: workers, Kind: Shared, Assign: assign, Log: quietLog()})
	build(e)
	require.Empty(t, e.checkGraph())
	e.phase.Store(starting)
	e.kind = Shared
	e.rank()
	require.NoError(t, e.prepare(make([]seat, workers)))
	e.accept()
	for _, w := range e.workers {
		w.adopt(e.plan.Load())
	}
	return e
}

// fallAsleep makes workers announce their sleep and go past their last look.
func fallAsleep(t *testing.T, e *Engine, workers ...int) {
	t.Helper()
	for _, i := range workers {
		e.parked.set(i)
		require.True(t, e.workers[i].mayPark(), "worker %d has something to do", i)
		e.workers[i].state.Store(asleep)
	}
}

// fallAsleepUnasked makes workers sleep that looked before there was anything to see.
func fallAsleepUnasked(e *Engine, workers ...int) {
	for _, i := range workers {
		e.parked.set(i)
		e.workers[i].state.Store(asleep)
	}
}

// woken returns which workers have been woken since the last call.
func woken(e *Engine) sched.Set {
	var set sched.Set
	for i, w := range e.workers {
		select {
		case <-w.parker.woken:
			set.Add(i)
		default:
		}
	}
	return set
}

var none sched.Set

// turn makes worker i run one batch.
func turn(t *testing.T, e *Engine, i int) {
	t.Helper()
	require.True(t, e.workers[i].turn(), "worker %d finds nothing to run", i)
}

// settled makes worker i pay what builds with invariants have it owe without need.
func settled(e *Engine, i int) {
	for len(e.workers[i].debts) > 0 && e.workers[i].payDebts() {
	}
}

// planned publishes a plan.
func planned(e *Engine, workers map[string][]int) {
	p := sched.Plan{Serve: make([][]int, len(e.workers))}
	for _, s := range e.stages {
		for _, w := range workers[s.name] {
			p.Serve[w] = append(p.Serve[w], s.id)
		}
	}
	e.publish(newPlan(p, len(e.stages)))
}

// ringOf returns what edges push into, in a stage of one shard and class.
func ringOf(s *Stage[int]) *source[int] { return &s.shards[0].rings[0] }

// take pops n events of the ring of s.
func take(s *Stage[int], n int) { ringOf(s).plain.PopBatch(make([]int, n)) }

// put pushes v into the ring of s as a worker would, before that one tells anybody.
func put(t *testing.T, s *Stage[int], v int) {
	t.Helper()
	require.True(t, ringOf(s).plain.Push(v, 0))
	s.e.ready.set(s.id)
}

// watchedRun is a stage with something that happens just before a worker looks whether it can be run, or drain what it has queued, and after
// somebody looked whether events wait.
type watchedRun struct {
	stageRun
	beforeRunnable, beforeQueued, afterPending func()
}

func (r *watchedRun) runnable() bool {
	if r.beforeRunnable != nil {
		r.beforeRunnable()
	}
	return r.stageRun.runnable()
}

func (r *watchedRun) queued() (waiting, held int) {
	if r.beforeQueued != nil {
		r.beforeQueued()
	}
	return r.stageRun.queued()
}

func (r *watchedRun) pending() bool {
	if r.afterPending != nil {
		defer r.afterPending()
	}
	return r.stageRun.pending()
}

// watchedEdge is an edge with something that happens just after a look for room.
type watchedEdge struct {
	outEdge
	afterAdmits func()
}

func (ed *watchedEdge) admits() bool {
	ok := ed.outEdge.admits()
	ed.afterAdmits()
	return ok
}
