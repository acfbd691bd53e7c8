package workload

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestKeysComeAsOftenAsTheirDistributionSays(t *testing.T) {
	for text, exponent := range map[string]float64{"uniform:50": 0, "zipf:0.99,50": 0.99, "zipf:2,50": 2, "zipf:0,1": 0} {
		k, err := ParseKeys(text)
		require.NoError(t, err)
		require.Equal(t, text, k.String())
		const n = 200_000
		random := rand.New(rand.NewPCG(1, 1))
		counts := make([]float64, k.Count())
		for range n {
			counts[k.draw(random)]++
		}
		sum := 0.0
		for i := range counts {
			sum += math.Pow(float64(i+1), -exponent)
		}
		for i, count := range counts {
			share := math.Pow(float64(i+1), -exponent) / sum
			require.InDelta(t, share, count/n, 5*math.Sqrt(share/n), "%s, key %d", text, i)
		}
		require.InDelta(t, 1/sum, k.Hot(), 1e-9)
	}
	require.Empty(t, (*Keys)(nil).String())
}

// A gate lets in no more than its limit, whoever comes, and is empty when all have left and nobody comes any more.
func TestGate(t *testing.T) {
	g, err := NewGraph("feedback", 2)
	require.NoError(t, err)
	gate := NewGate(g, 10)
	require.Equal(t, 7, gate.Enter(7))
	require.Equal(t, 3, gate.Enter(7))
	require.Zero(t, gate.Enter(1))
	gate.Add(-2)
	require.Equal(t, 2, gate.Enter(3))
	var leaving sync.WaitGroup
	for range 10 {
		leaving.Go(func() { gate.Add(-1) })
	}
	gate.Close()
	gate.Empty()
	leaving.Wait()

	straight, err := NewGraph("diamond", 4)
	require.NoError(t, err)
	none := NewGate(straight, 10)
	require.Nil(t, none)
	require.Equal(t, 99, none.Enter(99))
	none.Add(-99)
	none.Close()
	none.Empty()
}
