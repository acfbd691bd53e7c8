package engine_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/engine"
)

// A chain that one worker serves hands batches over directly. What fails in the middle of it fails there and nowhere else.
func TestHandOver(t *testing.T) {
	eachFlaw(t, func(t *testing.T, c engine.Config, f flaw) {
		const events = 2000
		e := newEngine(t, c)
		var stages [4]*engine.Stage[int]
		for i := range stages {
			stages[i] = engine.Add(e, stageConfig{Name: string(rune('a' + i)), Capacity: 64, Serial: i%2 == 0})
		}
		ab, bc, cd := engine.Connect(stages[0], stages[1]), engine.Connect(stages[1], stages[2]), engine.Connect(stages[2], stages[3])
		cd.MaxOut = 2
		stages[0].Handle(func(c *engine.Context, v int) error { ab.Emit(c, v); return nil })
		stages[1].HandleBatch(func(c *engine.Context, vs []int) error { bc.EmitBatch(c, vs); return nil })
		stages[2].Handle(func(c *engine.Context, v int) error {
			cd.Emit(c, v)
			if v%100 == 7 {
				return f.do()
			}
			cd.Emit(c, v)
			return nil
		})
		var arrived log[int]
		stages[3].HandleBatch(func(_ *engine.Context, vs []int) error { arrived.add(vs...); return nil })
		failed := failures(e, stages[2])
		start(t, e)
		for v := range events {
			require.NoError(t, stages[0].Submit(limited(t), v))
		}
		s := drain(t, e)
		var want []int
		for v := range events {
			if v%100 != 7 {
				want = append(want, v, v)
			}
		}
		require.Equal(t, want, arrived.all())
		require.Len(t, failed.all(), events/100)
		require.NotZero(t, s.Stage("b").Direct)
		require.Zero(t, s.Stage("a").Direct)
	})
}

// Events that wait in a ring are not overtaken by what is handed over.
func TestHandOverKeepsOrder(t *testing.T) {
	for _, c := range []engine.Config{oneShared, twoShared, twoPinned} {
		e := newEngine(t, c)
		a := engine.Add(e, stageConfig{Name: "a", Serial: true})
		b := engine.Add(e, stageConfig{Name: "b", Serial: true, Capacity: 8, MaxBatch: 4})
		edge := engine.Connect(a, b)
		next := 0 // no lock: a is serial
		a.Handle(func(c *engine.Context, n int) error {
			for range n {
				edge.Emit(c, next)
				next++
			}
			return nil
		})
		var seen log[int]
		b.Handle(func(_ *engine.Context, v int) error { seen.add(v); return nil })
		start(t, e)
		total := 0
		for i := range 1000 {
			n := i * i % 7 // often more than fits, and then a few that would
			total += n
			require.NoError(t, a.Submit(limited(t), n))
		}
		drain(t, e)
		require.Equal(t, count(total), seen.all())
	}
}
