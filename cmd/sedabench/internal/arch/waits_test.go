package arch

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/ring"
)

// waiting is a setup whose stages do a kind of work that may block.
func waiting(t *testing.T, text string, took time.Duration) setup {
	t.Helper()
	w, err := workload.ParseWork(text)
	require.NoError(t, err)
	s := newSetup()
	s.Means, err = w.Open(s.stages)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Means.Close()) })
	s.Service = workload.Constant(took)
	return s
}

func TestStagesThatBlockLoseNothing(t *testing.T) {
	for _, text := range []string{"sleep", "file:8KiB"} {
		each(t, func(t *testing.T, a Architecture) {
			for i, arrival := range []load.Arrival{load.Closed, load.Poisson} {
				s := waiting(t, text, 20*time.Microsecond)
				s.shape, s.Arrival, s.arch.Workers = workload.Shapes()[i], arrival, 1+2*i
				result, service := s.run(t, a)
				require.Positive(t, result.Total.Completed)
				if s.Means.Sleeps() {
					require.Equal(t, []float64{1, 1, 1, 1}, service.Batches(), "who sleeps in a batch sleeps after those before")
				}
			}
		})
	}
}

func TestWorkersThatBlockMakeTheLoad(t *testing.T) {
	for _, text := range []string{"sleep", "file:1KiB"} {
		each(t, func(t *testing.T, a Architecture) {
			s := waiting(t, text, 20*time.Microsecond)
			s.Arrival, s.ByWorkers = load.Closed, true
			result, _ := s.run(t, a)
			require.Positive(t, result.Total.Completed)
		})
	}
}

// Nobody sleeps for less than he should: so many at a time sleep, so often at most.
func TestNoMoreBlockThanMay(t *testing.T) {
	each(t, func(t *testing.T, a Architecture) {
		const took = 2 * time.Millisecond
		s := waiting(t, "sleep", took)
		s.Arrival, s.Clients, s.arch.Workers = load.Closed, 48, 1
		start := time.Now()
		result, _ := s.run(t, a)
		turns := int64(time.Since(start)/took) + 1
		require.LessOrEqual(t, result.Total.Completed, turns*int64(s.arch.Threads))
	})
}

// Where one at a time may block they still all have their turn.
func TestOneBlocksAtATime(t *testing.T) {
	for _, text := range []string{"sleep", "file:1KiB"} {
		each(t, func(t *testing.T, a Architecture) {
			s := waiting(t, text, time.Microsecond)
			s.shape, s.Arrival, s.arch.Threads, s.arch.Workers = "fanout", load.Closed, 1, 2
			result, _ := s.run(t, a)
			require.GreaterOrEqual(t, result.Total.Completed, int64(s.Clients))
		})
	}
}

// Who has not given its turn back, and its thread, is still there for Stop.
func TestStopWaitsForTurns(t *testing.T) {
	for _, start := range []func(Config) (Service, error){startPerRequest, startThreads} {
		s := waiting(t, "sleep", 0)
		g, err := workload.NewGraph("pipeline", 1)
		require.NoError(t, err)
		var service *perRequest
		taken := make(chan struct{})
		s.arch.Handler = workload.NewHandler(g, workload.NewClock(), func(*workload.Request, int64) {
			<-service.turns // so that there is none to give back
			close(taken)
		})
		s.arch.Handler.Means = s.Means
		started, err := start(s.arch)
		require.NoError(t, err)
		service = started.(*perRequest)
		require.Equal(t, 1, service.Submit([]*workload.Request{new(workload.Request)}))
		<-taken
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, service.Stop(ctx), context.DeadlineExceeded)
		service.turns <- struct{}{}
		require.NoError(t, wait(t.Context(), service.done))
	}
}

func TestTimersWakeInOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h timers
	var due []int64
	for i := range 300 {
		at := random.Int64N(100)
		due = append(due, at)
		h.push(timer{at, machine{stage: int(at)}})
		if i%3 == 2 {
			slices.Sort(due)
			require.Equal(t, due[0], int64(h.pop().stage))
			due = due[1:]
		}
	}
	slices.Sort(due)
	for _, at := range due {
		require.Equal(t, at, h[0].due)
		require.Equal(t, at, int64(h.pop().stage))
	}
	require.Empty(t, h)
}

// A loop that is told to stop goes on until whatever waits has ended, and one whose machines all wait does not take more.
func TestALoopThatIsFull(t *testing.T) {
	s := waiting(t, "sleep", time.Hour)
	g, err := workload.NewGraph("pipeline", 1)
	require.NoError(t, err)
	s.arch.Handler = workload.NewHandler(g, workload.NewClock(), nil)
	s.arch.Handler.Means, s.arch.Workers = s.Means, 1
	l := &loop{handler: s.arch.Handler, inbox: ring.NewMPSC[*workload.Request](16), batch: make([]*workload.Request, 8), clock: workload.NewClock()}
	l.waits = newWaits(s.arch, l, nil)
	source := workload.NewSource(g, workload.Constant(time.Second), workload.Spin{PerTurn: 1}, rand.New(rand.NewPCG(1, 1)), 0)
	for range s.arch.Threads + 2 {
		r := new(workload.Request)
		source.Fill(r, 0)
		require.Equal(t, 1, l.inbox.PushBatch([]*workload.Request{r}, 0))
	}
	require.True(t, l.some())
	require.True(t, l.turn())
	require.True(t, l.waits.full())
	require.Equal(t, 2, l.inbox.Len())
	require.False(t, l.some(), "there is nothing it could do")
	require.False(t, l.turn())
	l.closed.Store(true)
	require.False(t, l.over())
	require.Less(t, l.waits.next(), int64(never))
}

// A loop that waits for nothing sleeps without a limit, whatever the time is.
func TestWhatIsLeftOfASleep(t *testing.T) {
	var none *waits
	require.Equal(t, int64(never), none.left(5))
	require.Equal(t, int64(never), new(waits).left(5))
	require.Equal(t, int64(2), (&waits{timers: timers{{due: 7}, {due: 9}}}).left(5))
}

func TestSleepThatEndsByItself(t *testing.T) {
	s, err := newSleeper()
	require.NoError(t, err)
	defer func() { require.NoError(t, s.close()) }()
	idle := func() bool { return false }
	s.park(idle, int64(time.Millisecond))
	require.False(t, s.asleep.Load())
	s.park(idle, -5)
	woken := make(chan struct{})
	go func() {
		for !s.asleep.Load() {
			time.Sleep(10 * time.Microsecond)
		}
		s.wake()
		close(woken)
	}()
	s.park(idle, int64(time.Hour))
	<-woken
	s.park(func() bool { return true }, int64(time.Hour))
	s.park(idle, int64(time.Millisecond)) // nothing is left of the wake-up
}
