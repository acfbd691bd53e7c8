package engine_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// In a target with many rings an event finds the one of its key and class.
func TestAfterToManyRings(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e := newEngine(t, c)
		from := engine.Add(e, stageConfig{Name: "from", Classes: 2})
		to := engine.Add(e, stageConfig{Name: "to", Classes: 2, Shards: 8, Capacity: 2, MaxBatch: 1, Key: func(v int) uint64 { return uint64(v) }})
		edge := engine.Connect(from, to)
		edge.Timed = true
		from.Handle(func(c *engine.Context, v int) error {
			edge.After(c, time.Duration(v%3)*100*time.Microsecond, v)
			return nil
		})
		var seen [2]log[int]
		to.Handle(func(c *engine.Context, v int) error { seen[c.Class()].add(v); return nil })
		urgent := from.Inlet(engine.InletConfig{Name: "urgent", Class: 1})
		start(t, e)
		ctx := limited(t)
		for v := range 200 {
			in := from.Submit
			if v%2 == 1 {
				in = urgent.Submit
			}
			require.NoError(t, in(ctx, v))
		}
		require.Equal(t, uint64(200), drain(t, e).Stage("to").Completed)
		for class := range seen {
			require.Len(t, seen[class].all(), 100)
			for _, v := range seen[class].all() {
				require.Equal(t, class, v%2)
			}
		}
	}
}

// A deadline goes with the event, and may pass before its time comes.
func TestAfterKeepsTheDeadline(t *testing.T) {
	e := newEngine(t, oneShared)
	a := engine.Add(e, engine.StageConfig[question]{Name: "a", Deadlines: true})
	b := engine.Add(e, engine.StageConfig[question]{Name: "b", Deadlines: true})
	edge := engine.Connect(a, b)
	a.Handle(func(c *engine.Context, q question) error { edge.After(c, 20*ms, q); return nil })
	b.Handle(ignore)
	start(t, e)
	ctx, cancel := context.WithTimeout(context.Background(), 5*ms)
	defer cancel()
	_, err := engine.Call(ctx, a, func(r engine.Reply[int]) question { return question{r, 1} })
	if !errors.Is(err, engine.ErrExpired) { // the caller was late to see that its time was over, and found the answer
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	s := drain(t, e)
	require.Equal(t, uint64(1), s.Stage("a").Expired+s.Stage("b").Expired)
}

// A key function that panics fails the event whose handler called After, and costs a periodic event one tick.
func TestTimersOfAKeyThatPanics(t *testing.T) {
	e := newEngine(t, twoShared)
	a := engine.Add(e, stageConfig{Name: "a"})
	b := engine.Add(e, stageConfig{Name: "b", Key: func(v int) uint64 {
		if v == 1 {
			panic(errBroken)
		}
		return uint64(v)
	}})
	edge := engine.Connect(a, b)
	a.Handle(func(c *engine.Context, v int) error { edge.After(c, 0, 0); edge.After(c, 0, v); return nil })
	b.Handle(ignore)
	v := 0
	b.Every(ms, func(engine.Time) int { v++; return v })
	failed := failures(e, a)
	start(t, e)
	submit(t, a, 0, 3)
	eventually(t, "ticks go on", func() bool { return e.Stats().Stage("b").Inlets[1].Accepted >= 2 })
	s := drain(t, e)
	require.Len(t, failed.all(), 1)
	require.Equal(t, 1, failed.all()[0].Event)
	require.ErrorIs(t, failed.all()[0].Err, errBroken)
	require.Equal(t, uint64(4), s.Stage("a").Edges[0].Entered)
	require.Equal(t, uint64(1), s.Stage("b").Panics)
}

// A handler that may block has timers too; the worker that ends its batch keeps them.
func TestAfterFromABlockingStage(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoPinned} {
		e := newEngine(t, c)
		fetch := engine.Add(e, stageConfig{Name: "fetch", Blocking: 4, MaxBatch: 2})
		retry := engine.Connect(fetch, fetch)
		retry.Timed = true
		failed := failures(e, fetch)
		fetch.Handle(func(c *engine.Context, tries int) error {
			retry.After(c, 100*time.Microsecond, tries-1)
			if tries == 0 {
				return errBroken // takes that back
			}
			return nil
		})
		start(t, e)
		ctx := limited(t)
		for range 100 {
			require.NoError(t, fetch.Submit(ctx, 5))
		}
		s := drain(t, e).Stage("fetch")
		require.Equal(t, uint64(100*5), s.Completed)
		require.Len(t, failed.all(), 100)
		require.Equal(t, uint64(100*5), s.Edges[0].Entered)
	}
}
