package engine

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func await[V any](t *testing.T, c <-chan V, what string) (v V) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		require.FailNow(t, what)
	}
	return v
}

// A publisher leaves its event to a worker that is searching. If that one goes off into a long handler it wakes the next one first.
func TestWhatIsLeftToASearcherIsPassedOn(t *testing.T) {
	for range 20 {
		e := New(Config{Workers: 2, Kind: Shared, Log: quietLog()})
		long := Add(e, StageConfig[int]{Name: "long"})
		short := Add(e, StageConfig[int]{Name: "short"})
		release, did := make(chan int), make(chan int, 1)
		long.Handle(func(*Context, int) error { <-release; return nil })
		short.Handle(func(*Context, int) error { did <- 1; return nil })
		require.NoError(t, e.Start(context.Background()))
		asleepAll(t, e)
		require.NoError(t, long.TrySubmit(0))  // wakes a worker
		require.NoError(t, short.TrySubmit(0)) // is left to it while it searches
		await(t, did, "an event waits for a handler while a worker sleeps")
		close(release)
		require.NoError(t, e.Drain(context.Background()))
	}
}

// told counts what becomes of an event.
type told struct{ lost *atomic.Int64 }

func (e told) Lost(error) { e.lost.Add(1) }

// Whatever was accepted before Close is handled, or told that it is lost, also where its goroutine was in the middle of submitting it.
func TestCloseTellsEveryEvent(t *testing.T) {
	for round := range shorter(200) {
		e := New(Config{Workers: 1 + round%2, Kind: Shared, Log: quietLog()})
		s := Add(e, StageConfig[told]{Name: "s", MaxBatch: 4})
		var lost, handled, accepted atomic.Int64
		s.Handle(func(*Context, told) error { handled.Add(1); return nil })
		require.NoError(t, e.Start(context.Background()))
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for {
					switch err := s.TrySubmit(told{&lost}); {
					case err == nil:
						accepted.Add(1)
					case errors.Is(err, ErrClosed):
						return
					}
				}
			})
		}
		for range round % 10 * 1000 {
			_ = e.now()
		}
		err := e.Close()
		wg.Wait()
		var left *RemainsError
		n := int64(0)
		if errors.As(err, &left) {
			n = int64(left.Total())
		}
		require.Equal(t, accepted.Load(), handled.Load()+n, "round %d: as Close reports", round)
		require.Equal(t, accepted.Load(), handled.Load()+lost.Load(), "round %d: as the events were told", round)
	}
}

// Buffers that outbox and hand exchange are large enough for either: nothing is allocated in the long run.
func TestHandOverBetweenUnlikeBatchesDoesNotAllocate(t *testing.T) {
	e := New(Config{Workers: 1, Kind: Shared, Log: quietLog()})
	small := Add(e, StageConfig[[64]byte]{Name: "small", MaxBatch: 1})
	large := Add(e, StageConfig[[64]byte]{Name: "large", Capacity: 1 << 12, MaxBatch: 1 << 12})
	edge := Connect(small, large)
	done := make(chan struct{}, 1)
	small.Handle(func(c *Context, v [64]byte) error { edge.Emit(c, v); return nil })
	large.Handle(func(*Context, [64]byte) error { done <- struct{}{}; return nil })
	require.NoError(t, e.Start(context.Background()))
	one := func() {
		if small.TrySubmit([64]byte{}) == nil {
			<-done
		}
	}
	require.Less(t, testing.AllocsPerRun(1000, one), 0.1)
	require.NoError(t, e.Drain(context.Background()))
}
