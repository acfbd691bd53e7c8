package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

const second = Time(time.Second)

// A rate lets in as much as it says, from the first moment on, and after a pause a burst.
func TestRate(t *testing.T) {
	a := newAdmission(sched.Limit{Rate: 100, Depth: 5}, nil, 1024, second, "s", "in")
	require.Zero(t, a.take(second, 1), "it begins at once")
	require.Zero(t, a.take(second+9*second/1000, 1))
	require.Equal(t, 1, a.take(second+10*second/1000, 3))
	require.Zero(t, a.take(second+10*second/1000, 1))
	require.Equal(t, 5, a.take(2*second, 64), "the burst")
	require.Zero(t, a.take(2*second, 1))
	a.giveBack(2)
	require.Equal(t, 2, a.take(2*second, 3))
	total := 0
	for now := 2 * second; now <= 3*second; now += second / 1000 {
		total += a.take(now, 1)
	}
	require.Equal(t, 100, total)
	require.InDelta(t, 100, a.rate(), 1e-9)
}

// The next limit goes on with what the bucket holds, in events.
func TestRateChanges(t *testing.T) {
	a := newAdmission(sched.Limit{Rate: 100, Depth: 10}, nil, 1024, second, "s", "in")
	require.Equal(t, 6, a.take(2*second, 6)) // 4 are left
	b := newAdmission(sched.Limit{Rate: 1000, Depth: 10}, a, 1024, 2*second, "s", "in")
	require.Equal(t, 4, b.take(2*second, 10))
	require.Equal(t, 1, b.take(2*second+second/1000, 10))
	c := newAdmission(sched.Limit{Rate: 1000, Depth: 2}, b, 1024, 2*second+second/1000, "s", "in") // holds less than was taken
	require.Zero(t, c.take(2*second+second/1000, 1))
	require.Equal(t, 1, c.take(2*second+2*second/1000, 10))
}

// Extremes neither overflow nor keep the gate shut once they are over.
func TestRateExtremes(t *testing.T) {
	long := Time(9 * 365 * 24 * time.Hour)
	for _, now := range []Time{0, second, long} {
		a := newAdmission(sched.Limit{Rate: 1e-300}, nil, 1<<20, now, "s", "in")
		require.Zero(t, a.take(now, 1))
		require.Zero(t, a.take(now+1000*second, 1))
		b := newAdmission(sched.Limit{Rate: 1000}, a, 1024, now+1000*second, "s", "in")
		require.Equal(t, 1, b.take(now+1000*second+second/1000, 9))
		fast := newAdmission(sched.Limit{Rate: 1e300}, nil, 1024, now, "s", "in")
		require.Equal(t, 64, fast.take(now+second, 64))
	}
	require.Nil(t, newAdmission(sched.Limit{Retry: 5}, nil, 1024, second, "s", "in"))
}

// However many callers take at once, they get what the rate allows.
func TestRateTogether(t *testing.T) {
	a := newAdmission(sched.Limit{Rate: 1000, Depth: 1000}, nil, 1024, 0, "s", "in")
	var got atomic.Int64
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for range 1000 {
				got.Add(int64(a.take(second, 1)))
			}
		})
	}
	callers.Wait()
	require.EqualValues(t, 1000, got.Load())
}

// limitedStage is a stage whose only worker holds an event, with an inlet under a limit.
func limitedStage(t testing.TB, c StageConfig[int], l sched.Limit) (*Engine, *Inlet[int], func() Stats) {
	admit := c.Admit
	if admit != nil {
		c.Admit = func(v int, q QueueInfo) bool { return v < 0 || admit(v, q) }
	}
	e := New(Config{Workers: 1, Kind: Shared, Log: quietLog(), Policy: static})
	s := Add(e, c)
	in := s.Inlet(InletConfig{Name: "in", Capacity: 64, Lanes: 1})
	held, free := make(chan struct{}), make(chan struct{})
	s.Handle(func(_ *Context, v int) error {
		if v < 0 {
			held <- struct{}{}
			<-free
		}
		return nil
	})
	require.NoError(t, e.Start(context.Background()))
	require.NoError(t, s.TrySubmit(-1))
	<-held
	in.restrict(l, e.now(), s.name)
	return e, in, func() Stats {
		close(free)
		require.NoError(t, e.Drain(context.Background()))
		return e.Stats()
	}
}

func static(*sched.System) (sched.Policy, error) { return sched.Laws{}, nil }

// A depth lets in so many events as may wait, in each way of submitting, and of this inlet alone.
func TestDepthLimit(t *testing.T) {
	e, in, end := limitedStage(t, StageConfig[int]{Name: "s"}, sched.Limit{Depth: 5})
	n, err := in.TrySubmitBatch([]int{1, 2, 3})
	require.Equal(t, 3, n)
	require.NoError(t, err)
	require.NoError(t, in.Submit(context.Background(), 4))
	n, err = in.TrySubmitBatch([]int{5, 6, 7})
	require.Equal(t, 1, n)
	require.ErrorIs(t, err, ErrRefused)
	require.EqualError(t, in.TrySubmit(6), "stage s, inlet in: refused")
	require.ErrorIs(t, in.Submit(context.Background(), 6), ErrRefused)
	for v := range 10 {
		require.NoError(t, in.stage.TrySubmit(v), "the other inlet")
	}
	st := e.Stats().Stage("s").Inlets[1]
	require.Equal(t, InletStats{Name: "in", Offered: 9, Accepted: 5, Refused: 4, Limited: 4, Depth: 5}, st)
	in.restrict(sched.Limit{}, e.now(), "s")
	require.NoError(t, in.TrySubmit(6))
	checkBooks(t, end())
}

// Callers with many events at a time exceed a depth by no more than the depth each, and once it is exceeded nobody comes in.
func TestDepthLimitOfBatches(t *testing.T) {
	const callers, depth = 8, 5
	for range shorter(100) {
		_, in, end := limitedStage(t, StageConfig[int]{Name: "s"}, sched.Limit{Depth: depth})
		var accepted atomic.Int64
		var all sync.WaitGroup
		for range callers {
			all.Go(func() {
				for range 3 {
					n, err := in.TrySubmitBatch(make([]int, 2*depth))
					accepted.Add(int64(n))
					assert.ErrorIs(t, err, ErrRefused)
					assert.LessOrEqual(t, n, depth)
				}
			})
		}
		all.Wait()
		require.GreaterOrEqual(t, accepted.Load(), int64(depth))
		require.LessOrEqual(t, accepted.Load(), int64(callers*depth))
		require.ErrorIs(t, in.TrySubmit(1), ErrRefused)
		end()
	}
}

// In a keyed stage what waits in all shards counts.
func TestDepthLimitOfShards(t *testing.T) {
	e := New(Config{Workers: 2, Kind: Shared, Log: quietLog(), Policy: static})
	s := Add(e, StageConfig[int]{Name: "s", Key: func(v int) uint64 { return uint64(v) }})
	entered, free := make(chan struct{}), make(chan struct{})
	s.Handle(func(_ *Context, v int) error {
		if v < 0 {
			entered <- struct{}{}
			<-free
		}
		return nil
	})
	require.NoError(t, e.Start(context.Background()))
	require.Greater(t, len(s.shards), 1)
	other := -2
	for s.shardOf(other) == s.shardOf(-1) {
		other--
	}
	for _, v := range []int{-1, other} {
		require.NoError(t, s.TrySubmit(v))
		await(t, entered, "handler")
	}
	s.inlet.restrict(sched.Limit{Depth: 10}, e.now(), s.name)
	for v := range 10 {
		require.NoError(t, s.TrySubmit(v))
	}
	require.ErrorIs(t, s.TrySubmit(10), ErrRefused)
	close(free)
	require.NoError(t, e.Drain(context.Background()))
	checkBooks(t, e.Stats())
}

// A refusal costs no allocation, and a ring that is full costs no part of the rate.
func TestRefusalByLimit(t *testing.T) {
	e, in, end := limitedStage(t, StageConfig[int]{Name: "s"}, sched.Limit{Depth: 1})
	require.NoError(t, in.TrySubmit(1))
	require.Zero(t, testing.AllocsPerRun(1000, func() { _ = in.TrySubmit(1) }))
	in.restrict(sched.Limit{Rate: 1e9}, e.now(), "s")
	for in.TrySubmit(2) != in.errFull {
		_ = in
	}
	due := in.limit.Load().due.Load()
	require.ErrorIs(t, in.TrySubmit(3), ErrFull)
	_, err := in.TrySubmitBatch([]int{3, 4})
	require.ErrorIs(t, err, ErrFull)
	require.Less(t, in.limit.Load().due.Load(), due+int64(second)*ticksPerNs, "nothing but time went by")
	checkBooks(t, end())
}

// What does not come in after all costs no part of the rate: an event whose key is not to be had, and a Submit that found no room in the end.
func TestRateIsForWhatComesIn(t *testing.T) {
	two := func(in *Inlet[int]) {
		in.limit.Store(&admission{every: mostTicks, early: mostTicks, refused: &RefusedError{}})
	}
	e := New(Config{Workers: 2, Kind: Shared, Log: quietLog(), Policy: static})
	keyed := Add(e, StageConfig[int]{Name: "keyed", Key: func(v int) uint64 { return uint64(10 / v) }})
	s := Add(e, StageConfig[int]{Name: "s", Capacity: 2, MaxBatch: 1, Waiters: -1})
	keyed.Handle(func(*Context, int) error { return nil })
	entered, free := make(chan struct{}, 9), make(chan struct{})
	s.Handle(func(*Context, int) error { entered <- struct{}{}; <-free; return nil })
	require.NoError(t, e.Start(context.Background()))
	two(keyed.inlet)
	for range 3 {
		require.ErrorAs(t, keyed.TrySubmit(0), new(*PanicError))
		require.ErrorAs(t, keyed.Submit(context.Background(), 0), new(*PanicError))
	}
	require.NoError(t, keyed.TrySubmit(1))
	for range 2 {
		require.NoError(t, s.TrySubmit(0))
		await(t, entered, "handler")
	}
	for s.TrySubmit(0) == nil {
		_ = s
	}
	two(s.inlet)
	for range 3 {
		require.EqualError(t, s.Submit(context.Background(), 0), "stage s: refused: full, and no call may wait")
	}
	close(free)
	require.NoError(t, e.Drain(context.Background()))
	checkBooks(t, e.Stats())
}
