package workload

import (
	"math"
	"math/rand/v2"
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
