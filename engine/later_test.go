package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Events that come round for ever, more than the ring holds, take no more memory than at first.
func TestRipeEventsDoNotPileUp(t *testing.T) {
	for _, routed := range []bool{false, true} {
		const round, rounds = 8, 1000
		var s *Stage[int]
		var edge *Edge[int]
		handled := 0
		e := byHand(t, 1, nil, func(e *Engine) {
			s = Add(e, StageConfig[int]{Name: "s", Capacity: 2, Deadlines: routed})
			edge = Connect(s, s)
			edge.Timed = true
			s.Handle(func(c *Context, v int) error {
				handled++
				for range v {
					edge.After(c, 0, 1)
				}
				return nil
			})
		})
		require.NoError(t, s.TrySubmit(round))
		w := e.workers[0]
		for handled < round*rounds {
			turn(t, e, 0)
			w.fire()
		}
		l := &edge.later[0]
		require.Equal(t, round, edge.pending()+ringOf(s).Len())
		require.Less(t, cap(l.ripe), 8*round)
		require.Less(t, cap(l.routes), 8*round)
	}
}
