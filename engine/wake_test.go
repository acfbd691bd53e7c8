package engine

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const patience = time.Minute

// asleepAll waits until every worker has gone past its last look before sleeping.
func asleepAll(t *testing.T, e *Engine) {
	for deadline := time.Now().Add(patience); ; runtime.Gosched() {
		all := true
		for i, w := range e.workers {
			all = all && e.parked.has(i) && w.state.Load() == asleep
		}
		if all {
			return
		}
		require.True(t, time.Now().Before(deadline), "a worker without work does not sleep")
	}
}

// Single events into a sleeping engine: each one is answered, over two stages and back to the caller. SEDA_WAKES sets how many.
func TestNoWakeUpIsLost(t *testing.T) {
	wakes := fromEnv(t, "SEDA_WAKES", shorter(100_000))
	cpus := runtime.NumCPU()
	cases := []Config{
		{Workers: 1, Kind: Pinned},
		{Workers: 2, Kind: Pinned, Oversubscribe: true},
		{Workers: cpus + 2, Kind: Pinned, Oversubscribe: true},
		{Workers: 2, Kind: Shared},
	}
	for _, c := range cases {
		c.Name = fmt.Sprint(c.Workers, " ", c.Kind)
		t.Run(c.Name, func(t *testing.T) { wakeOneByOne(t, wakes, c) })
	}
}

type ping struct {
	Reply[int]
	n int
}

func wakeOneByOne(t *testing.T, wakes int, c Config) {
	c.Log, c.Idle = quietLog(), Park
	e := New(c)
	first := Add(e, StageConfig[ping]{Name: "first"})
	second := Add(e, StageConfig[ping]{Name: "second", Serial: true})
	on := Connect(first, second)
	first.Handle(func(c *Context, p ping) error { on.Emit(c, p); return nil })
	second.Handle(func(c *Context, p ping) error { p.Send(c, p.n+1); return nil })
	require.NoError(t, e.Start(context.Background()))
	began := time.Now()
	for n := range wakes {
		if n%8 != 0 { // sometimes in the middle of falling asleep
			asleepAll(t, e)
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		got, err := Call(ctx, first, func(r Reply[int]) ping { return ping{r, n} })
		cancel()
		require.NoError(t, err, "event %d: a wake-up was lost", n)
		require.Equal(t, n+1, got)
	}
	s := e.Stats()
	t.Logf("%d events in %v, %d found every worker asleep", wakes, time.Since(began), s.ColdWakes)
	require.NoError(t, e.Drain(context.Background()))
	checkBooks(t, e.Stats())
	require.GreaterOrEqual(t, float64(s.ColdWakes), 0.9*float64(wakes), "the test is to find the workers asleep")
}

// The same with nobody waiting for the worker to sleep: events arrive at every moment of its falling asleep.
func TestNoWakeUpIsLostWhileFallingAsleep(t *testing.T) {
	events := shorter(50_000)
	for _, workers := range []int{1, 2} {
		e := New(Config{Workers: workers, Kind: Pinned, Oversubscribe: true, Idle: Park, Log: quietLog()})
		seen := make(chan int, 1)
		s := Add(e, StageConfig[int]{Name: "s"})
		s.Handle(func(_ *Context, n int) error { seen <- n; return nil })
		require.NoError(t, e.Start(context.Background()))
		late := time.NewTimer(patience)
		for n := range events {
			require.NoError(t, s.TrySubmit(n))
			for range n % 97 * 10 { // from a few nanoseconds to some microseconds later
				_ = e.plan.Load()
			}
			select {
			case got := <-seen:
				require.Equal(t, n, got)
			case <-late.C:
				t.Fatalf("event %d: a wake-up was lost", n)
			}
			late.Reset(patience)
		}
		require.NoError(t, e.Drain(context.Background()))
	}
}
