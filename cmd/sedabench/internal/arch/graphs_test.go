package arch

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/workload"
)

// everything is a graph with whatever graphs can have: branches within branches, joins of routes, a loop in a branch, keys at the entry, in a branch and
// in a loop.
func everything() []workload.Stage {
	return []workload.Stage{
		{Name: "in", Next: []string{"left", "right", "out"}, Keyed: true},
		{Name: "left", Next: []string{"l1", "l2"}},
		{Name: "l1", Next: []string{"meet"}},
		{Name: "l2", Next: []string{"meet", "aside"}, Shares: []float64{0.5, 0.5}},
		{Name: "aside", Keyed: true},
		{Name: "meet", Next: []string{"out"}},
		{Name: "right", Next: []string{"again"}},
		{Name: "again", Next: []string{"right", "out", "end"}, Shares: []float64{0.5, 0.25, 0.25}, Rounds: 3, Keyed: true},
		{Name: "out"},
	}
}

func TestAnyGraphLosesNothing(t *testing.T) {
	g, err := workload.Build("everything", everything())
	require.NoError(t, err)
	each(t, func(t *testing.T, a Architecture) {
		for _, arrival := range []load.Arrival{load.Closed, load.Poisson} {
			for _, workers := range []int{1, 3} {
				for _, byWorkers := range []bool{false, true} {
					if byWorkers && arrival != load.Closed {
						continue
					}
					s := newSetup()
					s.Graph, s.stages, s.Arrival, s.arch.Workers, s.ByWorkers = g, g.Stages(), arrival, workers, byWorkers
					result, _ := s.run(t, a)
					require.Positive(t, result.Total.Completed)
				}
			}
		}
	})
}

// More than queues hold is refused, also where it would go round in full queues.
func TestLoopsDoNotStandStill(t *testing.T) {
	service, err := workload.ParseService("constant:20us")
	require.NoError(t, err)
	g, err := workload.Build("loop", []workload.Stage{
		{Name: "a", Next: []string{"b"}},
		{Name: "b", Next: []string{"c"}},
		{Name: "c", Next: []string{"a", "end"}, Shares: []float64{0.9, 0.1}, Rounds: 10},
	})
	require.NoError(t, err)
	each(t, func(t *testing.T, a Architecture) {
		s := newSetup()
		s.Graph, s.stages, s.Service, s.Rate = g, g.Stages(), service, 500_000
		s.arch.Capacity, s.arch.Batch = 4, 2
		result, _ := s.run(t, a)
		require.Positive(t, result.Total.Refused)
		require.Positive(t, result.Total.Completed)
	})
}

// Where each client has a request and there is room for all of them none is refused, also if who ends one submits the next from within a batch.
func TestLoopsHaveRoomForAllClients(t *testing.T) {
	graphs := [][]workload.Stage{
		{{Name: "a", Next: []string{"a", "end"}, Shares: []float64{0.5, 0.5}, Rounds: 3}},
		{{Name: "a", Next: []string{"a", "end"}, Shares: []float64{0.5, 0.5}, Rounds: 3, Keyed: true}},
		{{Name: "a", Next: []string{"b"}}, {Name: "b", Next: []string{"a", "end"}, Shares: []float64{0.5, 0.5}, Rounds: 3}},
		everything(),
	}
	for _, name := range []string{"staged", "channels", "channels-batched"} { // those with a gate
		a, err := Find(name)
		require.NoError(t, err)
		for _, stages := range graphs {
			for _, byWorkers := range []bool{false, true} {
				g, err := workload.Build("loop", stages)
				require.NoError(t, err)
				s := newSetup()
				s.Graph, s.stages, s.Arrival, s.ByWorkers = g, g.Stages(), load.Closed, byWorkers
				s.arch.Capacity, s.arch.Batch, s.Clients = 16, 16, 16
				s.arch.Workers = 1 // of several one that is held up while it takes from a ring keeps slots of it, full or not
				result, _ := s.run(t, a)
				require.Zero(t, result.Total.Refused, "%s, %d stages, by workers: %t", name, g.Stages(), byWorkers)
				require.Positive(t, result.Total.Completed)
			}
		}
	}
}

// Architectures that handle two requests of one key at a time are found out.
func TestExclusionIsChecked(t *testing.T) {
	if invariant.Enabled {
		return // the race detector would rightly say so first
	}
	s := newSetup()
	var err error
	s.Graph, err = workload.NewGraph("keyed", 1)
	require.NoError(t, err)
	s.Keys, err = workload.ParseKeys("uniform:1")
	require.NoError(t, err)
	s.Service, err = workload.ParseService("constant:20us")
	require.NoError(t, err)
	s.Arrival, s.Duration = load.Closed, 50*time.Millisecond
	run, err := load.New(s.Config)
	require.NoError(t, err)
	s.arch.Handler, s.arch.Workers = run.Handler(), 2
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	unlocked, err := startPool(s.arch)
	require.NoError(t, err)
	unlocked.(*pool).locks = nil
	result, err := run.Do(t.Context(), unlocked)
	require.NoError(t, err)
	require.NoError(t, unlocked.Stop(t.Context()))
	require.ErrorContains(t, result.Check(), "handled by a keyed stage while it had another of the same key: ")
}
