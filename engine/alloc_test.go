//go:build !race && !invariants

// Assertions and the race detector allocate.

package engine_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// mallocs returns how many allocations the process made during f.
func mallocs(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// requireNoMallocs runs f for n events and requires that they cost no allocation. The runtime allocates now and then on its own
// account, so a few in all are allowed, and the best of some attempts counts.
func requireNoMallocs(t *testing.T, n int, f func(n int)) {
	t.Helper()
	f(n) // rings, buffers and goroutines reach their size
	best := ^uint64(0)
	for range 5 {
		if best = min(best, mallocs(func() { f(n) })); best <= uint64(n/1000) {
			return
		}
	}
	require.LessOrEqual(t, best, uint64(n/1000), "allocations for %d events", n)
}

// In steady state an event costs no allocation on its way from TrySubmit over edges, whichever form the handler has.
func TestEventsDoNotAllocate(t *testing.T) {
	type event struct {
		id   int
		text string
	}
	for _, c := range []engine.Config{oneShared, onePinned, twoShared} {
		for _, batches := range []bool{false, true} {
			e := newEngine(t, c)
			a := engine.Add(e, engine.StageConfig[*event]{Name: "a"})
			b := engine.Add(e, engine.StageConfig[event]{Name: "b", Serial: true})
			aside := engine.Add(e, engine.StageConfig[event]{Name: "aside"})
			aside.Handle(ignore)
			edge, lossy := engine.Connect(a, b), engine.Connect(a, aside)
			lossy.Full = engine.Drop
			emit := func(c *engine.Context, v *event) error {
				edge.Emit(c, *v)
				lossy.Emit(c, *v)
				return nil
			}
			if batches {
				a.HandleBatch(func(c *engine.Context, vs []*event) error {
					for _, v := range vs {
						_ = emit(c, v)
					}
					return nil
				})
			} else {
				a.Handle(emit)
			}
			var done atomic.Int64
			b.Handle(func(_ *engine.Context, v event) error { done.Add(int64(v.id)); return nil })
			start(t, e)
			v := &event{1, "text"}
			requireNoMallocs(t, 4000, func(n int) {
				for want := done.Load() + int64(n); n > 0; runtime.Gosched() {
					for n > 0 && a.TrySubmit(v) == nil {
						n--
					}
					for n == 0 && done.Load() < want {
						runtime.Gosched()
					}
				}
			})
			drain(t, e)
		}
	}
}

// Nor does an event that comes later, or at regular times.
func TestTimersDoNotAllocate(t *testing.T) {
	for _, c := range []engine.Config{oneShared, onePinned} {
		e := newEngine(t, c)
		a, b := addPair(e)
		edge := engine.Connect(a, b)
		edge.Timed = true
		a.Handle(func(c *engine.Context, n int) error {
			edge.After(c, time.Duration(n%4)*100*time.Microsecond, n)
			return nil
		})
		var done atomic.Int64
		b.Handle(func(*engine.Context, int) error { done.Add(1); return nil })
		a.Every(100*time.Microsecond, func(engine.Time) int { return 1 })
		start(t, e)
		requireNoMallocs(t, 4000, func(n int) {
			for sent, first := 0, done.Load(); done.Load()-first < int64(n); runtime.Gosched() {
				for sent < n && int64(sent)-(done.Load()-first) < 200 && a.TrySubmit(sent) == nil {
					sent++
				}
			}
		})
		drain(t, e)
	}
}

// Refusing an event costs no allocation either, nor does a call.
func TestRefusalsAndCallsDoNotAllocate(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 2})
	s.fill(t, 2)
	require.Zero(t, testing.AllocsPerRun(1000, func() { _ = s.stage.TrySubmit(1) }))
	e, asked := asked(t, oneShared, double)
	start(t, e)
	ctx := limited(t)
	event := func(r engine.Reply[int]) question { return question{r, 1} }
	requireNoMallocs(t, 4000, func(n int) {
		for range n {
			if _, err := engine.Call(ctx, asked, event); err != nil {
				t.Error(err)
			}
		}
	})
	drain(t, e)
}
