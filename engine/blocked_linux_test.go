package engine

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/invariant"
)

// busy is an engine with one pinned worker whose stages are kept supplied with events until the test ends.
func busy(t *testing.T, handlers map[string]func()) (e *Engine, lines *LogLines, calls *atomic.Uint64) {
	lines, calls = new(LogLines), new(atomic.Uint64)
	e = New(Config{Workers: 1, Kind: Pinned, Log: lines.Log()})
	stop, stopped := make(chan struct{}), make(chan struct{})
	var stages []*Stage[int]
	for name, f := range handlers {
		s := Add(e, StageConfig[int]{Name: name, MaxBatch: 4})
		s.Handle(func(*Context, int) error { f(); calls.Add(1); return nil })
		stages = append(stages, s)
	}
	require.NoError(t, e.Start(context.Background()))
	go func() {
		defer close(stopped)
		again := time.NewTicker(time.Millisecond)
		defer again.Stop()
		for {
			for _, s := range stages {
				for s.TrySubmit(0) == nil {
				}
			}
			select {
			case <-stop:
				return
			case <-again.C:
			}
		}
	}()
	t.Cleanup(func() {
		close(stop)
		<-stopped
		_ = e.Close()
	})
	return e, lines, calls
}

var sink atomic.Pointer[[]byte]

// compute uses the CPU for some microseconds, and allocates.
func compute() {
	for range 50 {
		b := make([]byte, 1024)
		sink.Store(&b)
	}
}

func TestHandlersThatBlockAreNamed(t *testing.T) {
	e, lines, _ := busy(t, map[string]func(){"sleepy": func() { time.Sleep(time.Millisecond) }, "honest": func() {}})
	sleepy := slices.IndexFunc(e.stages, func(s *stageCore) bool { return s.name == "sleepy" })
	until(t, "the stage is found", func() bool { return e.watch.sleepsIn(sleepy) > 0 }) // Stats makes garbage
	require.NotZero(t, e.Stats().Stage("sleepy").Blocked)
	require.NotEmpty(t, lines.With("handler blocks", "stage=sleepy worker=0", "sleeps="))
	if invariant.Enabled {
		return // yield.Point nudges: a thread sleeps now and then whatever the stage
	}
	require.Zero(t, e.Stats().Stage("honest").Blocked)
	require.Empty(t, lines.With("handler blocks", "stage=honest"))
}

// A handler that only computes is not taken for one that blocks, however often the collector and sysmon take it off its thread.
func TestHonestHandlersAreNotNamed(t *testing.T) {
	if invariant.Enabled {
		t.Skip("yield.Point nudges: a thread sleeps now and then whatever the handler")
	}
	e, lines, calls := busy(t, map[string]func(){"honest": compute})
	windows := 0
	for last := Time(0); windows < 5; {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for i := range 20 {
			garbage := make([][]byte, 1000)
			for k := range garbage {
				garbage[k] = make([]byte, 1000+i)
			}
			runtime.GC()
		}
		runtime.ReadMemStats(&after)
		require.Greater(t, after.NumGC, before.NumGC)
		if now := e.Now(); now.Sub(last) > blockedEvery {
			last = now
			windows++
		}
	}
	require.Empty(t, lines.With("handler blocks"))
	require.Zero(t, e.Stats().Stage("honest").Blocked)
	require.NotZero(t, calls.Load())
}
