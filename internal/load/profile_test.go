package load

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/workload"
)

// dueIn counts the requests due in each of n parts of the given length.
func dueIn(s *Schedule, part time.Duration, n int) []int {
	counts := make([]int, n)
	for due := s.Next(); due < int64(n)*int64(part); due = s.Next() {
		counts[due/int64(part)]++
	}
	return counts
}

func TestAProfileChangesTheRate(t *testing.T) {
	p := Profile{{10 * time.Millisecond, 1}, {5 * time.Millisecond, 0}, {5 * time.Millisecond, 3}}
	require.NoError(t, p.Validate())
	require.Equal(t, 20*time.Millisecond, p.Length())
	s := NewSchedule(Fixed, 1e6, nil)
	s.Follow(p)
	got := dueIn(s, 5*time.Millisecond, 8)
	for i, want := range []float64{5000, 5000, 0, 15000, 5000, 5000, 0, 15000} {
		require.InDelta(t, want, got[i], 1, "part %d of %v", i, got)
	}
}

func TestAProfileOfPoissonArrivals(t *testing.T) {
	s := NewSchedule(Poisson, 1e6, rand.New(rand.NewPCG(1, 1)))
	s.Follow(Spikes(0.5, 1.5, 200*time.Millisecond))
	for i, n := range dueIn(s, 100*time.Millisecond, 6) {
		want := []float64{50e3, 150e3}[i%2]
		require.InDelta(t, want, n, 5*math.Sqrt(want))
	}
}

func TestASteadyProfileIsNone(t *testing.T) {
	with, without := NewSchedule(Poisson, 1e5, rand.New(rand.NewPCG(1, 1))), NewSchedule(Poisson, 1e5, rand.New(rand.NewPCG(1, 1)))
	with.Follow(Profile{{time.Millisecond, 1}})
	for range 10_000 {
		require.InDelta(t, without.Next(), with.Next(), 2)
	}
	never := NewSchedule(Fixed, 1e-300, nil)
	never.Follow(Spikes(1, 2, time.Hour))
	require.Greater(t, never.Next(), int64(time.Hour))
}

var errLate = errors.New("late")

func TestExpiredRequestsEndInClosedLoop(t *testing.T) {
	for _, byWorkers := range []bool{false, true} {
		c := config(t, Closed)
		c.ByWorkers = byWorkers
		var n atomic.Int64
		result, err := run(t, c, func(h *workload.Handler) target {
			return func(requests []*workload.Request) int {
				for _, r := range requests {
					if n.Add(1)%3 == 0 {
						r.Lost(errLate)
					} else {
						go h.Run(r)
					}
				}
				return len(requests)
			}
		})
		require.NoError(t, err)
		require.NoError(t, result.Check())
		require.Positive(t, result.Total.Expired)
		require.Positive(t, result.Total.Completed)
	}
}

func TestProfilesThatAreNone(t *testing.T) {
	for _, p := range []Profile{{{0, 1}}, {{time.Second, -1}}, {{time.Second, math.NaN()}}, {{time.Second, math.Inf(1)}}, {{time.Second, 0}}} {
		require.Error(t, p.Validate(), p)
		_, err := New(Config{Arrival: Fixed, Profile: p})
		require.ErrorContains(t, err, "profile: ")
	}
}

// watched is what a Watch was told.
type watched struct {
	began             int64
	accepted, refused []int // by kind
	done, expired     []int
	wrong             int // told of nothing sensible
}

func (w *watched) Begin(at int64) { w.began = at }

func (w *watched) Offered(r *workload.Request, accepted bool) {
	if accepted {
		w.accepted[r.Kind]++
	} else {
		w.refused[r.Kind]++
	}
	if w.began == 0 || r.Due < w.began || r.Submitted < r.Due {
		w.wrong++
	}
}

func (w *watched) Done(r *workload.Request, at int64) {
	w.done[r.Kind]++
	if at < r.Submitted {
		w.wrong++
	}
}

func (w *watched) Expired(r *workload.Request) { w.expired[r.Kind]++ }

func TestAWatchIsToldOfEveryRequest(t *testing.T) {
	w := &watched{accepted: make([]int, 3), refused: make([]int, 3), done: make([]int, 3), expired: make([]int, 3)}
	c := config(t, Poisson)
	c.Watch, c.Shares = w, []float64{0.5, 0.3, 0.2}
	c.Scale = func(since time.Duration, _ int) float64 {
		if since < 0 {
			w.wrong++
		}
		return 0
	}
	r, err := New(c)
	require.NoError(t, err)
	n := 0
	result, err := r.Do(context.Background(), target(func(requests []*workload.Request) int {
		take := min(len(requests), 1)
		for _, q := range requests[:take] {
			switch n++; {
			case n%7 == 0:
				return 0
			case n%5 == 0:
				q.Lost(errLate)
			default:
				r.Handler().Run(q)
			}
		}
		return take
	}))
	require.NoError(t, err)
	require.NoError(t, result.Check())
	require.Zero(t, w.wrong)
	for kind, n := range w.accepted {
		require.Equal(t, n, w.done[kind]+w.expired[kind])
	}
	sum := func(counts []int) (all int64) {
		for _, n := range counts {
			require.Positive(t, n)
			all += int64(n)
		}
		return all
	}
	require.Equal(t, result.Total.Accepted, sum(w.accepted))
	require.Equal(t, result.Total.Refused, sum(w.refused))
	require.Equal(t, result.Total.Expired, sum(w.expired))
	require.Greater(t, w.done[0], w.done[2])
}
