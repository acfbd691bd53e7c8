package engine_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// counter is a stage whose handler is held by a gate, one event at a time.
type counter struct {
	e     *engine.Engine
	stage *engine.Stage[int]
	gate  *gate
	seen  log[int]
}

func newCounter(t *testing.T, c stageConfig) *counter {
	s := &counter{e: newEngine(t, oneShared), gate: newGate(t)}
	c.Name, c.MaxBatch = "s", 1
	s.stage = engine.Add(s.e, c)
	s.stage.Handle(func(_ *engine.Context, v int) error {
		s.gate.pass()
		s.seen.add(v)
		return nil
	})
	return s
}

// fill starts the engine, puts event 0 into the handler and 1 to n into the ring.
func (s *counter) fill(t *testing.T, n int) {
	t.Helper()
	start(t, s.e)
	submit(t, s.stage, 0, 1)
	s.gate.wait(t)
	submit(t, s.stage, 1, n+1)
	require.ErrorIs(t, s.stage.TrySubmit(-1), engine.ErrFull)
}

func (s *counter) inlet() engine.InletStats { return s.e.Stats().Stages[0].Inlets[0] }

// wait submits v in another goroutine and returns when the call waits for room.
func (s *counter) wait(ctx context.Context, t *testing.T, v int) <-chan error {
	t.Helper()
	before, stood := s.inlet().Waiting, standing()
	done := async(func() error { return s.stage.Submit(ctx, v) })
	eventually(t, "Submit waits", func() bool { return s.inlet().Waiting == before+1 && standing() == stood+1 })
	return done
}

// standing returns how many calls of Submit have looked for room in vain, and sleep. Waiting counts them from before that look on.
func standing() int {
	stacks := make([]byte, 1<<20)
	return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), "(*Engine).stand(")
}

func TestTrySubmitFull(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 4})
	s.fill(t, 4)
	require.ErrorContains(t, s.stage.TrySubmit(9), "stage s: full")
	s.gate.next(t)
	require.NoError(t, s.stage.TrySubmit(5))
	s.gate.open()
	drain(t, s.e)
	require.Equal(t, count(6), s.seen.all())
	require.Equal(t, engine.InletStats{Name: "submit", Offered: 8, Accepted: 6, Refused: 2}, s.inlet())
}

func TestTrySubmitBatch(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 4})
	wide := s.stage.Inlet(engine.InletConfig{Name: "wide", Capacity: 2, Lanes: 8})
	in := s.stage.Inlet(engine.InletConfig{Name: "in"})
	s.fill(t, 4)
	n, err := in.TrySubmitBatch([]int{10, 11, 12, 13, 14, 15})
	require.Equal(t, 4, n, "as many as fit")
	require.ErrorIs(t, err, engine.ErrFull)
	require.ErrorContains(t, err, "stage s, inlet in: ")
	n, err = in.TrySubmitBatch([]int{14, 15})
	require.Zero(t, n)
	require.ErrorIs(t, err, engine.ErrFull)
	n, err = in.TrySubmitBatch(nil)
	require.Zero(t, n)
	require.NoError(t, err)
	n, err = wide.TrySubmitBatch([]int{20, 21, 22})
	require.Equal(t, 2, n, "a call fills one lane")
	require.ErrorIs(t, err, engine.ErrFull)
	for range 14 {
		require.NoError(t, wide.TrySubmit(22), "there are more lanes")
	}
	require.ErrorIs(t, wide.TrySubmit(22), engine.ErrFull)
	s.gate.open()
	st := drain(t, s.e).Stage("s")
	require.Equal(t, engine.InletStats{Name: "in", Offered: 8, Accepted: 4, Refused: 4}, st.Inlets[2])
	require.Equal(t, engine.InletStats{Name: "wide", Offered: 18, Accepted: 16, Refused: 2}, st.Inlets[1])
	var order []int
	for _, v := range s.seen.all() {
		if v/10 == 1 {
			order = append(order, v)
		}
	}
	require.Equal(t, []int{10, 11, 12, 13}, order)
}

// A serial stage on two workers handles the events of each inlet in the order of their submission.
func TestSerialOrderOfInlets(t *testing.T) {
	const inlets, events = 4, 5000
	e := newEngine(t, twoShared)
	first := engine.Add(e, engine.StageConfig[numbered]{Name: "first", Serial: true, Capacity: 32})
	last := engine.Add(e, engine.StageConfig[numbered]{Name: "last", Serial: true, Capacity: 8})
	edge := engine.Connect(first, last)
	var seen [2][inlets][]int // no lock: serial stages
	first.Handle(func(c *engine.Context, v numbered) error {
		seen[0][v.from] = append(seen[0][v.from], v.n)
		edge.Emit(c, v)
		return nil
	})
	last.HandleBatch(func(_ *engine.Context, vs []numbered) error {
		for _, v := range vs {
			seen[1][v.from] = append(seen[1][v.from], v.n)
		}
		return nil
	})
	var in [inlets]*engine.Inlet[numbered]
	for i := range in {
		in[i] = first.Inlet(engine.InletConfig{Name: string(rune('a' + i)), Capacity: 4 << i})
	}
	start(t, e)
	var wg sync.WaitGroup
	for i := range in {
		wg.Go(func() {
			for n := range events {
				if err := in[i].Submit(t.Context(), numbered{i, n}); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	drain(t, e)
	for stage := range seen {
		for i := range in {
			require.Equal(t, count(events), seen[stage][i], "stage %d, inlet %d", stage, i)
		}
	}
}

// Calls that wait get room in the order they came, also before those that come when there is some.
func TestSubmitWaitsInLine(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 4})
	s.fill(t, 4)
	var waiting []<-chan error
	for v := 5; v < 9; v++ {
		waiting = append(waiting, s.wait(limited(t), t, v))
	}
	s.gate.next(t) // one slot is free, which is too few to wake anybody for
	waiting = append(waiting, s.wait(limited(t), t, 9))
	for served := 0; served < 4; served += 2 {
		for s.inlet().Waiting == 5-served {
			s.gate.next(t)
		}
		for range 2 {
			require.NoError(t, receive(t, waiting[0]))
			waiting = waiting[1:]
		}
	}
	s.gate.open()
	for _, w := range waiting {
		require.NoError(t, receive(t, w))
	}
	drain(t, s.e)
	require.ElementsMatch(t, count(10), s.seen.all())
	require.Equal(t, engine.InletStats{Name: "submit", Offered: 11, Accepted: 10, Refused: 1}, s.inlet())
}

// With room for one at a time the order of the calls is that of the events.
func TestSubmitFIFO(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 2})
	s.fill(t, 2)
	var waiting []<-chan error
	for v := 3; v < 8; v++ {
		waiting = append(waiting, s.wait(limited(t), t, v))
	}
	for _, w := range waiting {
		s.gate.next(t)
		require.NoError(t, receive(t, w))
	}
	s.gate.open()
	drain(t, s.e)
	require.Equal(t, count(8), s.seen.all())
}

func TestSubmitContextEndsWhileWaiting(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 2})
	s.fill(t, 2)
	ctx, cancel := context.WithCancel(context.Background())
	gaveUp := s.wait(ctx, t, 50)
	next := s.wait(limited(t), t, 3)
	cancel()
	err := receive(t, gaveUp)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorContains(t, err, "stage s: ")
	require.Equal(t, 1, s.inlet().Waiting)
	require.ErrorIs(t, s.stage.Submit(ctx, 51), context.Canceled, "it had ended before")
	s.gate.open()
	require.NoError(t, receive(t, next))
	drain(t, s.e)
	require.Equal(t, count(4), s.seen.all(), "what was not accepted is not handled")
	require.Equal(t, engine.InletStats{Name: "submit", Offered: 7, Accepted: 4, Refused: 3}, s.inlet())
}

func TestSubmitRefusesWhenTooManyWait(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 2, Waiters: 2})
	none := s.stage.Inlet(engine.InletConfig{Name: "none", Waiters: -1})
	one := s.stage.Inlet(engine.InletConfig{Name: "one", Waiters: 1})
	s.fill(t, 2)
	a, b := s.wait(limited(t), t, 3), s.wait(limited(t), t, 4)
	err := s.stage.Submit(limited(t), 5)
	require.ErrorIs(t, err, engine.ErrRefused)
	require.ErrorContains(t, err, "stage s: refused: as many calls as may (2) wait for room")
	for v := range 2 {
		require.NoError(t, none.TrySubmit(10+v))
		require.NoError(t, one.TrySubmit(20+v))
	}
	err = none.Submit(limited(t), 12)
	require.ErrorIs(t, err, engine.ErrRefused)
	require.ErrorContains(t, err, "stage s, inlet none: refused: full, and no call may wait")
	c := async(func() error { return one.Submit(limited(t), 22) })
	eventually(t, "one may wait", func() bool { return s.e.Stats().Stages[0].Inlets[2].Waiting == 1 })
	require.ErrorIs(t, one.Submit(limited(t), 23), engine.ErrRefused)
	s.gate.open()
	for _, w := range []<-chan error{a, b, c} {
		require.NoError(t, receive(t, w))
	}
	drain(t, s.e)
	require.ElementsMatch(t, []int{0, 1, 2, 3, 4, 10, 11, 20, 21, 22}, s.seen.all())
}

func TestEndReleasesWaiters(t *testing.T) {
	for name, end := range map[string]func(*engine.Engine) error{
		"Drain": func(e *engine.Engine) error { return e.Drain(context.Background()) },
		"Close": (*engine.Engine).Close,
	} {
		t.Run(name, func(t *testing.T) {
			s := newCounter(t, stageConfig{Capacity: 2})
			s.fill(t, 2)
			var waiting []<-chan error
			for v := range 20 {
				waiting = append(waiting, s.wait(limited(t), t, 10+v))
			}
			ended := async(func() error { return end(s.e) })
			for _, w := range waiting { // while a handler is still held
				require.ErrorIs(t, receive(t, w), engine.ErrClosed)
			}
			require.Zero(t, s.inlet().Waiting)
			if name == "Close" {
				eventually(t, "workers are to stop", s.e.Stopping)
			}
			s.gate.open()
			err := receive(t, ended)
			if name == "Drain" {
				require.NoError(t, err)
				require.Equal(t, count(3), s.seen.all())
				return
			}
			var left *engine.RemainsError
			require.True(t, errors.As(err, &left))
			require.Equal(t, []engine.Remains{{Stage: "s", Events: 2}}, left.Stages)
		})
	}
}

// A call that was told of room and leaves without using it tells the next in line.
func TestToldWaiterPassesRoomOn(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 4})
	s.fill(t, 4)
	first := s.stage.Inlet0().Join()
	next := s.wait(limited(t), t, 5)
	s.gate.next(t)
	require.False(t, first.Told(), "one free slot of four is too few")
	first.TellFirst()
	require.True(t, first.Told())
	require.Equal(t, 1, s.inlet().Waiting)
	first.Leave()
	require.NoError(t, receive(t, next))
	s.gate.open()
	drain(t, s.e)
	require.Equal(t, count(6), s.seen.all())
}

// A call that leaves the line without having been told does so silently.
func TestWaiterLeavesTheLine(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 4})
	s.fill(t, 4)
	first := s.stage.Inlet0().Join()
	require.Equal(t, 1, s.inlet().Waiting)
	first.Leave()
	require.Zero(t, s.inlet().Waiting)
	s.gate.open()
	drain(t, s.e)
}

// Many callers press against a small ring, some giving up; each event whose Submit succeeded is handled once.
func TestSubmitUnderPressure(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e := newEngine(t, c)
		s := engine.Add(e, stageConfig{Name: "s", Capacity: 4, MaxBatch: 2, Waiters: 6})
		var seen, accepted log[int]
		s.HandleBatch(func(_ *engine.Context, vs []int) error { seen.add(vs...); return nil })
		start(t, e)
		var wg sync.WaitGroup
		for k := range 12 {
			wg.Go(func() {
				for i := range 300 {
					ctx, cancel := context.WithCancel(t.Context())
					if i%3 == 0 {
						go cancel()
					}
					err := s.Submit(ctx, 1000*k+i)
					cancel()
					switch {
					case err == nil:
						accepted.add(1000*k + i)
					case !errors.Is(err, engine.ErrRefused) && !errors.Is(err, context.Canceled):
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		st := drain(t, e).Stage("s").Inlets[0]
		require.Equal(t, slices.Sorted(slices.Values(accepted.all())), slices.Sorted(slices.Values(seen.all())))
		require.Equal(t, uint64(12*300), st.Offered)
		require.Zero(t, st.Waiting)
	}
}
