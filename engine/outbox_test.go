package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A large debt to a stage with notes costs every turn what fits into the ring, not what is owed.
func TestLargeDebtIsNotCopiedEveryTurn(t *testing.T) {
	const events = 1000
	var from, to *Stage[int]
	var edge *Edge[int]
	seen := 0
	e := byHand(t, 1, nil, func(e *Engine) {
		from, to = Add(e, StageConfig[int]{Name: "from"}), Add(e, StageConfig[int]{Name: "to", Capacity: 4, MaxBatch: 1, Classes: 2})
		edge = Connect(from, to)
		from.Handle(func(c *Context, _ int) error {
			for range events {
				edge.Emit(c, 1)
			}
			return nil
		})
		to.Handle(func(_ *Context, v int) error { seen += v; return nil })
	})
	require.NoError(t, from.TrySubmit(1))
	turn(t, e, 0)
	settled(e, 0)
	require.Equal(t, events-4, edge.owedByAll())
	require.False(t, e.workers[0].payDebts(), "the ring is full")
	for seen < events {
		turn(t, e, 0)
		settled(e, 0)
	}
	require.LessOrEqual(t, cap(edge.box(0, 0).packed), 4)
	require.Zero(t, edge.owedByAll())
}

// Rule b: a stage whose worker owes for it is not run, whatever room there is by now: what it emits would come on top of the debt.
func TestADebtIsPaidFirst(t *testing.T) {
	e, from, to, edge := blocked(t, StageConfig[int]{MaxBatch: 1})
	owe(e, edge)
	take(to, 2)
	require.NoError(t, from.TrySubmit(1))
	require.False(t, e.workers[0].turn())
	require.True(t, e.workers[0].payDebts())
	turn(t, e, 0)
}
