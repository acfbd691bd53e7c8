package engine

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// watched makes a watch over workers that do not run: the test says what they have in hand, and what time it is.
func watched(workers int, stages ...string) (v *watch, lines *LogLines) {
	lines = new(LogLines)
	e := New(Config{Log: lines.Log()})
	for i, name := range stages {
		e.stages = append(e.stages, &stageCore{id: i, name: name})
	}
	for range workers {
		e.workers = append(e.workers, &worker{e: e})
	}
	v = e.watch
	v.workers, v.stages = make([]watchedWorker, workers), make([]watchedStage, len(stages))
	return v, lines
}

func (v *watch) gives(worker int, h inHand) { v.e.workers[worker].inHand.Store(uint64(h)) }

func ms(n int) Time { return Time(n) * Time(time.Millisecond) }

func TestLongBatchIsNamed(t *testing.T) {
	v, lines := watched(2, "quick", "slow")
	const what = "handler runs long"
	look := func(at Time, want int) {
		t.Helper()
		v.look(at)
		require.Len(t, lines.With(what), want, "at %v", time.Duration(at))
	}
	look(ms(5000), 0) // nothing in hand
	v.gives(0, makeInHand(0, 1, ms(5000)))
	v.gives(1, makeInHand(1, 17, ms(5000)))
	look(ms(5000), 0)
	look(ms(5010), 0)
	v.gives(0, makeInHand(0, 1, ms(5009)))
	look(ms(5011), 1)
	require.Len(t, lines.With(what, "stage=slow worker=1", "events=17", "MaxBatch", "blocking stage"), 1)
	require.Empty(t, lines.With(what, "stage=quick"), "that one has just begun another batch")

	v.gives(0, makeInHand(1, 2, ms(5011)))
	v.gives(1, 0)
	look(ms(5050), 1) // a second line for the stage has to wait for a second
	look(ms(6010), 1)
	look(ms(6012), 2)
	require.Len(t, lines.With(what, "stage=slow worker=0", "events=2"), 1)
	look(ms(7012), 2) // the same batch is named again when it has run for twice as long
	look(ms(7100), 3)
	look(ms(8500), 3)
	v.gives(1, makeInHand(0, 1, ms(8480)))
	look(ms(8500), 4) // another stage has a second of its own
	require.Len(t, lines.With(what, "stage=quick worker=1", "events=1"), 1)
}

// holding is an engine whose handler holds its event until the test lets it go.
func holding(t *testing.T, kind Kind, every time.Duration) (e *Engine, s *Stage[int], in chan int, out chan int, lines *LogLines) {
	lines, in, out = new(LogLines), make(chan int), make(chan int)
	e = New(Config{Workers: 1, Kind: kind, Log: lines.Log()})
	e.watch.every = every
	s = Add(e, StageConfig[int]{Name: "slow"})
	s.Handle(func(_ *Context, v int) error { in <- v; <-out; return nil })
	require.NoError(t, e.Start(context.Background()))
	return e, s, in, out, lines
}

func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); runtime.Gosched() {
		require.True(t, time.Now().Before(deadline), "in vain: %s", what)
	}
}

func TestWhatAWorkerHasInHand(t *testing.T) {
	for _, kind := range []Kind{Shared, Pinned} {
		e, s, in, out, lines := holding(t, kind, time.Millisecond)
		require.Zero(t, e.Stats().Workers[0].Since)
		require.NoError(t, s.TrySubmit(1))
		await(t, in, "handler")
		until(t, "a line", func() bool { return len(lines.With("handler runs long", "stage=slow worker=0")) > 0 })
		w := e.Stats().Workers[0]
		require.Equal(t, "slow", w.Stage)
		require.Greater(t, w.Since, longBatch)
		require.Zero(t, e.Stats().Stage("slow").Long, "counted when it ends")
		out <- 1
		asleepAll(t, e)
		w = e.Stats().Workers[0]
		require.Empty(t, w.Stage)
		require.Zero(t, w.Since)
		require.NoError(t, e.Drain(context.Background()))
		require.Equal(t, uint64(1), e.Stats().Stage("slow").Long)
	}
}

// The watch sleeps while all workers do, and no worker that leaves its sleep runs unwatched.
func TestWatchSleepsWithTheWorkersAndWakesWithThem(t *testing.T) {
	for _, kind := range []Kind{Shared, Pinned} {
		e, s, in, out, _ := holding(t, kind, 100*time.Microsecond)
		for range shorter(100) {
			until(t, "the watch sleeps", e.watch.asleep.Load)
			require.NoError(t, s.TrySubmit(1))
			await(t, in, "handler")
			until(t, "the watch looks", func() bool { return !e.watch.asleep.Load() })
			out <- 1
		}
		require.NoError(t, e.Drain(context.Background()))
	}
}
