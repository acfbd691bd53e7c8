package engine_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// Ticks come from one period after Start on, until Drain, which does not wait for the next one.
func TestEvery(t *testing.T) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		e := newEngine(t, c)
		s := engine.Add(e, engine.StageConfig[engine.Time]{Name: "s", Serial: true})
		var seen log[engine.Time]
		s.Handle(func(_ *engine.Context, at engine.Time) error { seen.add(at); return nil })
		s.Every(ms, func(now engine.Time) engine.Time { return now })
		s.Every(time.Hour, func(now engine.Time) engine.Time { return 0 })
		before := e.Now()
		start(t, e)
		eventually(t, "three ticks", func() bool { return len(seen.all()) >= 3 })
		st := drain(t, e).Stage("s")
		last := before
		for _, at := range seen.all() {
			require.GreaterOrEqual(t, at.Sub(before), ms)
			require.Greater(t, at, last)
			last = at
		}
		require.Equal(t, "every 1ms", st.Inlets[1].Name)
		require.Equal(t, uint64(len(seen.all())), st.Inlets[1].Accepted)
		require.Equal(t, engine.InletStats{Name: "every 1h0m0s"}, st.Inlets[2])
	})
}

// A stage that does not keep up finds two ticks waiting, whatever the time it took; the others are refused, and counted.
func TestEverySkipsWhatDoesNotFit(t *testing.T) {
	e := newEngine(t, apart(twoShared))
	g := newGate(t)
	a, b := add(e, stageConfig{Name: "a"}), engine.Add(e, stageConfig{Name: "b", MaxBatch: 1})
	b.Handle(func(*engine.Context, int) error { g.pass(); return nil })
	b.Every(ms, func(engine.Time) int { return 1 })
	start(t, e)
	require.NoError(t, a.TrySubmit(1))
	g.wait(t)
	ticks := func() engine.InletStats { return e.Stats().Stage("b").Inlets[1] }
	eventually(t, "the ring is full", func() bool { return ticks().Accepted >= 3 }) // refused are also periods that pass while the worker is held up
	refused := ticks().Refused
	eventually(t, "more are refused", func() bool { return ticks().Refused > refused+3 })
	require.Equal(t, uint64(3), ticks().Accepted, "one in hand and two in the ring")
	g.open()
	eventually(t, "it goes on", func() bool { return ticks().Accepted > 10 })
	drain(t, e)
}

// What a periodic event panics with, or its leaving the goroutine, is counted and costs one tick.
func TestEveryPanics(t *testing.T) {
	eachKind(t, func(t *testing.T, c engine.Config) {
		e := newEngine(t, c)
		s := add(e, stageConfig{Name: "s"})
		var calls atomic.Int64
		for range 2 {
			s.Every(ms, func(engine.Time) int {
				switch calls.Add(1) {
				case 2, 3:
					panic(errBroken)
				case 4, 5:
					runtime.Goexit()
				}
				return 1
			})
		}
		start(t, e)
		eventually(t, "ticks go on", func() bool { return e.Stats().Stage("s").Completed > 10 })
		st := drain(t, e).Stage("s")
		require.Equal(t, uint64(4), st.Panics)
		require.Equal(t, "every 1ms", st.Inlets[1].Name)
		require.Equal(t, "every 1ms #2", st.Inlets[2].Name)
		require.LessOrEqual(t, st.Completed+4, uint64(calls.Load()))
	})
}

func TestEveryAfterStartIsIgnored(t *testing.T) {
	e := newEngine(t, oneShared)
	s := add(e, stageConfig{Name: "s"})
	start(t, e)
	s.Every(time.Nanosecond, func(engine.Time) int { panic("called") })
	require.Len(t, drain(t, e).Stage("s").Inlets, 1)
}
