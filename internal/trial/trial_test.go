package trial

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/workload"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// place is anywhere; service times pass almost at once.
var place = Place{CPUs: load.CPUs{Generator: -1}, Workers: 1, Spin: workload.Spin{PerTurn: 1000}}

// short makes a trial as short as it can be.
func short(c Config) Config {
	c.Warmup, c.Duration, c.Seed = 5*time.Millisecond, 40*time.Millisecond, 1
	return c
}

// requireBooks runs a trial and checks that every request is accounted for, by kind and by slice.
func requireBooks(t *testing.T, c Config) Outcome {
	t.Helper()
	o, err := Run(t.Context(), c)
	require.NoError(t, err)
	if c.ByWorkers {
		require.Nil(t, o.Slices)
		return o
	}
	var kinds, slices load.Counts
	for _, k := range o.Kinds {
		require.Equal(t, k.Offered, k.Accepted+k.Refused)
		require.Equal(t, k.Accepted, k.Done+k.Expired)
		require.LessOrEqual(t, k.Good, k.Done)
		require.Equal(t, k.Done, k.Sojourn.TotalCount())
		kinds.Offered += k.Offered
		kinds.Accepted += k.Accepted
		kinds.Completed += k.Done
	}
	var parts int64
	for _, h := range o.Parts {
		parts += h.TotalCount()
	}
	require.True(t, c.Parts == 0 || parts == o.Window.Completed)
	for _, s := range o.Slices {
		slices.Offered += int64(s.Offered)
		slices.Accepted += int64(s.Accepted)
		slices.Completed += int64(s.Done)
		require.LessOrEqual(t, s.Good, s.Done)
	}
	require.Equal(t, o.Window.Offered, kinds.Offered)
	require.Equal(t, o.Window.Accepted, kinds.Accepted)
	require.Equal(t, o.Window.Completed, kinds.Completed)
	require.Equal(t, o.Total.Offered, slices.Offered)
	require.Equal(t, o.Total.Accepted, slices.Accepted)
	require.Equal(t, o.Total.Completed, slices.Completed)
	require.LessOrEqual(t, o.Good(), o.Window.Completed)
	return o
}

func TestEveryTrialLosesNothing(t *testing.T) {
	service := workload.Constant(time.Microsecond)
	model, err := FindBatchModel("knee32")
	require.NoError(t, err)
	for _, policy := range staged.Policies() {
		requireBooks(t, short(model.Saturated(place, policy, MostBatch)))
		light := short(model.At(place, 0.3, policy, 1))
		light.Parts = 4
		require.Len(t, requireBooks(t, light).Parts, light.Parts)
		requireBooks(t, short(Overload(place, service, policy, 100_000)))
		classes := requireBooks(t, short(Overload(place, service, policy, 100_000).Classes()))
		require.Len(t, classes.Kinds, 3)
		spike := short(Spike(place, service, policy, 100_000, 0.5, 2, 10*time.Millisecond))
		require.Len(t, Recoveries(requireBooks(t, spike), spike), 4, "the spikes from 5 ms on, of 10 ms each")
		starve, err := Starve(place, service, policy, 5000)
		require.NoError(t, err)
		o := requireBooks(t, short(starve))
		require.Len(t, o.Kinds, 4)
		for _, p := range []Place{place, {CPUs: place.CPUs, Workers: 2, ByWorkers: true, Spin: place.Spin}} {
			requireBooks(t, short(Shift(p, service, policy, 5*time.Millisecond, 40*time.Millisecond)))
			o := requireBooks(t, short(TwoStages(p, service, policy, 5*time.Millisecond, 40*time.Millisecond)))
			require.Positive(t, o.Total.Completed)
			require.NotNil(t, o.Decisions)
		}
	}
	requireBooks(t, short(Peak(place, service)))
}

func TestCostsChange(t *testing.T) {
	c := short(BatchModel{"free", time.Microsecond, workload.Cost{}}.Saturated(place, "static", 8))
	c.Change, c.Then = time.Millisecond, workload.Cost{Fixed: time.Microsecond}
	requireBooks(t, c)
}

func TestRunNamesWhatIsWrong(t *testing.T) {
	service := workload.Constant(time.Microsecond)
	_, err := Run(t.Context(), short(Overload(place, service, "chance", 1000)))
	require.ErrorContains(t, err, `start: unknown policy "chance"`)
	c := short(Overload(place, service, "static", 1000))
	c.Profile = load.Profile{{For: 0}}
	_, err = Run(t.Context(), c)
	require.ErrorContains(t, err, "profile: ")
	_, err = FindBatchModel("none")
	require.EqualError(t, err, `unknown batch model "none"`)
}

func TestBatchModelsHaveTheirBestWhereTheySay(t *testing.T) {
	const quantum = 100e3
	for _, m := range BatchModels() {
		best, within := 0.0, 0.0
		for b := 1; b <= MostBatch; b++ {
			best = max(best, m.Rate(b))
			if m.Cost.Batch(b)+float64(b)*float64(m.Service) <= quantum {
				within = max(within, m.Rate(b))
			}
		}
		require.Equal(t, m.Name != "a50c1", within >= 0.98*best, "%s: %g of %g", m.Name, within, best)
	}
	knee, err := FindBatchModel("knee32")
	require.NoError(t, err)
	require.Greater(t, knee.Rate(32), knee.Rate(31))
	require.Greater(t, knee.Rate(32), knee.Rate(33))
	seda, err := FindBatchModel("seda200")
	require.NoError(t, err)
	require.InEpsilon(t, seda.Rate(200), seda.Rate(1000), 1e-9)              // as good as five batches of 200
	require.InEpsilon(t, 200/(1+199./20), seda.Rate(200)/seda.Rate(1), 1e-9) // one in full, the others a twentieth
}

func TestQuantileOfParts(t *testing.T) {
	var o Outcome
	for _, ns := range []int64{3, 900, 2} {
		h := hdrhistogram.New(1, 1000, 3)
		require.NoError(t, h.RecordValue(ns))
		o.Parts = append(o.Parts, h)
	}
	require.Equal(t, time.Duration(3), QuantileOfParts(o, 99))
}

func TestFound(t *testing.T) {
	const slice = 10 * time.Millisecond
	o := Outcome{Slices: make([]Slice, 101)}
	for i := range o.Slices {
		o.Slices[i].Done = min(i, 40)
	}
	at, ok := Found(o, slice, 0, 0.9, 4000)
	require.True(t, ok)
	require.Equal(t, 310*time.Millisecond, at) // 31 to 40: the sixth of these ten is the first to have the 36 that it takes
	at, ok = Found(o, slice, 500*time.Millisecond, 0.9, 4000)
	require.True(t, ok)
	require.Zero(t, at)
	_, ok = Found(o, slice, 0, 1.1, 4000)
	require.False(t, ok)
	require.InDelta(t, 4000, DoneRate(o, slice, 500*time.Millisecond, 900*time.Millisecond), 1e-9)
	require.True(t, math.IsNaN(DoneRate(o, slice, 500*time.Millisecond, 505*time.Millisecond)))
}

func TestRecoveries(t *testing.T) {
	c := Spike(place, workload.Constant(time.Millisecond), "static", 1000, 0.5, 1.5, 20*time.Millisecond)
	c.Warmup, c.Duration = 20*time.Millisecond, 60*time.Millisecond
	o := Outcome{Slices: make([]Slice, 81)}
	delays := map[int]time.Duration{ // by slice; the target is 10 ms
		15: 20,                        // in the warm-up
		31: 11, 32: 12, 34: 13, 35: 9, // over, with a gap, and then under
		50: 2,  // never over
		79: 12, // over at the end
	}
	for at, ms := range delays {
		o.Slices[at] = Slice{Done: 2, Good: 1, Delay: int64(2 * ms * time.Millisecond)}
	}
	require.Equal(t, []Recovery{
		{First: 6 * time.Millisecond, Settled: 5 * time.Millisecond, Good: 400},
		{Good: 100},
		{First: 10 * time.Millisecond, Settled: 10 * time.Millisecond, Never: true, Good: 100},
	}, Recoveries(o, c))
}

func TestWhatTheTimeLineShows(t *testing.T) {
	moments := []report.Moment{
		{At: 0, Stages: []report.StageMoment{{Done: 0}}},
		{At: 1e9, Stages: []report.StageMoment{{Done: 10}}},
		{At: 3e9, Stages: []report.StageMoment{{Done: 40}}},
	}
	require.InDelta(t, 10, SeenRate(moments, 0, time.Second), 1e-9)
	require.InDelta(t, 15, SeenRate(moments, time.Second, time.Minute), 1e-9)
	require.Zero(t, SeenRate(moments, 4*time.Second, time.Minute))
	require.Zero(t, SeenRate(nil, 0, time.Second))
	decisions := []report.Decision{{At: 1e9, What: "cores of workers: 0 | 1"}, {At: 2e9, What: "batch of s0"}, {At: 3e9, What: "cores of workers: 1 | 0"}}
	require.Equal(t, 1, Moves(decisions, 0, 3*time.Second))
	require.Equal(t, 2, Moves(decisions, 0, time.Minute))
}

// A generator that was late is not pardoned because requests took long.
func TestLateRunsDoNotCount(t *testing.T) {
	outcome := func(late time.Duration) *Outcome {
		o := &Outcome{}
		o.Done, o.Window.Offered = 1, 1
		o.Sojourn, o.Lateness = hdrhistogram.New(1, 1e9, 3), hdrhistogram.New(1, 1e9, 3)
		require.NoError(t, errors.Join(o.Sojourn.RecordValue(1e8), o.Lateness.RecordValue(int64(late))))
		return o
	}
	require.True(t, outcome(40*time.Microsecond).Counts(Config{}))
	require.False(t, outcome(time.Millisecond).Counts(Config{}))
	require.True(t, outcome(900*time.Microsecond).Counts(Config{Deadline: 10 * time.Millisecond}))
	require.False(t, outcome(2*time.Millisecond).Counts(Config{Deadline: 10 * time.Millisecond}))
}

// A worker that sleeps while the generator has the requests counts as one that spins then does; one that did not get its CPU although it had enough to do does not.
func TestWhoSleepsWithNothingToDoCounts(t *testing.T) {
	sleep, err := workload.ParseWork("sleep")
	require.NoError(t, err)
	means, err := sleep.Open(1)
	require.NoError(t, err)
	o := &Outcome{}
	o.Done, o.CPU = 1, 60*time.Millisecond
	o.Sojourn, o.Lateness = hdrhistogram.New(1, 1e9, 3), hdrhistogram.New(1, 1e9, 3)
	c := Config{Place: Place{Workers: 1}, Arrival: load.Closed, Duration: 100 * time.Millisecond}
	for clients, counts := range map[int]bool{1: true, 2: false, 64: false} {
		c.Clients = clients
		require.Equal(t, counts, o.Counts(c), clients)
	}
	c.Means = means
	require.True(t, o.Counts(c), "and stages that block need no CPU")
}
