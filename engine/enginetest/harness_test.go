package enginetest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/enginetest"
	"github.com/seda-go/seda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

type stageConfig = engine.StageConfig[int]

var errBroken = errors.New("broken")

func newEngine() *engine.Engine {
	return engine.New(engine.Config{Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

func ignore[T any](*engine.Context, T) error { return nil }

func submit(t *testing.T, s *engine.Stage[int], from, to int) {
	t.Helper()
	for v := from; v < to; v++ {
		require.NoError(t, s.TrySubmit(v))
	}
}

func count(from, to int) (list []int) {
	for v := from; v < to; v++ {
		list = append(list, v)
	}
	return list
}

// trace runs a graph in which much depends on the order of steps, and tells what happened.
func trace(t *testing.T, seed uint64, workers int) string {
	e := newEngine()
	var b strings.Builder
	var stages []*engine.Stage[int]
	for i, name := range []string{"a", "b", "c", "d"} {
		stages = append(stages, engine.Add(e, stageConfig{Name: name, Capacity: 2 << i, MaxBatch: 1 + i%2, Serial: i == 2}))
	}
	ab, ac, bd, cd := engine.Connect(stages[0], stages[1]), engine.Connect(stages[0], stages[2]), engine.Connect(stages[1], stages[3]), engine.Connect(stages[2], stages[3])
	da := engine.Connect(stages[3], stages[0])
	da.Timed, cd.Full = true, engine.Drop
	handle := func(s *engine.Stage[int], name string, outs ...*engine.Edge[int]) {
		s.Handle(func(c *engine.Context, v int) error {
			fmt.Fprintf(&b, "%v %s %d\n", c.Now(), name, v)
			for _, ed := range outs {
				if ed.Timed {
					if v > 100 {
						ed.After(c, time.Duration(v%5)*time.Millisecond, v-100)
					}
					continue
				}
				ed.Emit(c, v)
			}
			return nil
		})
	}
	handle(stages[0], "a", ab, ac)
	handle(stages[1], "b", bd)
	handle(stages[2], "c", cd)
	handle(stages[3], "d", da)
	wide := stages[0].Inlet(engine.InletConfig{Name: "wide", Lanes: 4})
	h := enginetest.Start(t, e, enginetest.Options{Seed: seed, Workers: workers})
	h.Cost(stages[1], 10*time.Microsecond)
	h.Fail(stages[2], 7, errBroken)
	for v := range 40 {
		require.NoError(t, wide.Submit(context.Background(), 200+v))
	}
	s := h.Drain()
	fmt.Fprintf(&b, "%+v", s)
	return b.String()
}

// A seed decides the run, to the last counter, and different seeds find different ones.
func TestSeedDecides(t *testing.T) {
	for _, workers := range []int{1, 3} {
		first := trace(t, 1, workers)
		require.Equal(t, first, trace(t, 1, workers))
		different := false
		for seed := uint64(2); seed < 10; seed++ {
			different = different || trace(t, seed, workers) != first
		}
		require.True(t, different)
	}
}

// Time moves from timer to timer, and no further than it is told.
func TestAdvance(t *testing.T) {
	e := newEngine()
	a, b := engine.Add(e, stageConfig{Name: "a"}), engine.Add(e, stageConfig{Name: "b"})
	ab := engine.Connect(a, b)
	var at []engine.Time
	a.Handle(func(c *engine.Context, ms int) error {
		ab.After(c, time.Duration(ms)*time.Millisecond, ms)
		return nil
	})
	b.Handle(func(c *engine.Context, ms int) error { at = append(at, c.Now()); return nil })
	ticks := engine.Add(e, engine.StageConfig[engine.Time]{Name: "ticks"})
	var ticked []engine.Time
	ticks.Handle(func(_ *engine.Context, at engine.Time) error { ticked = append(ticked, at); return nil })
	ticks.Every(4*time.Millisecond, func(now engine.Time) engine.Time { return now })
	h := enginetest.Start(t, e, enginetest.Options{})
	for _, ms := range []int{30, 10, 60_000, 20} {
		require.NoError(t, a.TrySubmit(ms))
	}
	const ms = engine.Time(time.Millisecond)
	require.Equal(t, 1, h.Run())
	require.Empty(t, at)
	h.Advance(10*time.Millisecond - 1)
	require.Empty(t, at)
	h.Advance(1)
	require.Equal(t, []engine.Time{10 * ms}, at)
	h.Advance(15 * time.Millisecond)
	require.Equal(t, []engine.Time{10 * ms, 20 * ms}, at)
	require.Equal(t, 25*ms, e.Now())
	require.Equal(t, []engine.Time{4 * ms, 8 * ms, 12 * ms, 16 * ms, 20 * ms, 24 * ms}, ticked)
	require.Equal(t, 2, e.Stats().Stage("a").Edges[0].Pending)
	h.Settle()
	require.Equal(t, []engine.Time{10 * ms, 20 * ms, 30 * ms, 60_000 * ms}, at)
	require.Equal(t, 60_000*ms, e.Now())
	require.Equal(t, 15_000, len(ticked)+int(e.Stats().Stage("ticks").Inlets[1].Refused))
	h.Drain()
}

// What a handler costs passes on the clock, counts as busy, and lets others wait.
func TestCost(t *testing.T) {
	e := newEngine()
	a := engine.Add(e, stageConfig{Name: "a", MaxBatch: 4})
	var at []engine.Time
	a.Handle(func(c *engine.Context, _ int) error { at = append(at, c.Now(), e.Now()); return nil })
	h := enginetest.Start(t, e, enginetest.Options{})
	h.Cost(a, time.Millisecond)
	submit(t, a, 0, 6)
	require.Equal(t, 2, h.Run())
	const ms = engine.Time(time.Millisecond)
	require.Equal(t, []engine.Time{0, 0, 0, ms, 0, 2 * ms, 0, 3 * ms, 4 * ms, 4 * ms, 4 * ms, 5 * ms}, at)
	require.Equal(t, 6*time.Millisecond, h.Drain().Stage("a").Busy)
}

// Chosen events fail or panic, and go where failed events go.
func TestFailAndPanic(t *testing.T) {
	e := newEngine()
	each, batch := engine.Add(e, stageConfig{Name: "each"}), engine.Add(e, stageConfig{Name: "batch"})
	out := engine.Add(e, stageConfig{Name: "out"})
	failed := engine.Add(e, engine.StageConfig[engine.Failed[int]]{Name: "failed"})
	var seen []engine.Failed[int]
	failed.Handle(func(_ *engine.Context, f engine.Failed[int]) error { seen = append(seen, f); return nil })
	engine.OnFailure(each, failed)
	fromEach, fromBatch := engine.Connect(each, out), engine.Connect(batch, out)
	each.Handle(func(c *engine.Context, v int) error { fromEach.Emit(c, v); return nil })
	batch.HandleBatch(func(c *engine.Context, vs []int) error { fromBatch.EmitBatch(c, vs); return nil })
	out.Handle(ignore)
	h := enginetest.Start(t, e, enginetest.Options{})
	passedEach, passedBatch := enginetest.Collect(h, fromEach), enginetest.Collect(h, fromBatch)
	h.Fail(each, 2, errBroken)
	h.Panic(each, 4, errBroken)
	h.Fail(batch, 2, errBroken)
	h.Panic(batch, 5, errBroken)
	submit(t, each, 1, 6)
	submit(t, batch, 1, 4)
	h.Run()
	submit(t, batch, 4, 7)
	s := h.Drain()
	require.Equal(t, []int{1, 3, 5}, *passedEach)
	require.Equal(t, []int{1, 2, 3}, *passedBatch, "in a batch what failed stays emitted, but for a panic")
	require.Len(t, seen, 2)
	require.Equal(t, 2, seen[0].Event)
	require.Equal(t, errBroken, seen[0].Err)
	require.Equal(t, 4, seen[1].Event)
	require.ErrorAs(t, seen[1].Err, new(*engine.PanicError))
	require.Equal(t, uint64(4), s.Stage("batch").Failed)
	require.Equal(t, uint64(1), s.Stage("batch").Panics)
}

type question struct {
	engine.Reply[int]
	n int
}

func ask(n int) func(engine.Reply[int]) question {
	return func(r engine.Reply[int]) question { return question{r, n} }
}

// Calls that wait run the engine, and move its clock, until they have what they wait for or know that it cannot come.
func TestCallsThatWait(t *testing.T) {
	e := newEngine()
	s := engine.Add(e, engine.StageConfig[question]{Name: "s", Capacity: 2, Deadlines: true})
	answer := engine.Add(e, engine.StageConfig[question]{Name: "answer", Deadlines: true})
	later := engine.Connect(s, answer)
	later.Timed = true
	s.Handle(func(c *engine.Context, q question) error {
		switch {
		case q.n < 0:
			return errBroken
		case q.n > 0:
			later.After(c, time.Duration(q.n), q)
		}
		return nil // 0 is forgotten
	})
	answer.Handle(func(c *engine.Context, q question) error { q.Send(c, q.n); return nil })
	h := enginetest.Start(t, e, enginetest.Options{Workers: 2})
	ctx := context.Background()
	got, err := engine.Call(ctx, s, ask(1000))
	require.NoError(t, err)
	require.Equal(t, 1000, got)
	require.Equal(t, engine.Time(1000), e.Now())
	_, err = engine.Call(ctx, s, ask(-1))
	require.ErrorIs(t, err, errBroken)
	_, err = engine.Call(ctx, s, ask(0))
	require.ErrorIs(t, err, engine.ErrNoReply)

	_, err = engine.Call(h.Timeout(500), s, ask(1000))
	require.ErrorIs(t, err, context.DeadlineExceeded)
	h.Settle()
	require.Equal(t, uint64(1), e.Stats().Stage("answer").Expired, "its deadline has passed on the engine's clock")
	_, err = engine.Call(h.Timeout(0), s, ask(1))
	require.ErrorIs(t, err, context.DeadlineExceeded)

	for range 5 {
		require.NoError(t, s.Submit(ctx, question{}), "the engine makes room")
	}
	h.Run()
	h.Hold(s)
	require.NoError(t, s.Submit(ctx, question{}))
	require.NoError(t, s.Submit(ctx, question{}))
	require.ErrorIs(t, s.Submit(ctx, question{}), engine.ErrRefused)
	require.ErrorIs(t, s.TrySubmit(question{}), engine.ErrFull)
	var left *engine.RemainsError
	require.ErrorAs(t, e.Drain(ctx), &left)
	require.Equal(t, 2, left.Total())
	sample, err := s.Sample(ctx, 1)
	require.NoError(t, err)
	require.Zero(t, sample.Batch, "nobody takes the stage's next batch")
	h.Release(s)
	sample, err = s.Sample(ctx, 1)
	require.NoError(t, err)
	require.Equal(t, 2, sample.Batch)
	h.Drain()
	require.NoError(t, e.Close())
	require.ErrorIs(t, s.TrySubmit(question{}), engine.ErrClosed)
}

// A handler that waits for its own engine is told so.
func TestCallFromAHandler(t *testing.T) {
	e := newEngine()
	s := engine.Add(e, engine.StageConfig[question]{Name: "s"})
	var errs []error
	s.Handle(func(_ *engine.Context, q question) error {
		if q.n == 1 {
			_, err := engine.Call(context.Background(), s, ask(2))
			errs = append(errs, err, e.Drain(context.Background()), e.Close())
		}
		return nil
	})
	h := enginetest.Start(t, e, enginetest.Options{})
	require.NoError(t, s.TrySubmit(question{n: 1}))
	h.Run()
	require.ErrorIs(t, errs[0], engine.ErrNoReply)
	require.ErrorAs(t, errs[1], new(*engine.RemainsError))
	require.Error(t, errs[2])
}

// Handlers of blocking stages run in the step, and Close discards what is left.
func TestBlockingStageAndClose(t *testing.T) {
	e := newEngine()
	s := engine.Add(e, stageConfig{Name: "s", Blocking: 2})
	later := engine.Connect(s, s)
	later.Timed = true
	s.Handle(func(c *engine.Context, v int) error { later.After(c, time.Hour, v); return nil })
	h := enginetest.Start(t, e, enginetest.Options{Workers: 2})
	submit(t, s, 0, 10)
	h.Run()
	require.Equal(t, uint64(10), e.Stats().Stage("s").Completed)
	submit(t, s, 0, 3)
	var left *engine.RemainsError
	require.ErrorAs(t, e.Close(), &left)
	require.Equal(t, 13, left.Total())
}

// A plan decides who runs what, and is refused where Start would refuse it.
func TestAssign(t *testing.T) {
	e := newEngine()
	a, b := engine.Add(e, stageConfig{Name: "a"}), engine.Add(e, stageConfig{Name: "b"})
	a.Handle(ignore)
	b.Handle(ignore)
	h := enginetest.Start(t, e, enginetest.Options{Workers: 2})
	require.NoError(t, h.Assign(map[string][]int{"a": {1}}))
	require.NoError(t, h.Assign(map[string][]int{"a": {0}, "b": {1}}))
	require.ErrorContains(t, h.Assign(map[string][]int{"a": {2}}), `Assign["a"] names worker 2, there are 2`)
	require.ErrorContains(t, h.Assign(map[string][]int{"c": {0}}), `the stage "c", which does not exist`)
	require.ErrorContains(t, h.Assign(map[string][]int{"a": {}}), `Assign["a"] names no worker`)
	submit(t, a, 0, 10)
	h.Run()
	require.Equal(t, uint64(3), e.Stats().Plan)
	h.Drain()
}

// lastWords is a test that has failed.
type lastWords struct {
	*testing.T
	said string
}

func (l *lastWords) Fatalf(format string, args ...any) {
	l.said = fmt.Sprintf(format, args...)
	panic(l)
}

// failsWith runs f and returns what it fails its test with.
func failsWith(t *testing.T, f func(t enginetest.TB)) string {
	t.Helper()
	l := &lastWords{T: t}
	require.Panics(t, func() { f(l) })
	return l.said
}

func TestWhatFailsATest(t *testing.T) {
	require.Contains(t, failsWith(t, func(t enginetest.TB) { enginetest.Start(t, newEngine(), enginetest.Options{}) }), "has no stages")

	t.Setenv("TEST_SEED", "12")
	e := newEngine()
	s := engine.Add(e, stageConfig{Name: "s"})
	again := engine.Connect(s, s)
	again.Full = engine.Drop
	s.Handle(func(c *engine.Context, v int) error { again.Emit(c, v); return nil })
	require.Equal(t, "enginetest: TEST_SEED=12: the engine does not come to rest", failsWith(t, func(t enginetest.TB) {
		h := enginetest.Start(t, e, enginetest.Options{Limit: 1000})
		require.NoError(t.(*lastWords), s.TrySubmit(1))
		h.Run()
	}))
	require.Contains(t, failsWith(t, func(t enginetest.TB) { enginetest.Start(t, e, enginetest.Options{}) }), "started or closed before")

	e = newEngine()
	s = engine.Add(e, stageConfig{Name: "s"})
	s.Handle(ignore)
	require.Equal(t, "enginetest: TEST_SEED=3: engine \"engine\": drain: 1 events left: 1 in s: nothing that it waits for can come", failsWith(t, func(t enginetest.TB) {
		h := enginetest.Start(t, e, enginetest.Options{Seed: 3})
		h.Hold(s)
		require.NoError(t.(*lastWords), s.TrySubmit(1))
		h.Drain()
	}))
	t.Setenv("TEST_SEED", "twelve")
	require.Contains(t, failsWith(t, func(t enginetest.TB) { enginetest.Start(t, newEngine(), enginetest.Options{}) }), "TEST_SEED")
}

// What would never come about is a mistake of the test.
func TestTroubleThatCannotBe(t *testing.T) {
	for want, do := range map[string]func(h *enginetest.Harness, s *engine.Stage[int]){
		"event 0 is to fail":   func(h *enginetest.Harness, s *engine.Stage[int]) { h.Fail(s, 0, errBroken) },
		"event -1 is to fail":  func(h *enginetest.Harness, s *engine.Stage[int]) { h.Panic(s, -1, "ouch") },
		"Fail with no error":   func(h *enginetest.Harness, s *engine.Stage[int]) { h.Fail(s, 1, nil) },
		"Cost of -1s: the clo": func(h *enginetest.Harness, s *engine.Stage[int]) { h.Cost(s, -time.Second) },
		"Advance by -1ns: the": func(h *enginetest.Harness, _ *engine.Stage[int]) { h.Advance(-1) },
	} {
		require.Contains(t, failsWith(t, func(t enginetest.TB) {
			e := newEngine()
			s := engine.Add(e, stageConfig{Name: "s"})
			s.Handle(ignore)
			do(enginetest.Start(t, e, enginetest.Options{}), s)
		}), want)
	}
}

// Stages are ranked downstream first, whatever the order they are added in and whichever edge closes a cycle: a worker hands over directly what goes
// down, and only that.
func TestHandOverInACycle(t *testing.T) {
	for _, timed := range []bool{false, true} {
		e := newEngine()
		check, work := engine.Add(e, stageConfig{Name: "check"}), engine.Add(e, stageConfig{Name: "work"})
		again, down := engine.Connect(check, work), engine.Connect(work, check)
		if again.Timed = timed; !timed {
			again.Full = engine.Drop
		}
		work.Handle(func(c *engine.Context, v int) error { down.Emit(c, v); return nil })
		check.Handle(func(c *engine.Context, v int) error {
			switch {
			case v == 0:
			case timed:
				again.After(c, 0, v-1)
			default:
				again.Emit(c, v-1)
			}
			return nil
		})
		h := enginetest.Start(t, e, enginetest.Options{})
		submit(t, work, 3, 5)
		s := h.Drain()
		require.Equal(t, uint64(4+5), s.Stage("check").Direct)
		require.Zero(t, s.Stage("work").Direct)
	}
}
