package staged

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/workload"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestAssign(t *testing.T) {
	for _, c := range []struct {
		stages, workers int
		want            map[string][]int
	}{
		{1, 1, map[string][]int{"s0": {0}}},
		{3, 1, map[string][]int{"s0": {0}, "s1": {0}, "s2": {0}}},
		{3, 2, map[string][]int{"s0": {0}, "s1": {0}, "s2": {1}}},
		{2, 2, map[string][]int{"s0": {0}, "s1": {1}}},
		{2, 5, map[string][]int{"s0": {0, 2, 4}, "s1": {1, 3}}},
	} {
		g, err := workload.NewGraph("pipeline", c.stages)
		require.NoError(t, err)
		require.Equal(t, c.want, assign(g, c.workers), "%d stages, %d workers", c.stages, c.workers)
	}
}

// small is a load of next to no work, on two kinds of requests in three stages.
func small(t *testing.T, g *workload.Graph, shares []float64) *load.Run {
	t.Helper()
	r, err := load.New(load.Config{
		Arrival: load.Fixed, Rate: 50_000, Batch: 1, InFlight: 100_000, Duration: 20 * time.Millisecond, Patience: time.Minute,
		Seed: 1, Graph: g, Shares: shares, Spin: workload.Spin{PerTurn: 1}, CPU: -1,
	})
	require.NoError(t, err)
	return r
}

func TestEveryPolicyLosesNothing(t *testing.T) {
	g, err := workload.NewGraph("pipeline", 3)
	require.NoError(t, err)
	for _, policy := range Policies() {
		r := small(t, g, []float64{0.5, 0.5})
		s, err := Start(Config{
			Handler: r.Handler(), Workers: 2, Capacity: 64, MaxBatch: 8, Policy: policy, Timeline: time.Millisecond,
			Kinds: []Kind{{Name: "low", Target: time.Second}, {Name: "high", Class: 1}},
			Cost:  workload.Cost{Fixed: time.Microsecond}, Spin: workload.Spin{PerTurn: 1}, Log: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err, policy)
		result, err := r.Do(t.Context(), s)
		require.NoError(t, err, policy)
		require.NoError(t, s.Stop(t.Context()), policy)
		require.NoError(t, result.Check(), policy)
		require.NotNil(t, s.Decisions(), policy)
		requireTimeline(t, s, result)
		for _, mean := range s.Batches() {
			require.GreaterOrEqual(t, mean, 1.0, policy)
			require.LessOrEqual(t, mean, 8.0, policy)
		}
	}
}

// requireTimeline checks that what was seen never goes back, nor beyond where the load ended.
func requireTimeline(t *testing.T, s *Service, result load.Result) {
	t.Helper()
	moments := s.Timeline()
	if len(moments) == 0 {
		return // nobody let the control loop run
	}
	for i, m := range moments {
		require.Len(t, m.Stages, 3)
		for k, st := range m.Stages {
			require.Equal(t, fmt.Sprintf("s%d", k), st.Name)
			require.Positive(t, st.Cores)
			require.Positive(t, st.Batch)
		}
		if i > 0 {
			require.GreaterOrEqual(t, m.At, moments[i-1].At)
			require.GreaterOrEqual(t, m.Accepted, moments[i-1].Accepted)
			require.GreaterOrEqual(t, m.Stages[2].Done, moments[i-1].Stages[2].Done)
		}
	}
	last := moments[len(moments)-1]
	require.GreaterOrEqual(t, result.Total.Accepted, int64(last.Accepted))
	require.GreaterOrEqual(t, result.Total.Refused, int64(last.Refused))
	require.GreaterOrEqual(t, result.Total.Completed, int64(last.Stages[2].Done))
}

func TestKindsHaveStagesOfTheirOwn(t *testing.T) {
	g, err := workload.Apart(2)
	require.NoError(t, err)
	r := small(t, g, []float64{0.8, 0.2})
	s, err := Start(Config{
		Handler: r.Handler(), Workers: 1, Capacity: 1024, Policy: "serve-all", Kinds: []Kind{{Name: "much"}, {Name: "little"}},
		Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	result, err := r.Do(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, s.Stop(t.Context()))
	require.NoError(t, result.Check())
	require.Nil(t, s.Timeline())
	stages := s.Stats().Stages
	require.Equal(t, result.Total.Completed, int64(stages[0].Completed+stages[1].Completed))
	require.Greater(t, stages[0].Completed, stages[1].Completed)
	require.Positive(t, stages[1].Completed)
}

// Requests of several kinds that go round are no more than the rings of the way back hold, which would lose them.
func TestKindsThatGoRoundLoseNothing(t *testing.T) {
	g, err := workload.Build("loop", []workload.Stage{
		{Name: "a", Next: []string{"b"}},
		{Name: "b", Next: []string{"a", "end"}, Shares: []float64{0.9, 0.1}, Rounds: 20},
	})
	require.NoError(t, err)
	r, err := load.New(load.Config{
		Arrival: load.Fixed, Rate: 1_000_000, Batch: 16, InFlight: 100_000, Duration: 20 * time.Millisecond, Patience: 5 * time.Second,
		Seed: 1, Graph: g, Service: workload.Constant(20 * time.Microsecond), Shares: []float64{0.3, 0.3, 0.4}, Spin: workload.Spin{PerTurn: 1}, CPU: -1,
	})
	require.NoError(t, err)
	s, err := Start(Config{
		Handler: r.Handler(), Workers: 1, Capacity: 4, MaxBatch: 4, Policy: "serve-all", // one: of several, who takes from a ring may make it look full
		Kinds: []Kind{{Name: "low"}, {Name: "mid", Class: 1}, {Name: "high", Class: 2}}, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	result, err := r.Do(t.Context(), s)
	require.NoError(t, err)
	require.NoError(t, s.Stop(t.Context()))
	require.NoError(t, result.Check())
	failed, dropped := s.Losses()
	require.Zero(t, failed+dropped)
	require.Positive(t, result.Total.Refused)
	require.Positive(t, result.Total.Completed)
}

func TestStartNamesWhatIsWrong(t *testing.T) {
	g, err := workload.NewGraph("pipeline", 1)
	require.NoError(t, err)
	c := Config{Handler: small(t, g, nil).Handler(), Workers: 1, Capacity: 1000, Policy: "serve-all"}
	_, err = Start(c)
	require.ErrorContains(t, err, "Capacity")
	c.Policy = "chance"
	_, err = Start(c)
	require.ErrorContains(t, err, `unknown policy "chance", want `)
}
