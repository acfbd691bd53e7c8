package engine

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A worker rests if it is in the sleep that it was in at the reading before, not in another one.
func TestNaps(t *testing.T) {
	w := &worker{}
	n := make(naps, 1)
	rests := func() bool {
		rest := n.rest([]*worker{w})
		return rest.Has(0)
	}
	require.False(t, rests(), "awake")
	require.False(t, rests(), "awake still")
	w.state.Store(asleep)
	require.False(t, rests(), "it has counted since it was awake")
	require.True(t, rests())
	require.True(t, rests())
	w.state.Store(searching)
	require.False(t, rests())
	w.parks.Add(1)
	w.state.Store(asleep)
	require.False(t, rests())
	require.True(t, rests())
	w.parks.Add(1) // awake and asleep between two readings
	require.False(t, rests())
	require.True(t, rests())
}

// A sampler that has left out who slept, again and again, ends with what one reads that begins.
func TestSamplerLeavesOutSleepers(t *testing.T) {
	e := New(Config{Workers: 3, Kind: Shared, Oversubscribe: true, Log: quietLog(), Policy: static})
	first := Add(e, StageConfig[int]{Name: "first", Target: time.Second})
	second := Add(e, StageConfig[int]{Name: "second", Key: func(v int) uint64 { return uint64(v) }, MaxAge: time.Second})
	outside := Add(e, StageConfig[int]{Name: "outside", Blocking: 2})
	last := Add(e, StageConfig[int]{Name: "last", Serial: true})
	toSecond, toOutside, later := Connect(first, second), Connect(second, outside), Connect(outside, last)
	later.Timed = true
	first.Handle(func(c *Context, v int) error {
		if v%7 == 0 {
			return fmt.Errorf("event %d", v)
		}
		toSecond.Emit(c, v)
		return nil
	})
	second.Handle(func(c *Context, v int) error { toOutside.Emit(c, v); return nil })
	outside.Handle(func(c *Context, v int) error { later.After(c, time.Microsecond, v); return nil })
	last.Handle(func(*Context, int) error { return nil })
	require.NoError(t, e.Start(t.Context()))
	var p sampler
	p.open(e)
	n := shorter(2000)
	for v := range n {
		require.NoError(t, first.Submit(t.Context(), v))
		p.read(e.now())
	}
	settled := func() bool {
		for range 2 {
			p.sojourned = 0
			p.read(e.now().add(sojournEvery))
		}
		rest := slices.Clone(p.naps).rest(e.workers) // of a copy: what it notes has been read
		return rest.Len() == 3 && p.snapshot.Stages[last.id].Done == uint64(n-(n+6)/7)
	}
	require.Eventually(t, settled, time.Minute, time.Millisecond)
	var fresh sampler
	fresh.open(e)
	fresh.sojourned = 0
	want := fresh.read(e.now().add(sojournEvery))
	for i := range want.Stages {
		require.NotZero(t, want.Stages[i].Done)
		require.Equal(t, want.Stages[i], p.snapshot.Stages[i], e.stages[i].name)
	}
	require.Equal(t, want.Sources, p.snapshot.Sources)
	require.EqualValues(t, want.Stages[first.id].Batches.N, want.Stages[first.id].Sojourn.Count())
	require.NoError(t, e.Drain(t.Context()))
}
