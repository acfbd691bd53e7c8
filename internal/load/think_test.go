package load

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/workload"
)

func TestThinkersComeInOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	var all thinkers
	var want []int64
	for i := range 1000 {
		at := random.Int64N(500)
		all.push(at)
		if want = append(want, at); i%3 == 0 {
			slices.Sort(want)
			_, ok := all.next(want[0] - 1)
			require.False(t, ok)
			due, ok := all.next(want[0])
			require.True(t, ok)
			require.Equal(t, want[0], due)
			want = want[1:]
		}
	}
	slices.Sort(want)
	for _, at := range want {
		require.Equal(t, at, all.pop())
	}
	_, ok := all.next(never)
	require.False(t, ok)
}

func TestThinkersBeginInTheMiddle(t *testing.T) {
	c := Config{Clients: 10_000, Think: workload.Constant(time.Millisecond), Seed: 1}
	first := newThinkers(&c, 5)
	require.Equal(t, first.due, newThinkers(&c, 5).due)
	in := make([]int, 10)
	for _, at := range first.due {
		in[(at-5)/int64(100*time.Microsecond)]++
	}
	for _, n := range in {
		require.InDelta(t, 1000, n, 150)
	}
	exp, err := workload.ParseService("exp:1ms")
	require.NoError(t, err)
	c.Think, c.Seed = exp, 2
	sum := 0.0
	for _, at := range newThinkers(&c, 5).due {
		sum += float64(at - 5)
	}
	require.InEpsilon(t, 1e6, sum/10_000, 0.05, "half of such a thought is over, and half of a mean one is not what is left")
	c.Think = workload.Service{}
	none := newThinkers(&c, 5)
	require.False(t, none.some())
}

// Of each client, requests are a think time apart, so there are no more than that leaves room for, however fast the service is.
func TestClientsThink(t *testing.T) {
	c := config(t, Closed)
	c.Think = workload.Constant(time.Millisecond)
	n := 0
	result, err := run(t, c, func(h *workload.Handler) target {
		return func(requests []*workload.Request) int {
			if n++; n%2 == 0 {
				return 0 // which is offered again, and is no request more
			}
			return inline(h)(requests)
		}
	})
	require.NoError(t, err)
	require.NoError(t, result.Check())
	require.Positive(t, result.Total.Completed)
	require.LessOrEqual(t, result.Total.Completed, int64(c.Clients)*int64(1+(c.Warmup+c.Duration)/time.Millisecond))
	c.ByWorkers = true
	_, err = New(c)
	require.EqualError(t, err, "clients who think need a generator, and there is no CPU for one")
}

func TestThinkingEndsWithTheContext(t *testing.T) {
	c := config(t, Closed)
	c.Think, c.Duration = workload.Constant(time.Second), time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	r, err := New(c)
	require.NoError(t, err)
	time.AfterFunc(time.Millisecond, cancel)
	_, err = r.Do(ctx, inline(r.Handler()))
	require.ErrorIs(t, err, context.Canceled)
}
