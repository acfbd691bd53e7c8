package workload

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A gate lets in no more than its limit, whoever comes, and is empty when all have left and nobody comes any more.
func TestGate(t *testing.T) {
	g, err := NewGraph("feedback", 2)
	require.NoError(t, err)
	gate := NewGate(NewHandler(g, NewClock(), nil), 10)
	require.Equal(t, 7, gate.Enter(7))
	require.Equal(t, 3, gate.Enter(7))
	require.Zero(t, gate.Enter(1))
	gate.Leave(2)
	require.Equal(t, 2, gate.Enter(3))
	var leaving sync.WaitGroup
	for range 10 {
		leaving.Go(func() { gate.Leave(1) })
	}
	gate.Close()
	gate.Empty()
	leaving.Wait()

	straight, err := NewGraph("diamond", 4)
	require.NoError(t, err)
	none := NewGate(NewHandler(straight, NewClock(), nil), 10)
	require.Nil(t, none)
	require.Equal(t, 99, none.Enter(99))
	none.Leave(99)
	none.Close()
	none.Empty()
}

// Who hears that a request is done finds the gate as wide as without it, also before the stage is through; branches and rounds count as what they are.
func TestGateCountsWhatIsInside(t *testing.T) {
	g, err := Build("loop in a branch", []Stage{
		{Name: "in", Next: []string{"left", "right"}},
		{Name: "left", Next: []string{"left", "out"}, Shares: []float64{0.5, 0.5}, Rounds: 5},
		{Name: "right", Next: []string{"out"}},
		{Name: "out"},
	})
	require.NoError(t, err)
	var gate *Gate
	done := 0
	h := NewHandler(g, NewClock(), func(*Request, int64) {
		require.Zero(t, gate.count.Load()-1)
		done++
	})
	gate = NewGate(h, 1)
	source := NewSource(g, Constant(0), Spin{PerTurn: 1}, rand.New(rand.NewPCG(1, 1)), 0)
	var r Request
	for range 1000 {
		source.Fill(&r, 0)
		require.Equal(t, 1, gate.Enter(1))
		for ready := SetOf(0); ready != 0; {
			ready = ready.Rest() | h.Step(ready.First(), &r)
			require.Equal(t, int64(ready.Len()), gate.count.Load()-1)
		}
		r.done.Store(0)
	}
	require.Equal(t, 1000, done)
	gate.Close()
	gate.Empty()
}
