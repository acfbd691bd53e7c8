package arch

import (
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/workload"
)

func TestBatchedTakesWhatFits(t *testing.T) {
	g, err := workload.NewGraph("pipeline", 1)
	require.NoError(t, err)
	held := make(chan struct{})
	c := newSetup().arch
	c.Capacity, c.Batch, c.Workers = 8, 4, 1
	c.Handler = workload.NewHandler(g, workload.NewClock(), func(*workload.Request, int64) { <-held })
	service, err := startBatched(c)
	require.NoError(t, err)
	requests := make([]*workload.Request, 30)
	for i := range requests {
		requests[i] = new(workload.Request)
	}
	// The goroutine holds at most one batch; the queue fills up to its capacity, with part of a batch too.
	accepted := service.Submit(requests)
	require.GreaterOrEqual(t, accepted, 8)
	require.LessOrEqual(t, accepted, 12)
	close(held)
	require.NoError(t, service.Stop(t.Context()))
}

// A request for a stage that gets few is handed on, however busy the stage before it is.
func TestBatchedHandsOnWhatIsRare(t *testing.T) {
	graph := func(rare float64) *workload.Graph {
		g, err := workload.Build("rare", []workload.Stage{
			{Name: "a", Next: []string{"b", "end"}, Shares: []float64{rare, 1 - rare}},
			{Name: "b"},
		})
		require.NoError(t, err)
		return g
	}
	source := func(rare float64) *workload.Source { // which draws the way of a request beforehand
		return workload.NewSource(graph(rare), workload.Constant(0), workload.Spin{PerTurn: 1}, rand.New(rand.NewPCG(1, 1)), 0)
	}
	const hardly = 1e-12
	toEnd, toB := source(hardly), source(1-hardly)
	const most = 100_000
	var service Service
	over := make(chan struct{})
	var turns int // of requests that end in a, whose goroutine counts
	var arrived atomic.Bool
	rare, often := new(workload.Request), new(workload.Request)
	c := newSetup().arch
	c.Workers = 1
	c.Handler = workload.NewHandler(graph(0.5), workload.NewClock(), func(r *workload.Request, _ int64) {
		if r == rare {
			arrived.Store(true)
			return
		}
		if turns++; turns < most && !arrived.Load() {
			toEnd.Fill(r, 0)
			service.Submit([]*workload.Request{r}) // so a never finds its queue empty
			runtime.Gosched()
			return
		}
		close(over)
	})
	var err error
	service, err = startBatched(c)
	require.NoError(t, err)
	toB.Fill(rare, 0)
	toEnd.Fill(often, 0)
	require.Equal(t, 2, service.Submit([]*workload.Request{rare, often}))
	<-over
	require.NoError(t, service.Stop(t.Context()))
	require.True(t, arrived.Load())
	require.Less(t, turns, most)
}
