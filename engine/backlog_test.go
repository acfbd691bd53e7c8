package engine_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// sample asks for n events of s and returns when the stage has been asked.
func sample[T any](t *testing.T, s *engine.Stage[T], ctx context.Context, n int) <-chan engine.Backlog {
	t.Helper()
	got := async(func() engine.Backlog {
		b, err := s.Sample(ctx, n)
		if err != nil {
			t.Error(err)
		}
		return b
	})
	eventually(t, "the stage is asked", s.Asked)
	return got
}

// Sample says what waits, where, and for how long, and how long each event of the next batch has waited, without disturbing them.
func TestSample(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared} {
		for _, serial := range []bool{true, false} {
			e, clock := withClock(t, c)
			g := newGate(t)
			var seen log[any]
			s := engine.Add(e, engine.StageConfig[any]{Name: "s", MaxBatch: 4, Serial: serial})
			other := s.Inlet(engine.InletConfig{Name: "other", Lanes: 2})
			s.HandleBatch(func(_ *engine.Context, vs []any) error { g.pass(); seen.add(vs...); return nil })
			start(t, e)
			apply(t, e, map[string][]int{"s": {0}})
			require.NoError(t, s.TrySubmit("first"))
			g.wait(t)
			for _, v := range []any{1, "two", nil, 4.0, 5} {
				require.NoError(t, s.TrySubmit(v))
				clock.advance(time.Second)
			}
			b, err := s.Sample(limited(t), 0)
			require.NoError(t, err)
			require.Equal(t, engine.Backlog{At: e.Now(), Queues: []engine.Queue{{Depth: 5, HeadAge: 5 * time.Second}}}, b)
			got := sample(t, s, limited(t), 3)
			require.NoError(t, other.TrySubmit(6))
			g.open()
			b = receive(t, got)
			require.Equal(t, 5, b.Queues[0].Depth, "when it was asked for")
			require.Equal(t, 4, b.Batch)
			require.Len(t, b.Events, 3)
			types := map[string]time.Duration{}
			for _, v := range b.Events {
				types[v.Type] = v.Age
			}
			// One source after the other, so one of the three may be the other inlet's.
			require.Equal(t, 5*time.Second, max(types["int"], types["string"]+time.Second, types["<nil>"]+2*time.Second))
			drain(t, e)
			require.Len(t, seen.all(), 7)
			requireOrder(t, seen.all(), "first", 1, "two", nil, 4.0, 5)
		}
	}
}

// requireOrder requires that want comes in this order, whatever is in between.
func requireOrder(t *testing.T, all []any, want ...any) {
	t.Helper()
	for _, v := range all {
		if len(want) > 0 && v == want[0] {
			want = want[1:]
		}
	}
	require.Empty(t, want)
}

// Classes and shards have queues of their own; the events are those of the batch that is taken next, by class, with the keys of its shard.
func TestSampleClassesAndShards(t *testing.T) {
	e, clock := withClock(t, twoShared)
	g := newGate(t)
	s := engine.Add(e, engine.StageConfig[int]{Name: "s", Classes: 2, Key: func(v int) uint64 { return uint64(v) }})
	high := s.Inlet(engine.InletConfig{Name: "high", Class: 1})
	s.HandleBatch(func(*engine.Context, []int) error { g.pass(); return nil })
	start(t, e)
	apply(t, e, map[string][]int{"s": {0}})
	other := 1
	for s.ShardOf(other) == s.ShardOf(0) {
		other++
	}
	require.NoError(t, s.TrySubmit(0))
	g.wait(t) // the shard of 0 is taken
	for range 2 {
		require.NoError(t, s.TrySubmit(0))
		require.NoError(t, s.TrySubmit(other))
		clock.advance(time.Second)
		require.NoError(t, high.TrySubmit(other))
	}
	got := sample(t, s, limited(t), 100)
	g.next(t) // that of other is, or that of 0 again
	b := receive(t, got)
	zero := engine.Queue{Shard: s.ShardOf(0), Depth: 2, HeadAge: 2 * time.Second}
	low := engine.Queue{Shard: s.ShardOf(other), Depth: 2, HeadAge: 2 * time.Second}
	up := engine.Queue{Shard: s.ShardOf(other), Class: 1, Depth: 2, HeadAge: time.Second}
	require.ElementsMatch(t, []engine.Queue{zero, low, up}, b.Queues)
	key := uint64(other)
	shard := s.ShardOf(other)
	want := []engine.Waiting{
		{Age: time.Second, Shard: shard, Class: 1, Key: key, Type: "int"},
		{Shard: shard, Class: 1, Key: key, Type: "int"},
		{Age: 2 * time.Second, Shard: shard, Key: key, Type: "int"},
		{Age: time.Second, Shard: shard, Key: key, Type: "int"},
	}
	if b.Events[0].Shard == s.ShardOf(0) {
		shard = s.ShardOf(0)
		want = []engine.Waiting{{Age: 2 * time.Second, Shard: shard, Type: "int"}, {Age: time.Second, Shard: shard, Type: "int"}}
	}
	require.Equal(t, want, b.Events)
	require.Equal(t, len(want), b.Batch)
	g.open()
	require.EqualValues(t, 7, drain(t, e).Stage("s").Completed)
}

// Without a batch there are no events, and the stage is not left asked.
func TestSampleSeesNoBatch(t *testing.T) {
	h := newHop(t, apart(twoShared), engine.Block)
	h.a.Handle(func(c *engine.Context, v int) error {
		for range 5 {
			h.edge.Emit(c, v)
		}
		return nil
	})
	start(t, h.e)
	submit(t, h.a, 0, 1)
	h.gate.wait(t)
	eventually(t, "the rest is owed", func() bool { return h.e.Stats().Stage("a").Edges[0].Owed == 2 && h.e.Asleep(0) })
	ctx, cancel := context.WithCancel(t.Context())
	got, turn := sample(t, h.b, ctx, 1), sample(t, h.b, ctx, 1)
	cancel()
	for _, b := range []engine.Backlog{receive(t, got), receive(t, turn)} {
		require.Len(t, b.Queues, 1)
		require.Equal(t, 2, b.Queues[0].Depth)
		require.Equal(t, 2, b.Owed)
		require.Zero(t, b.Batch)
		require.Empty(t, b.Events)
	}
	require.False(t, h.b.Asked())
	for _, n := range []int{0, -1} {
		b, err := h.b.Sample(context.Background(), n)
		require.NoError(t, err)
		require.Zero(t, b.Batch)
	}
	h.gate.open()
	drain(t, h.e)
	require.Equal(t, make([]int, 5), h.seen.all())
}

func TestSampleOutsideTheEnginesLife(t *testing.T) {
	s := newCounter(t, stageConfig{Capacity: 2})
	_, err := s.stage.Sample(limited(t), 1)
	require.ErrorIs(t, err, engine.ErrNotStarted)
	require.ErrorContains(t, err, "stage s: ")
	s.fill(t, 2)
	waiting := sample(t, s.stage, context.Background(), 1)
	behind := async(func() error { _, err := s.stage.Sample(context.Background(), 1); return err })
	closed := async(s.e.Close)
	eventually(t, "the worker is to stop", s.e.Stopping)
	s.gate.open()
	b := receive(t, waiting)
	require.Zero(t, b.Batch)
	require.Equal(t, 2, b.Queues[0].Depth)
	if err := receive(t, behind); err != nil {
		require.ErrorIs(t, err, engine.ErrClosed) // it came late
	}
	require.Error(t, receive(t, closed))
	_, err = s.stage.Sample(limited(t), 1)
	require.ErrorIs(t, err, engine.ErrClosed)
}

// Of a batch that is handed over directly the events are shown as well: they have not waited.
func TestSampleDirect(t *testing.T) {
	e := newEngine(t, oneShared)
	a := engine.Add(e, stageConfig{Name: "a"})
	b := engine.Add(e, engine.StageConfig[timedAsk]{Name: "b", Classes: 2, Key: func(q timedAsk) uint64 { return uint64(10 * q.N) }})
	edge := engine.Connect(a, b)
	a.Handle(func(c *engine.Context, v int) error { edge.Emit(c, timedAsk{N: v}); return nil })
	b.Handle(ignore)
	start(t, e)
	got := sample(t, b, limited(t), 1)
	for b.Asked() || e.Stats().Stage("b").Direct == 0 {
		require.NoError(t, a.Submit(limited(t), 7))
	}
	view := receive(t, got)
	require.NotZero(t, view.Batch)
	require.Len(t, view.Events, 1)
	require.Equal(t, "engine_test.timedAsk", view.Events[0].Type)
	require.EqualValues(t, 70, view.Events[0].Key)
	drain(t, e)
}

// A key function that panics costs the view the key, and nobody else anything.
func TestSampleKeyPanics(t *testing.T) {
	e := newEngine(t, oneShared)
	g := newGate(t)
	var broken atomic.Bool
	s := engine.Add(e, stageConfig{Name: "s", Key: func(v int) uint64 {
		if broken.Load() {
			panic(errBroken)
		}
		return 5
	}})
	s.Handle(func(*engine.Context, int) error { g.pass(); return nil })
	start(t, e)
	submit(t, s, 0, 1)
	g.wait(t)
	submit(t, s, 1, 3)
	broken.Store(true)
	got := sample(t, s, limited(t), 2)
	g.open()
	view := receive(t, got)
	require.Len(t, view.Events, 2)
	require.Zero(t, view.Events[0].Key)
	require.EqualValues(t, 3, drain(t, e).Stage("s").Completed)
}

// Many ask while events flow through every kind of stage: each view is plausible, and no event is lost, doubled or out of order.
func TestSampleUnderLoad(t *testing.T) {
	const events, keys = 2000, 20
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e := newEngine(t, c)
		key := func(v int) uint64 { return uint64(v % keys) }
		plain := engine.Add(e, stageConfig{Name: "plain", MaxAge: time.Hour})
		keyed := engine.Add(e, stageConfig{Name: "keyed", MaxBatch: 8, Key: key})
		serial := engine.Add(e, stageConfig{Name: "serial", Classes: 2, Serial: true})
		toSerial, toPlain := engine.Connect(keyed, serial), engine.Connect(serial, plain)
		var next [keys]int
		var wrong atomic.Int64
		keyed.Handle(func(c *engine.Context, v int) error {
			if next[v%keys] != v/keys {
				wrong.Add(1)
			}
			next[v%keys]++
			toSerial.Emit(c, v)
			return nil
		})
		serial.Handle(func(c *engine.Context, v int) error { toPlain.Emit(c, v); return nil })
		var seen log[int]
		plain.HandleBatch(func(_ *engine.Context, vs []int) error { seen.add(vs...); return nil })
		start(t, e)
		ctx, stop := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var views atomic.Int64
		for _, s := range []*engine.Stage[int]{plain, keyed, serial, keyed} {
			for n := range 3 {
				wg.Go(func() {
					for ctx.Err() == nil {
						b, err := s.Sample(ctx, 1+30*n)
						if err != nil {
							t.Error(err)
							return
						}
						if len(b.Events) > min(1+30*n, b.Batch) || b.Batch > 64 {
							t.Errorf("%d events of a batch of %d", len(b.Events), b.Batch)
						}
						views.Add(int64(len(b.Events)))
						for _, v := range b.Events {
							if v.Type != "int" || v.Age < 0 || v.Key >= keys {
								wrong.Add(1)
							}
						}
					}
				})
			}
		}
		patience := limited(t)
		sent := 0
		for sent < events || views.Load() == 0 { // on a busy machine all may be done before anybody has asked
			require.NoError(t, keyed.Submit(patience, sent))
			sent++
		}
		stop()
		wg.Wait()
		drain(t, e)
		require.Equal(t, count(sent), slices.Sorted(slices.Values(seen.all())))
		require.Zero(t, wrong.Load())
	}
}
