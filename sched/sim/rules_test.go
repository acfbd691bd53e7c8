package sim_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// one is a system of one stage and one source.
func one(workers int, s sim.Stage, a sim.Arrivals) *sim.System {
	s.Name = "only"
	return &sim.System{Workers: seats(workers), Stages: []sim.Stage{s}, Sources: []sim.Source{{Name: "in", Arrivals: a}}}
}

func run(t *testing.T, y *sim.System, o sim.Options) *sim.Result {
	t.Helper()
	if o.Duration == 0 {
		o.Duration = 1e8
	}
	res, err := sim.Run(y, o)
	require.NoError(t, err)
	return res
}

// limit is a policy that sets one limit for all sources.
func limit(l sched.Limit) sched.Maker {
	return func(y *sched.System) (sched.Policy, error) {
		return decide(func(_ *sched.Snapshot, d *sched.Draft) {
			for i := range y.Sources {
				d.SetLimit(i, l, "test")
			}
		}), nil
	}
}

// decide is a policy made of a function.
type decide func(s *sched.Snapshot, d *sched.Draft)

func (f decide) Decide(s *sched.Snapshot, d *sched.Draft) { f(s, d) }

func TestLimits(t *testing.T) {
	work := sim.Stage{Event: sim.Service{Mean: 1000}, MaxBatch: 1}
	twice := sim.Arrivals{Rate: 2e6}

	res := run(t, one(1, work, twice), sim.Options{Policy: limit(sched.Limit{Rate: 5e5}), Warmup: 1e7})
	require.InEpsilon(t, 5e5, res.Rate(), 0.01)
	require.InEpsilon(t, 1.5e6, float64(res.Sources[0].Refused)*10, 0.01)

	res = run(t, one(1, work, twice), sim.Options{Policy: limit(sched.Limit{Depth: 10}), Warmup: 1e7})
	require.InEpsilon(t, 1e6, res.Rate(), 0.01)
	require.LessOrEqual(t, res.Sources[0].Sojourn.Max, int64(11_000), "ten wait, one is served")

	res = run(t, one(1, work, twice), sim.Options{Policy: limit(sched.Limit{Age: 50_000}), Warmup: 1e7})
	require.InEpsilon(t, 1e6, res.Rate(), 0.01)
	require.LessOrEqual(t, res.Sources[0].Sojourn.Max, int64(51_000))
	require.NotZero(t, res.Sources[0].Expired)
	require.Equal(t, res.Stages[0].Expired, res.Sources[0].Expired)
}

// The classes of a stage that has too much to do share it 1 to 4 to 16 to 64.
func TestClasses(t *testing.T) {
	y := one(1, sim.Stage{Event: sim.Service{Mean: 1000}, Classes: 4}, sim.Arrivals{Process: sim.Saturate})
	for class := 1; class < 4; class++ {
		c := y.Sources[0]
		c.Class = class
		y.Sources = append(y.Sources, c)
	}
	res := run(t, y, sim.Options{Warmup: 1e7})
	for class, want := range []float64{1, 4, 16, 64} {
		require.InEpsilon(t, want/85*1e5, float64(res.Sources[class].Done), 0.05, "class %d", class)
	}
}

// A serial stage is one worker's at a time, a keyed stage runs on several as its keys allow.
func TestGuards(t *testing.T) {
	work := sim.Stage{Event: sim.Service{Mean: 1000}}
	for _, c := range []struct {
		shards int
		hot    float64
		rate   float64
	}{{0, 0, 4e6}, {1, 0, 1e6}, {16, 0, 4e6}, {16, 0.5, 1e6 / (0.5 + 0.5/16)}} {
		work.Shards, work.Hot = c.shards, c.hot
		res := run(t, one(4, work, sim.Arrivals{Process: sim.Saturate}), sim.Options{Warmup: 5e7})
		require.LessOrEqual(t, res.Rate(), 1.01*c.rate, "%+v", c)
		require.Greater(t, res.Rate(), 0.88*c.rate, "%+v: while the source waits for the hot shard the others run dry", c)
	}
}

// What a machine costs is what its Costs say.
func TestCosts(t *testing.T) {
	perBatch := func(costs sim.Costs, workers int, stages []sim.Stage, plan sched.Plan) []float64 {
		y := &sim.System{Workers: seats(workers), Stages: stages, Costs: costs}
		for i := range y.Workers {
			y.Workers[i].Core, y.Workers[i].LLC, y.Workers[i].Node = i/2, i, i/2
		}
		y.Sources = []sim.Source{{Name: "in", Stage: len(stages) - 1, Arrivals: sim.Arrivals{Process: sim.Saturate}}}
		res := run(t, y, sim.Options{Warmup: 1e7, Plan: plan})
		var all []float64
		for _, s := range res.Stages {
			all = append(all, float64(s.Batches.T)/float64(s.Batches.N))
		}
		return all
	}
	single := line(1, sim.Stage{Batch: 1000, MaxBatch: 10})
	pair := line(2, sim.Stage{Batch: 1000, MaxBatch: 10, Footprint: 1 << 11})
	apart := sched.Plan{Serve: [][]int{{0}, {1}}}
	for _, c := range []struct {
		name    string
		costs   sim.Costs
		workers int
		stages  []sim.Stage
		plan    sched.Plan
		want    []float64
	}{
		{"nothing", sim.Costs{}, 1, single, sched.Plan{}, []float64{1000}},
		{"ring", sim.Costs{Ring: 70}, 1, single, sched.Plan{}, []float64{1070}},
		{"ring of a hand-over", sim.Costs{Ring: 70}, 1, pair, sched.Plan{}, []float64{1000, 1070}},
		{"contention", sim.Costs{Contend: 30}, 2, single, sched.Plan{}, []float64{1030}},
		{"siblings", sim.Costs{SMT: 1.5}, 2, single, sched.Plan{}, []float64{1500}},
		{"cold", sim.Costs{Refill: 100}, 1, pair, sched.Plan{}, []float64{1200, 1200}},
		{"both warm", sim.Costs{Refill: 100, Cache: 1 << 12}, 1, pair, sched.Plan{}, []float64{1000, 1000}},
		{"own stage", sim.Costs{Refill: 100}, 2, pair, apart, []float64{1000, 1000}},
		{"other core", sim.Costs{Far: 200, Core: 10}, 2, pair, apart, []float64{1300, 1000}},
		{"other cache", sim.Costs{Far: 200, Core: 10, LLC: 5}, 2, pair, apart, []float64{1350, 1000}},
		{"other node", sim.Costs{Core: 10, LLC: 5, Node: 20}, 3, pair, sched.Plan{Serve: [][]int{{0}, {0}, {1}}}, []float64{1300, 1000}},
	} {
		require.InDeltaSlice(t, c.want, perBatch(c.costs, c.workers, c.stages, c.plan), 2, c.name)
	}
	y := &sim.System{Workers: seats(1), Stages: pair, Costs: sim.Costs{Ring: 70}, Apart: true}
	y.Sources = []sim.Source{{Name: "in", Stage: 1, Arrivals: sim.Arrivals{Process: sim.Saturate}}}
	for _, s := range run(t, y, sim.Options{}).Stages {
		require.EqualValues(t, 1070, s.Batches.T/s.Batches.N)
		require.Zero(t, s.Direct)
	}
	knee := line(1, sim.Stage{Batch: 1000, MaxBatch: 10, Knee: 6, Beyond: 50})
	require.InDeltaSlice(t, []float64{1200}, perBatch(sim.Costs{}, 1, knee, sched.Plan{}), 2)
}

// An event for a worker that sleeps waits for it to wake up; one that searches is there at once.
func TestWakeUps(t *testing.T) {
	y := one(1, sim.Stage{Event: sim.Service{Mean: 1000}}, sim.Arrivals{Process: sim.Fixed, Rate: 1e3})
	y.Costs = sim.Costs{Wake: 20_000, Look: 100, Idle: sim.Park}
	res := run(t, y, sim.Options{})
	require.EqualValues(t, 21_000, res.Sources[0].Sojourn.Max)
	require.InDelta(t, 100, float64(res.Workers[0].Wakes), 1)
	y.Costs.Idle = sim.Spin
	res = run(t, y, sim.Options{})
	require.EqualValues(t, 1100, res.Sources[0].Sojourn.Max)
	require.Zero(t, res.Workers[0].Parked)
	y.Costs.Idle = sim.Adaptive // sleeps: events are rare beside a wake-up
	res = run(t, y, sim.Options{Warmup: 1e7})
	require.EqualValues(t, 21_000, res.Sources[0].Sojourn.Max)
	y.Sources[0].Arrivals.Rate = 2e5 // spins: they are not
	res = run(t, y, sim.Options{Warmup: 1e7})
	require.EqualValues(t, 1100, res.Sources[0].Sojourn.Max)
}

// A full ring ahead holds the stage before, and is the depth that a policy sees; the stage is counted as held.
func TestBackpressure(t *testing.T) {
	y := &sim.System{Workers: seats(2), Stages: line(2, sim.Stage{Event: sim.Service{Mean: 100}, Capacity: 128})}
	y.Stages[0].Event.Mean = 1000
	y.Sources = []sim.Source{{Name: "in", Stage: 1, Arrivals: sim.Arrivals{Process: sim.Saturate}}}
	res := run(t, y, sim.Options{Plan: sched.Plan{Serve: [][]int{{0}, {1}}}, Warmup: 1e7})
	require.InEpsilon(t, 1e6, res.Rate(), 0.01)
	require.LessOrEqual(t, res.Stages[0].Depth, 128+64, "a ring and a hand")
	require.NotZero(t, res.Stages[1].Held)
	require.Greater(t, res.Workers[1].Parked+res.Workers[1].Idle, res.Duration/2)
}

// A policy is called every tick, or when it has asked for it; what it decides is in force, and what cannot be is refused.
func TestControl(t *testing.T) {
	var times []int64
	policy := func(*sched.System) (sched.Policy, error) {
		return decide(func(s *sched.Snapshot, d *sched.Draft) {
			times = append(times, s.Now)
			switch len(times) {
			case 2:
				require.True(t, s.Settled)
				d.SetServe([][]int{{0}, {0, 1}}, "apart")
				d.Wait(3e6)
			case 3:
				require.True(t, s.Settled)
				require.EqualValues(t, 2, s.Epoch)
				require.Equal(t, [][]int{{0}, {0, 1}}, d.Plan.Serve)
				d.SetServe([][]int{{0}, {0}}, "impossible")
				d.SetBatch(0, 7, "in the same plan")
			case 4:
				require.Equal(t, [][]int{{0}, {0, 1}}, d.Plan.Serve, "the last good plan stays")
				require.Zero(t, d.Plan.Batch[0])
				d.SetBatch(0, 7, "alone")
			}
		}), nil
	}
	y := &sim.System{Workers: seats(2), Stages: line(2, sim.Stage{Event: sim.Service{Mean: 1000}})}
	y.Sources = []sim.Source{{Name: "in", Stage: 1, Arrivals: sim.Arrivals{Process: sim.Saturate}}}
	res := run(t, y, sim.Options{Policy: policy, Tick: 1e6, Duration: 2e7, Sample: 1e6})
	require.Equal(t, []int64{0, 1e6, 4e6, 5e6, 6e6}, times[:5])
	require.Len(t, res.Decisions, 4)
	require.Contains(t, res.Decisions[1].Refused, "leaves stage 1 without a worker")
	require.Equal(t, 7, res.Plan.Batch[0])
	require.Equal(t, 1, res.Line[len(res.Line)-1].Stages[1].Cores)
	require.Equal(t, 7, res.Line[len(res.Line)-1].Stages[0].Batch)
	require.EqualValues(t, 1, res.Workers[0].Moves)
}

func TestMistakes(t *testing.T) {
	for want, spoil := range map[string]func(*sim.System){
		"system: 0 workers":                   func(y *sim.System) { y.Workers = nil },
		"system: no source":                   func(y *sim.System) { y.Sources = nil },
		`stage "only": Event: `:               func(y *sim.System) { y.Stages[0].Event.Kind = 9 },
		"Next is 3":                           func(y *sim.System) { y.Stages[0].Edges = []sim.Edge{{To: 3}} },
		"add up to 1.5":                       func(y *sim.System) { y.Stages[0].OneOf, y.Stages[0].Edges = true, []sim.Edge{{Ratio: 1.5}} },
		"Shards is -1":                        func(y *sim.System) { y.Stages[0].Shards = -1 },
		`source "in": the Class is 1, want 0`: func(y *sim.System) { y.Sources[0].Class = 1 },
		"a Rate of -1":                        func(y *sim.System) { y.Sources[0].Arrivals.Rate = -1 },
		"costs: ":                             func(y *sim.System) { y.Costs.Wake = -1 },
		"want times that grow":                func(y *sim.System) { y.Stages[0].Scale = []sim.Step{{At: 5}, {At: 5}} },
	} {
		y := one(1, sim.Stage{}, sim.Arrivals{Rate: 1})
		spoil(y)
		_, err := sim.Run(y, sim.Options{Duration: 1})
		require.ErrorContains(t, err, want)
	}
	_, err := sim.Run(one(1, sim.Stage{}, sim.Arrivals{}), sim.Options{})
	require.ErrorContains(t, err, "options: Duration 0")
	_, err = sim.Run(one(1, sim.Stage{}, sim.Arrivals{}), sim.Options{Duration: 1, Plan: sched.Plan{Serve: [][]int{{}}}})
	require.ErrorContains(t, err, "leaves stage 0 without a worker")
}

// In a closed loop from inside whoever ends an event has made the next one, which another worker has to fetch.
func TestClosedLoopFromInside(t *testing.T) {
	for _, c := range []struct {
		inside float64
		want   []float64
	}{{0, []float64{1210, 1000}}, {5, []float64{1210, 1215}}} {
		y := &sim.System{Workers: seats(2), Stages: line(2, sim.Stage{Batch: 1000, MaxBatch: 10}), Costs: sim.Costs{Far: 200, Core: 10}}
		y.Sources = []sim.Source{{Name: "in", Stage: 1, Arrivals: sim.Arrivals{Process: sim.Closed, Clients: 1, Inside: c.inside}}}
		res := run(t, y, sim.Options{Warmup: 1e7, Plan: sched.Plan{Serve: [][]int{{0}, {1}}}})
		for i, s := range res.Stages {
			require.InDelta(t, c.want[i], float64(s.Batches.T)/float64(s.Batches.N), 1, "stage %d, inside: %g", i, c.inside)
		}
	}
}
