package arch

import (
	"context"
	"io"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/ring"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// setup is a short load with arguments that tests change.
type setup struct {
	load.Config
	shape  string
	stages int
	arch   Config
}

func newSetup() setup {
	return setup{
		Config: load.Config{
			Arrival: load.Poisson, Rate: 50_000, Clients: 16, Batch: 8,
			Warmup: time.Millisecond, Duration: 10 * time.Millisecond, Patience: 20 * time.Second,
			Seed: 1, Spin: workload.Spin{PerTurn: 1}, CPU: -1,
		},
		shape: "pipeline", stages: 4,
		arch: Config{
			Workers: 2, Capacity: 64, Batch: 8, Threads: 3, Policy: "serve-all",
			Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		},
	}
}

// run makes one run and checks every book there is.
func (s setup) run(t *testing.T, a Architecture) (load.Result, Service) {
	t.Helper()
	var err error
	if s.Graph == nil {
		s.Graph, err = workload.NewGraph(s.shape, s.stages)
		require.NoError(t, err)
	}
	s.InFlight = 20*s.arch.Capacity*s.stages + 1024
	s.Keys, err = workload.ParseKeys("zipf:0.99,100")
	require.NoError(t, err)
	run, err := load.New(s.Config)
	require.NoError(t, err)
	s.arch.Handler = run.Handler()
	procs := runtime.GOMAXPROCS(s.arch.Workers + 1 + a.SpareProcs)
	defer runtime.GOMAXPROCS(procs)
	service, err := a.Start(s.arch)
	require.NoError(t, err)
	result, err := run.Do(t.Context(), service)
	require.NoError(t, err)
	require.NoError(t, service.Stop(t.Context()))
	require.NoError(t, result.Check())
	return result, service
}

// each runs a test for every architecture.
func each(t *testing.T, f func(t *testing.T, a Architecture)) {
	for _, a := range All() {
		t.Run(a.Name, func(t *testing.T) { f(t, a) })
	}
}

func TestNothingIsLostOrDoubled(t *testing.T) {
	each(t, func(t *testing.T, a Architecture) {
		for _, shape := range workload.Shapes() {
			for _, arrival := range []load.Arrival{load.Closed, load.Fixed, load.Poisson} {
				for _, workers := range []int{1, 3} {
					s := newSetup()
					s.shape, s.Arrival, s.arch.Workers = shape, arrival, workers
					result, service := s.run(t, a)
					require.Positive(t, result.Total.Completed)
					require.Len(t, service.Batches(), s.stages)
				}
			}
		}
	})
}

func TestWorkersMakeTheLoad(t *testing.T) {
	each(t, func(t *testing.T, a Architecture) {
		for _, shape := range workload.Shapes() {
			s := newSetup()
			s.shape, s.Arrival, s.ByWorkers = shape, load.Closed, true
			result, _ := s.run(t, a)
			require.Positive(t, result.Total.Completed)
		}
	})
}

func TestOneStage(t *testing.T) {
	each(t, func(t *testing.T, a Architecture) {
		s := newSetup()
		s.stages = 1
		s.run(t, a)
	})
}

func TestOverloadIsRefused(t *testing.T) {
	service, err := workload.ParseService("constant:100us")
	require.NoError(t, err)
	each(t, func(t *testing.T, a Architecture) {
		for _, shape := range workload.Shapes() {
			s := newSetup()
			s.shape, s.Service, s.Rate = shape, service, 500_000
			s.arch.Capacity, s.arch.Batch = 8, 4
			result, _ := s.run(t, a)
			require.Positive(t, result.Total.Refused)
			require.Positive(t, result.Total.Completed)
		}
	})
}

// In a load that is so slow each request finds everything asleep.
func TestEachRequestWakesSomebody(t *testing.T) {
	each(t, func(t *testing.T, a Architecture) {
		s := newSetup()
		s.Arrival, s.Rate, s.Duration = load.Fixed, 1000, 30*time.Millisecond
		s.run(t, a)
	})
}

func TestOnOneCPU(t *testing.T) {
	allowed, err := affinity.Allowed()
	if err != nil {
		require.ErrorIs(t, err, affinity.ErrNotSupported)
		return
	}
	each(t, func(t *testing.T, a Architecture) {
		s := newSetup()
		s.arch.Workers, s.arch.CPUs = 1, affinity.Of(allowed.Max())
		s.CPU = allowed.Min()
		s.run(t, a)
	})
}

func TestOnAllCPUs(t *testing.T) {
	allowed, err := affinity.Allowed()
	if err != nil {
		require.ErrorIs(t, err, affinity.ErrNotSupported)
		return
	}
	each(t, func(t *testing.T, a Architecture) {
		s := newSetup()
		s.arch.Workers, s.arch.CPUs = allowed.Len(), allowed
		s.Arrival, s.ByWorkers = load.Closed, true
		s.run(t, a)
	})
}

func TestStopGivesUpWithItsContext(t *testing.T) {
	each(t, func(t *testing.T, a Architecture) {
		g, err := workload.NewGraph("pipeline", 1)
		require.NoError(t, err)
		held, ended := make(chan struct{}), make(chan struct{})
		c := newSetup().arch
		c.Handler = workload.NewHandler(g, workload.NewClock(), func(*workload.Request, int64) { <-held; close(ended) })
		service, err := a.Start(c)
		require.NoError(t, err)
		require.Equal(t, 1, service.Submit([]*workload.Request{new(workload.Request)}))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, service.Stop(ctx), context.Canceled)
		close(held)
		<-ended
	})
}

func TestAboutIsSaid(t *testing.T) {
	for _, a := range All() {
		require.NotEmpty(t, a.About, a.Name)
		found, err := Find(a.Name)
		require.NoError(t, err)
		require.Equal(t, a.Name, found.Name)
	}
	_, err := Find("actors")
	require.EqualError(t, err, `unknown architecture "actors", want staged, goroutine, thread, pool, eventloop, channels, channels-batched`)
}

func TestBatchesAreMeasured(t *testing.T) {
	for _, name := range []string{"staged", "channels-batched"} {
		a, err := Find(name)
		require.NoError(t, err)
		s := newSetup()
		s.Arrival, s.Clients, s.arch.Workers = load.Closed, 64, 1
		_, service := s.run(t, a)
		for _, mean := range service.Batches() {
			require.GreaterOrEqual(t, mean, 1.0, name)
			require.LessOrEqual(t, mean, float64(s.arch.Batch), name)
		}
	}
}

// Whatever the size of batches, inboxes fill evenly, and one that is full leaves the rest to others.
func TestEventLoopsShareBatches(t *testing.T) {
	for _, n := range []int{1, 2, 3, 4} {
		s := &loops{}
		for range n {
			sleep, err := newSleeper()
			require.NoError(t, err)
			defer func() { require.NoError(t, sleep.close()) }()
			s.loops = append(s.loops, &loop{room: 1000, inbox: ring.NewMPSC[*workload.Request](1024), sleep: sleep})
		}
		client := int32(0)
		submit := func(size int) int {
			batch := make([]*workload.Request, size)
			for i := range batch {
				batch[i] = &workload.Request{Client: client}
				client++
			}
			return s.Submit(batch)
		}
		for _, size := range []int{64, 64, 64, 1, 1, 7, 5, 64} {
			require.Equal(t, size, submit(size))
			for _, l := range s.loops {
				require.InDelta(t, float64(client)/float64(n), l.inbox.Len(), 1, "%d loops, batch of %d", n, size)
			}
		}
		require.Equal(t, 1000*n-270, submit(4000))
		require.Zero(t, submit(3))
	}
}

func TestStaticPolicy(t *testing.T) {
	a, err := Find("staged")
	require.NoError(t, err)
	for _, workers := range []int{1, 2, 4} {
		s := newSetup()
		s.arch.Policy, s.arch.Workers = "static", workers
		s.run(t, a)
	}
}

func TestStagedTellsWhatFailed(t *testing.T) {
	g, err := workload.NewGraph("pipeline", 1)
	require.NoError(t, err)
	c := newSetup().arch
	c.Handler = workload.NewHandler(g, workload.NewClock(), func(*workload.Request, int64) { panic("no") })
	service, err := startStaged(c)
	require.NoError(t, err)
	require.Equal(t, 1, service.Submit([]*workload.Request{new(workload.Request)}))
	require.ErrorContains(t, service.Stop(t.Context()), "stage s0: entered 1, completed 0, expired 0, failed 1")
	failed, dropped := service.(Losses).Losses()
	require.Equal(t, int64(1), failed)
	require.Zero(t, dropped)
}

func TestParkedWhenIdle(t *testing.T) {
	a, err := Find("staged")
	require.NoError(t, err)
	s := newSetup()
	s.arch.Park = true
	result, _ := s.run(t, a)
	require.Positive(t, result.Total.Completed)
}

func TestEventLoopsThatCannotPin(t *testing.T) {
	c := newSetup().arch
	g, err := workload.NewGraph("pipeline", 1)
	require.NoError(t, err)
	c.Handler = workload.NewHandler(g, workload.NewClock(), nil)
	c.CPUs = affinity.Of(100_000)
	if _, err := affinity.Allowed(); err != nil {
		return // nothing is pinned here
	}
	_, err = startEventLoops(c)
	require.ErrorContains(t, err, "CPU 100000")
}
