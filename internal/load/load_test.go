package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/internal/workload"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestSchedulesDependOnTheSeedOnly(t *testing.T) {
	due := func(a Arrival, seed uint64) []int64 {
		s := NewSchedule(a, 1e6, rand.New(rand.NewPCG(seed, arrivalStream)))
		times := make([]int64, 1000)
		for i := range times {
			times[i] = s.Next()
		}
		return times
	}
	for _, a := range []Arrival{Fixed, Poisson} {
		require.Equal(t, due(a, 1), due(a, 1))
		require.IsIncreasing(t, due(Fixed, 1))
	}
	require.Equal(t, due(Fixed, 1), due(Fixed, 2))
	require.NotEqual(t, due(Poisson, 1), due(Poisson, 2))
}

func TestFixedDoesNotDrift(t *testing.T) {
	s := NewSchedule(Fixed, 3e6, nil)
	for range 3_000_000 - 1 {
		s.Next()
	}
	require.Equal(t, int64(1e9), s.Next())
}

func TestTheLowestRatesAreNeverDue(t *testing.T) {
	for _, rate := range []float64{1e-10, 1e-300, math.SmallestNonzeroFloat64} {
		for _, a := range []Arrival{Fixed, Poisson} {
			s := NewSchedule(a, rate, rand.New(rand.NewPCG(1, 1)))
			for range 3 {
				require.Greater(t, s.Next(), int64(time.Hour), "%s %g", a, rate)
			}
		}
	}
}

func TestSeedsOfRepetitionsDiffer(t *testing.T) {
	require.Equal(t, uint64(0xe220a8397b1dcdaf), splitMix(0)) // the first output of the reference implementation
	seen := map[uint64]bool{}
	for seed := range uint64(50) {
		for rep := range 50 {
			seen[Seed(seed, rep)] = true
		}
	}
	require.Len(t, seen, 50*50)
	require.Equal(t, Seed(7, 3), Seed(7, 3))
}

func TestPoissonMoments(t *testing.T) {
	const n, rate = 200_000, 1e6
	s := NewSchedule(Poisson, rate, rand.New(rand.NewPCG(1, 1)))
	var last int64
	var sum, squares float64
	for range n {
		at := s.Next()
		gap := float64(at - last)
		last = at
		sum += gap
		squares += gap * gap
	}
	mean := sum / n
	require.InEpsilon(t, 1e9/rate, mean, 0.01)
	require.InEpsilon(t, mean*mean, squares/n-mean*mean, 0.02)
}

func TestLate(t *testing.T) {
	for _, c := range []struct {
		lateness, sojourn time.Duration
		late              bool
	}{
		{0, 0, false},
		{50 * time.Microsecond, 0, false},
		{51 * time.Microsecond, 0, true},
		{51 * time.Microsecond, 500 * time.Microsecond, true},
		{51 * time.Microsecond, 510 * time.Microsecond, false},
		{time.Millisecond, 10 * time.Millisecond, false},
		{1001 * time.Microsecond, 10 * time.Millisecond, true},
	} {
		require.Equal(t, c.late, Late(c.lateness, c.sojourn), "%+v", c)
	}
}

func TestResultValidity(t *testing.T) {
	r := Result{Sojourn: newHistogram(), Lateness: newHistogram()}
	require.False(t, r.Valid(), "nothing was done")
	r.Done, r.Window.Completed = 1, 1
	for range 1000 {
		record(r.Sojourn, int64(time.Millisecond))
		record(r.Lateness, 100)
	}
	require.True(t, r.Valid())
	require.False(t, r.GeneratorBound())
	for range 20 { // 2 %
		record(r.Lateness, int64(200*time.Microsecond))
	}
	require.False(t, r.Valid())
	for range 5000 {
		record(r.Lateness, int64(time.Millisecond))
	}
	require.True(t, r.GeneratorBound())
}

func TestRecordClamps(t *testing.T) {
	h := newHistogram()
	record(h, -5)
	record(h, longest*10)
	require.Equal(t, int64(2), h.TotalCount())
	require.Zero(t, h.Min())
	require.InEpsilon(t, longest, h.Max(), 0.001)
}

func TestCheckNamesWhatIsWrong(t *testing.T) {
	good := Counts{Offered: 10, Accepted: 7, Refused: 3, Completed: 7}
	require.NoError(t, (&Result{Window: good, Total: good}).Check())
	lost := good
	lost.Completed = 5
	require.EqualError(t, (&Result{Window: good, Total: lost}).Check(), "total: accepted 7, completed 5, expired 0: 2 in flight at the end")
	invented := good
	invented.Refused = 2
	require.EqualError(t, (&Result{Window: invented, Total: good}).Check(), "window: offered 10 is not accepted 7 + refused 2")
	require.EqualError(t, (&Result{Window: good, Total: good, Doubled: 1}).Check(), "handled more than once by a stage: 1")
}

func TestMeterReadsAtBothEnds(t *testing.T) {
	m := meter{window: window{start: 10, end: 20}}
	used := time.Duration(0)
	for now := int64(0); now < 30; now += 3 {
		used += 5
		m.read(now, func() time.Duration { return used })
	}
	require.Equal(t, 15*time.Nanosecond, m.total) // from 12 to 21, three steps of five
}

// config is a small load on a pipeline that does next to nothing.
func config(t *testing.T, a Arrival) Config {
	t.Helper()
	g, err := workload.NewGraph("pipeline", 2)
	require.NoError(t, err)
	return Config{
		Arrival: a, Rate: 100_000, Clients: 4, Batch: 8, InFlight: 100_000,
		Warmup: time.Millisecond, Duration: 10 * time.Millisecond, Patience: 10 * time.Second,
		Seed: 1, Graph: g, Spin: workload.Spin{PerTurn: 1}, CPU: -1,
	}
}

// target is a service made of a function.
type target func(requests []*workload.Request) int

func (f target) Submit(requests []*workload.Request) int { return f(requests) }

func run(t *testing.T, c Config, f func(h *workload.Handler) target) (Result, error) {
	t.Helper()
	r, err := New(c)
	require.NoError(t, err)
	return r.Do(t.Context(), f(r.Handler()))
}

// inline handles requests within Submit.
func inline(h *workload.Handler) target {
	return func(requests []*workload.Request) int {
		for _, r := range requests {
			h.Run(r)
		}
		return len(requests)
	}
}

func TestOpenLoopOffersTheWholeSchedule(t *testing.T) {
	for _, a := range []Arrival{Fixed, Poisson} {
		c := config(t, a)
		result, err := run(t, c, inline)
		require.NoError(t, err)
		require.NoError(t, result.Check())

		// However late the generator was, it offered all that was due: this many.
		s := NewSchedule(a, c.Rate, rand.New(rand.NewPCG(c.Seed, arrivalStream)))
		var want Counts
		for at := s.Next(); at < int64(c.Warmup+c.Duration); at = s.Next() {
			want.Offered++
		}
		require.Equal(t, want.Offered, result.Total.Offered)
		require.Equal(t, result.Window.Offered, result.Lateness.TotalCount())
		require.Equal(t, result.Window.Completed, result.Sojourn.TotalCount())
		require.Less(t, result.Window.Offered, result.Total.Offered)
		require.Positive(t, result.Stages[1].Count)
		require.Equal(t, c.Duration, result.Duration)
	}
}

func TestSojournContainsLateness(t *testing.T) {
	result, err := run(t, config(t, Fixed), inline)
	require.NoError(t, err)
	require.GreaterOrEqual(t, result.Sojourn.Max(), result.Lateness.Min())
	require.GreaterOrEqual(t, result.Sojourn.Mean(), result.Lateness.Mean())
}

func TestClosedLoopKeepsClientsOutstanding(t *testing.T) {
	c := config(t, Closed)
	var mu sync.Mutex
	out, most := 0, 0
	result, err := run(t, c, func(h *workload.Handler) target {
		return func(requests []*workload.Request) int {
			mu.Lock()
			out += len(requests)
			most = max(most, out)
			mu.Unlock()
			for _, r := range requests {
				mu.Lock()
				out--
				mu.Unlock()
				h.Run(r)
			}
			return len(requests)
		}
	})
	require.NoError(t, err)
	require.NoError(t, result.Check())
	require.Equal(t, c.Clients, most)
	require.Positive(t, result.Total.Completed)
}

func TestRefusedRequestsAreCounted(t *testing.T) {
	for _, a := range []Arrival{Fixed, Closed} {
		n := 0
		result, err := run(t, config(t, a), func(h *workload.Handler) target {
			return func(requests []*workload.Request) int {
				n++
				if n%3 == 1 {
					return 0
				}
				return inline(h)(requests)
			}
		})
		require.NoError(t, err)
		require.NoError(t, result.Check())
		require.Positive(t, result.Total.Refused)
	}
}

func TestWorkersMakeTheLoad(t *testing.T) {
	c := config(t, Closed)
	c.ByWorkers = true
	var refuse sync.Once
	var wg sync.WaitGroup
	result, err := run(t, c, func(h *workload.Handler) target {
		return func(requests []*workload.Request) int {
			refused := false
			refuse.Do(func() { refused = true })
			if refused {
				return 0
			}
			for _, r := range requests {
				wg.Go(func() { h.Run(r) })
			}
			return len(requests)
		}
	})
	wg.Wait()
	require.NoError(t, err)
	require.NoError(t, result.Check())
	require.Equal(t, int64(1), result.Total.Refused)
	require.Equal(t, result.Window.Completed, result.Sojourn.TotalCount())
	require.Zero(t, result.Lateness.TotalCount())
	require.Positive(t, result.Total.Completed)

	c.Arrival = Poisson
	_, err = New(c)
	require.EqualError(t, err, "poisson arrivals need a generator, and there is no CPU for one")
}

func TestLostRequestsAreNoticed(t *testing.T) {
	for _, byWorkers := range []bool{false, true} {
		c := config(t, Closed)
		c.ByWorkers, c.Patience = byWorkers, 20*time.Millisecond
		var lost atomic.Bool
		var wg sync.WaitGroup
		result, err := run(t, c, func(h *workload.Handler) target {
			return func(requests []*workload.Request) int {
				for _, r := range requests {
					if lost.CompareAndSwap(false, true) {
						continue
					}
					wg.Go(func() { h.Run(r) })
				}
				return len(requests)
			}
		})
		wg.Wait()
		require.NoError(t, err)
		require.ErrorContains(t, result.Check(), "1 in flight at the end")
	}
}

func TestDoubledRequestsAreNoticed(t *testing.T) {
	result, err := run(t, config(t, Fixed), func(h *workload.Handler) target {
		first := true
		return func(requests []*workload.Request) int {
			for _, r := range requests {
				h.Run(r)
				if first {
					first = false
					h.Step(1, r)
				}
			}
			return len(requests)
		}
	})
	require.NoError(t, err)
	require.EqualError(t, result.Check(), "handled more than once by a stage: 1")
}

func TestSkippedStagesAreNoticed(t *testing.T) {
	result, err := run(t, config(t, Fixed), func(h *workload.Handler) target {
		first := true
		return func(requests []*workload.Request) int {
			for _, r := range requests {
				if first {
					first = false
					h.Step(h.Graph().Stages()-1, r)
					continue
				}
				h.Run(r)
			}
			return len(requests)
		}
	})
	require.NoError(t, err)
	require.EqualError(t, result.Check(), "ended without every stage: 1")
}

func TestMoreInFlightThanPossible(t *testing.T) {
	c := config(t, Fixed)
	c.InFlight, c.Patience = 10, time.Millisecond
	_, err := run(t, c, func(*workload.Handler) target {
		return func(requests []*workload.Request) int { return len(requests) }
	})
	require.ErrorIs(t, err, errTooMany)
}

func TestContextEndsTheLoad(t *testing.T) {
	for _, a := range []Arrival{Fixed, Closed} {
		for _, byWorkers := range []bool{false, a == Closed} {
			c := config(t, a)
			c.Duration, c.Rate, c.ByWorkers = time.Hour, 1000, byWorkers
			r, err := New(c)
			require.NoError(t, err)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var wg sync.WaitGroup
			result, err := r.Do(ctx, target(func(requests []*workload.Request) int {
				cancel(errors.New("enough"))
				for _, q := range requests {
					wg.Go(func() { r.Handler().Run(q) })
				}
				return len(requests)
			}))
			wg.Wait()
			require.ErrorIs(t, err, context.Canceled)
			require.NoError(t, result.Check())
		}
	}
}

// A load that is ended before anything was due offers nothing: services rely on at least one request.
func TestContextEndsTheLoadBeforeItBegins(t *testing.T) {
	c := config(t, Fixed)
	c.Duration, c.Rate = time.Hour, 0.001
	r, err := New(c)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	offers := 0
	result, err := r.Do(ctx, target(func(requests []*workload.Request) int {
		offers++
		return len(requests)
	}))
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, offers)
	require.NoError(t, result.Check())
}

// After its context, a run does not use up its patience for what never ends.
func TestContextEndsThePatience(t *testing.T) {
	for _, byWorkers := range []bool{false, true} {
		t.Run(fmt.Sprintf("by workers %t", byWorkers), func(t *testing.T) {
			t.Parallel()
			c := config(t, Closed)
			c.Patience, c.ByWorkers = time.Hour, byWorkers
			r, err := New(c)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			result, err := r.Do(ctx, target(func(requests []*workload.Request) int {
				cancel()
				return len(requests)
			}))
			require.ErrorIs(t, err, context.Canceled)
			require.Positive(t, result.Total.InFlight())
		})
	}
}

func TestNoAllocationPerRequest(t *testing.T) {
	r, err := New(config(t, Closed))
	require.NoError(t, err)
	g := newGenerator(r)
	g.target = inline(r.handler)
	g.window = window{0, math.MaxInt64}
	turn := func() {
		for len(g.flying) > 0 {
			g.collect()
		}
		for range 4 {
			q, _ := g.take()
			g.fill(q, g.now())
		}
		g.submit()
	}
	for range 2 * traceEvery { // every request has its trace
		turn()
	}
	require.Zero(t, testing.AllocsPerRun(1000, turn))
}
