package main

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// TestContenders runs the contenders on little: each checks what it carried.
func TestContenders(t *testing.T) {
	const few = 5003 // no multiple of a batch
	for name, sample := range map[string]func(context.Context) (float64, error){
		"chan T":            chanPipeline[small](few),
		"chan []T":          chanBatchPipeline[large](few, 64, false),
		"closed chan []T":   chanBatchPipeline[small](few, 64, true),
		"closed engine":     closedPipeline[small](few, 8),
		"engine batches":    enginePipeline[large](few, 8, 8, 256, false),
		"engine events":     enginePipeline[small](few, 64, 64, depth, true),
		"engine one by one": enginePipeline[small](few, 1, 64, depth, true),
		"channels call":     chanCall(8, 800, false),
		"shared call":       engineCall(8, 800, engine.Shared, true),
		"pinned call":       engineCall(8, 80, engine.Pinned, false),
		"one caller":        engineCall(1, 10, engine.Shared, false),
		"stages b1":         circle{stages: 3, batch: 1, blocks: 2, size: 1000}.engine,
		"stages":            circle{stages: 3, batch: 7, work: 1, blocks: 2, size: 1000}.engine,
		"stages each":       circle{stages: 4, batch: 7, work: 1, blocks: 2, size: 1000, each: true}.engine,
		"calls":             circle{stages: 3, batch: 7, work: 1, blocks: 2, size: 1000}.calls,
		"calls each":        circle{stages: 4, batch: 7, work: 1, blocks: 2, size: 1000, each: true}.calls,
		"a peer":            peer("gostreams", few, 1),
		"on two CPUs":       onTwoCPUs(enginePipeline[small](few, 64, 64, depth, false)),
		"one channel":       chanCall(1, 10, true),
	} {
		t.Run(name, func(t *testing.T) {
			x, err := contender{sample: sample}.measure(t.Context())
			if why := unavailable(""); errors.As(err, &why) {
				t.Log("not here:", why)
				return
			}
			require.NoError(t, err)
			require.GreaterOrEqual(t, x, 0.0)
		})
	}
}

func TestBusy(t *testing.T) {
	for name, busy := range map[string]func(context.Context, func() error) error{
		"working": workingEngine, "spinning": spinningEngine, "no engine": workingGoroutines,
	} {
		called := false
		err := busy(t.Context(), func() error { called = true; return nil })
		if why := unavailable(""); errors.As(err, &why) {
			t.Log("not here:", why)
			continue
		}
		require.NoError(t, err, name)
		require.True(t, called, name)
		require.ErrorIs(t, busy(t.Context(), func() error { return context.Canceled }), context.Canceled, name)
	}
}

func TestPauses(t *testing.T) {
	sum := func() (n uint64) {
		h, err := pauses("/sched/pauses/total/gc:seconds")
		require.NoError(t, err)
		for _, c := range h.Counts {
			n += c
		}
		return n
	}
	before := sum()
	runtime.GC()
	require.Greater(t, sum(), before)
	_, err := pauses("/no/such:metric")
	require.Error(t, err)
}

func TestUpper(t *testing.T) {
	bounds := []float64{math.Inf(-1), 1, 2, 4, math.Inf(1)}
	require.InDelta(t, 2.0, upper([]uint64{0, 3, 1, 0}, bounds, 0.5), 0)
	require.InDelta(t, 4.0, upper([]uint64{0, 3, 1, 0}, bounds, 0.99), 0)
	require.InDelta(t, 4.0, upper([]uint64{0, 0, 0, 1}, bounds, 0.5), 0)
	require.True(t, math.IsNaN(upper(make([]uint64, 4), bounds, 0.5)))
}

func TestJump(t *testing.T) {
	for n := range uint64(20) {
		mult, add := jump(n)
		require.Equal(t, work(7, int(n)), 7*mult+add)
	}
	evs := []uint64{7, 9}
	workAll(evs, 3)
	require.Equal(t, []uint64{work(7, 3), work(9, 3)}, evs)
}

// A circle whose events are not what they must be, or that was not fused, does not count.
func TestCircleChecks(t *testing.T) {
	c := circle{stages: 2, batch: 4, blocks: 1, size: 1}
	require.NoError(t, c.check(0+1+2+3))
	require.ErrorContains(t, c.check(7), "add up to 7, not 6")
	whole := engine.StageStats{Name: "a", Batches: 100, Completed: 400, Direct: 400}
	require.NoError(t, c.fused(engine.Stats{Stages: []engine.StageStats{whole, whole}}))
	queued, cut := whole, whole
	queued.Direct, cut.Batches = 300, 120
	require.ErrorContains(t, c.fused(engine.Stats{Stages: []engine.StageStats{whole, queued}}), "only 300 of 400 events were handed over")
	require.ErrorContains(t, c.fused(engine.Stats{Stages: []engine.StageStats{cut}}), "400 events in 120 batches")
}

func TestFastest(t *testing.T) {
	f := fastest("id", "ours", []string{"a", "b"}, 1)
	require.InDelta(t, 0.5, f.value(round{"ours": 2, "a": 7, "b": 4}), 0)
	require.Equal(t, []string{"ours", "a", "b"}, f.of)
	require.Equal(t, "ours / fastest of a, b", f.what)
}

func TestGoCommand(t *testing.T) {
	out, err := goCommand(t.Context(), "", "env", "GOOS")
	require.NoError(t, err)
	require.Equal(t, runtime.GOOS, out)
	_, err = goCommand(t.Context(), "", "list", "./nowhere")
	require.ErrorContains(t, err, "go list ./nowhere: ")
	dir, err := peersModule(t.Context())
	require.NoError(t, err)
	for _, p := range peers {
		require.FileExists(t, filepath.Join(dir, p, "main.go"))
	}
}

func TestSink(t *testing.T) {
	var s sink
	s.add(2)
	s.add(3)
	require.NoError(t, s.check(2))
	require.EqualError(t, s.check(3), "2 of 3 events arrived, 0 out of order")
	s.add(3)
	require.EqualError(t, s.check(3), "3 of 3 events arrived, 1 out of order")
}

func TestBreakEven(t *testing.T) {
	require.Zero(t, breakEven(1.4, 1))
	w := breakEven(50_000, 300)
	require.InDelta(t, callBound*(300+w), 50_000+w, 1e-6)
}

func TestWrongAnswer(t *testing.T) {
	_, err := timeCalls(2, 10, func() func(uint64) (uint64, error) {
		return func(n uint64) (uint64, error) { return n, nil }
	})
	require.EqualError(t, err, "call 0 was answered 0")
}
