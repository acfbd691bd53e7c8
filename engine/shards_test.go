package engine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// Shards of keyed stages, one schedule each.

// spreadOut is an engine by hand in which from sends events on to a keyed stage of four shards.
type spreadOut struct {
	e        *Engine
	from, to *Stage[int]
	edge     *Edge[int]
	key      []int // one for each shard
}

func newSpreadOut(t *testing.T, workers int, assign map[string][]int) *spreadOut {
	p := &spreadOut{}
	p.e = byHand(t, workers, assign, func(e *Engine) {
		p.from = Add(e, StageConfig[int]{Name: "from", Serial: true})
		p.to = Add(e, StageConfig[int]{Name: "to", Key: func(v int) uint64 { return uint64(v) }, Shards: 4, Capacity: 2, MaxBatch: 2})
		p.edge = Connect(p.from, p.to)
		p.from.Handle(func(c *Context, v int) error { p.edge.Emit(c, v); return nil })
		p.to.Handle(func(*Context, int) error { return nil })
	})
	for shard := range 4 {
		v := 0
		for p.to.shardOf(v) != shard {
			v++
		}
		p.key = append(p.key, v)
	}
	return p
}

// Pair (2) once more, for the shards of a keyed stage.
func TestShardBitsAreSetAgain(t *testing.T) {
	p := newSpreadOut(t, 2, nil)
	e, s := p.e, p.to
	require.NoError(t, s.TrySubmit(p.key[2]))
	h := &s.hands[0]
	h.vain[2] = giveUpShard - 1
	e.ready.clear(s.id) // by somebody who did not see the shard's bit, which was clear just then
	s.seenEmpty(h, 2)
	require.True(t, s.active.has(2), "there was an event after all")
	require.True(t, e.ready.has(s.id))
	turn(t, e, 0)
	h.vain[2] = giveUpShard - 1
	s.seenEmpty(h, 2)
	require.False(t, s.active.has(2))
	require.NoError(t, s.TrySubmit(p.key[2]))
	require.True(t, s.active.has(2))
	turn(t, e, 0)
}

// What comes over an edge sets the shard's bit, too.
func TestEdgesSetShardBits(t *testing.T) {
	p := newSpreadOut(t, 2, map[string][]int{"from": {0}, "to": {1}})
	fallAsleep(t, p.e, 1)
	require.NoError(t, p.from.TrySubmit(p.key[1]))
	require.NoError(t, p.from.TrySubmit(p.key[3]))
	turn(t, p.e, 0)
	settled(p.e, 0)
	require.Equal(t, sched.SetOf(1, 3), p.to.active.load())
	require.Equal(t, sched.SetOf(1), woken(p.e))
	turn(t, p.e, 1)
	turn(t, p.e, 1)
}

// Pair (6) for shards: one that is taken is its owner's to look after, any other one is not.
func TestATakenShardHidesNoOther(t *testing.T) {
	p := newSpreadOut(t, 2, map[string][]int{"from": {0}})
	fallAsleep(t, p.e, 1)
	p.e.workers[0].state.Store(running)
	p.to.tokens[2].take(0)
	require.NoError(t, p.to.TrySubmit(p.key[2]))
	require.Equal(t, none, woken(p.e))
	require.NoError(t, p.to.TrySubmit(p.key[3]))
	require.Equal(t, sched.SetOf(1), woken(p.e))
	turn(t, p.e, 1)
	require.False(t, p.e.workers[1].turn(), "what is left is worker 0's")
	p.to.tokens[2].giveUp()
	turn(t, p.e, 1)
}

// A batch for several shards is pushed, one for a single shard may be handed over; each event arrives in its own.
func TestOneShardIsHandedOver(t *testing.T) {
	repeated(t, "it is handed over", func() bool {
		p := newSpreadOut(t, 2, nil)
		var cells []int
		p.to.handle = func(c *Context, v int) error {
			require.Equal(t, p.to.shardOf(v), c.cell)
			cells = append(cells, c.cell)
			return nil
		}
		require.NoError(t, p.from.TrySubmit(p.key[1]))
		require.NoError(t, p.from.TrySubmit(p.key[2]))
		require.True(t, p.from.run.serve(p.e.workers[0]))
		require.Empty(t, cells, "of two shards")
		settled(p.e, 0)
		require.NoError(t, p.from.TrySubmit(p.key[3]))
		require.True(t, p.from.run.serve(p.e.workers[0]))
		for shard := range p.to.tokens {
			require.False(t, p.to.tokens[shard].taken(), "the shard that was run is given up")
		}
		return len(cells) == 1
	})
}

// Rule d: a debtor gives up the shard it holds, not another one, and only when all of its parts are paid.
func TestDebtorGivesUpItsShard(t *testing.T) {
	p := newSpreadOut(t, 2, map[string][]int{"from": {0}, "to": {1}})
	for range 2 {
		require.NoError(t, p.to.TrySubmit(p.key[1])) // leaves the rings of edges empty
	}
	for range 6 {
		require.NoError(t, p.from.TrySubmit(p.key[1]))
	}
	require.NoError(t, p.from.TrySubmit(p.key[2]))
	turn(t, p.e, 0)
	settled(p.e, 0)
	require.Equal(t, 4, p.edge.owed(0))
	require.True(t, p.from.tokens[0].taken())
	for p.edge.owed(0) > 0 {
		require.False(t, p.e.workers[0].turn(), "it owes")
		turn(t, p.e, 1)
		p.e.workers[0].payDebts()
	}
	require.False(t, p.from.tokens[0].taken())
	require.Empty(t, p.edge.box(0, 0).filled)
}
