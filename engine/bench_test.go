package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// BenchmarkPipe is a source goroutine and three stages with trivial handlers, per event.
func BenchmarkPipe(b *testing.B) {
	for _, workers := range []int{1, 2} {
		for _, batch := range []int{8, 32, 256} {
			b.Run(fmt.Sprintf("workers=%d/batch=%d", workers, batch), func(b *testing.B) { pipe(b, workers, batch) })
		}
	}
}

func pipe(b *testing.B, workers, batch int) {
	e := engine.New(engine.Config{Workers: workers, Kind: engine.Pinned, Oversubscribe: true, Log: silent()})
	c := engine.StageConfig[int]{Capacity: 1024, MaxBatch: batch}
	c.Name = "first"
	first := engine.Add(e, c)
	c.Name = "second"
	second := engine.Add(e, c)
	c.Name = "third"
	third := engine.Add(e, c)
	to2, to3 := engine.Connect(first, second), engine.Connect(second, third)
	sum := 0
	first.HandleBatch(func(c *engine.Context, vs []int) error {
		for _, v := range vs {
			to2.Emit(c, v+1)
		}
		return nil
	})
	second.HandleBatch(func(c *engine.Context, vs []int) error {
		for _, v := range vs {
			to3.Emit(c, v+1)
		}
		return nil
	})
	third.HandleBatch(func(_ *engine.Context, vs []int) error {
		for _, v := range vs {
			sum += v
		}
		return nil
	})
	in := first.Inlet(engine.InletConfig{Name: "source"})
	require.NoError(b, e.Start(context.Background()))
	out := make([]int, batch)
	b.ReportAllocs()
	b.ResetTimer()
	for left := b.N; left > 0; {
		n, err := in.TrySubmitBatch(out[:min(left, batch)])
		if err != nil && !errors.Is(err, engine.ErrFull) {
			b.Fatal(err)
		}
		left -= n
		if n == 0 {
			runtime.Gosched()
		}
	}
	require.NoError(b, e.Drain(context.Background()))
}

type ask struct{ engine.Reply[int] }

// BenchmarkCall is one caller's round trip through an empty handler.
func BenchmarkCall(b *testing.B) {
	for _, kind := range []engine.Kind{engine.Shared, engine.Pinned} {
		b.Run(fmt.Sprintf("kind=%v", kind), func(b *testing.B) {
			e := engine.New(engine.Config{Workers: 1, Kind: kind, Log: silent()})
			s := engine.Add(e, engine.StageConfig[ask]{Name: "s"})
			s.Handle(func(c *engine.Context, a ask) error { a.Send(c, 1); return nil })
			require.NoError(b, e.Start(context.Background()))
			b.ReportAllocs()
			for b.Loop() {
				_, err := engine.Call(context.Background(), s, func(r engine.Reply[int]) ask { return ask{r} })
				if err != nil {
					b.Fatal(err)
				}
			}
			require.NoError(b, e.Drain(context.Background()))
		})
	}
	b.Run("rival=channel", func(b *testing.B) {
		type req struct{ reply chan int }
		ch := make(chan req, 1024)
		go func() {
			for r := range ch {
				r.reply <- 1
			}
		}()
		reply := make(chan int, 1)
		for b.Loop() {
			ch <- req{reply}
			<-reply
		}
		close(ch)
	})
}

// BenchmarkTurn is the fixed cost of a stage and batch: one worker, two stages that pass one event to and fro.
func BenchmarkTurn(b *testing.B) {
	e := engine.New(engine.Config{Workers: 1, Kind: engine.Pinned, Log: silent()})
	ping := engine.Add(e, engine.StageConfig[int]{Name: "ping"})
	pong := engine.Add(e, engine.StageConfig[int]{Name: "pong"})
	there, back := engine.Connect(ping, pong), engine.Connect(pong, ping)
	back.Full = engine.Drop
	ping.Handle(func(c *engine.Context, n int) error { there.Emit(c, n-1); return nil })
	pong.Handle(func(c *engine.Context, n int) error {
		if n > 0 {
			back.Emit(c, n-1)
		}
		return nil
	})
	require.NoError(b, e.Start(context.Background()))
	b.ReportAllocs()
	b.ResetTimer()
	require.NoError(b, ping.TrySubmit(b.N))
	require.NoError(b, e.Drain(context.Background()))
}

// BenchmarkTimer is an event that comes back at once, by a timer of the engine and by one of the runtime: 64 of them at a time, and as many
// more that are due in an hour.
func BenchmarkTimer(b *testing.B) {
	const tokens, idle = 64, 10_000
	b.Run("After", func(b *testing.B) {
		e := engine.New(engine.Config{Workers: 1, Kind: engine.Pinned, Log: silent()})
		s := engine.Add(e, engine.StageConfig[int]{Name: "s"})
		edge := engine.Connect(s, s)
		edge.Timed = true
		left, done := b.N, make(chan struct{})
		s.Handle(func(c *engine.Context, v int) error {
			if v < 0 {
				edge.After(c, time.Hour, 0)
				return nil
			}
			if left--; left == 0 {
				close(done)
			}
			if left > 0 {
				edge.After(c, 0, v)
			}
			return nil
		})
		require.NoError(b, e.Start(context.Background()))
		for range idle {
			require.NoError(b, s.Submit(context.Background(), -1))
		}
		b.ResetTimer()
		for range tokens {
			require.NoError(b, s.Submit(context.Background(), 1))
		}
		<-done
		b.StopTimer()
		_ = e.Close()
	})
	b.Run("Runtime", func(b *testing.B) {
		for range idle {
			defer time.AfterFunc(time.Hour, func() {}).Stop()
		}
		var left atomic.Int64
		left.Store(int64(b.N))
		done := make(chan struct{})
		for range tokens {
			var t *time.Timer
			t = time.AfterFunc(time.Hour, func() {
				switch n := left.Add(-1); {
				case n == 0:
					close(done)
				case n > 0:
					t.Reset(0)
				}
			})
			defer t.Stop()
			t.Reset(0)
		}
		<-done
	})
}
