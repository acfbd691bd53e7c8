package report

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMannWhitneyAgainstKnownValues(t *testing.T) {
	counting := func(from, n int) []float64 {
		var values []float64
		for i := range n {
			values = append(values, float64(from+i))
		}
		return values
	}
	for _, c := range []struct {
		a, b []float64
		want float64
	}{
		// As published with scipy.stats.mannwhitneyu: ages at a diagnosis.
		{[]float64{19, 22, 16, 29, 24}, []float64{20, 11, 17, 12}, 0.1111111},
		// As published with R's wilcox.test: permeability of membranes (Hollander and Wolfe); 0.1272 one-sided.
		{[]float64{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46}, []float64{1.15, 0.88, 0.90, 0.74, 1.21}, 0.2544},
		{counting(0, 3), counting(3, 3), 0.1}, // two of the splits: 2/C(6,3)
		{counting(0, 5), counting(5, 5), 2.0 / 252},
		{counting(8, 8), counting(0, 8), 2.0 / 12870},
		{[]float64{1, 1, 2}, []float64{2, 3, 3}, 0.2}, // one of 20 splits as extreme, and one where the tied 2 is the other
		{[]float64{1, 1}, []float64{1, 1}, 1},
		{nil, []float64{1}, 1},
		{make([]float64, 50), make([]float64, 50), 1},
	} {
		require.InDelta(t, c.want, MannWhitney(c.a, c.b), 0.0001, "%v %v", c.a, c.b)
		require.InDelta(t, c.want, MannWhitney(c.b, c.a), 0.0001, "%v %v", c.b, c.a)
	}
}

// The approximation takes over where it agrees with counting.
func TestMannWhitneyOfLargeSamples(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, shift := range []float64{0, 0.3, 0.6} {
		var a, b []float64
		for range exactUpTo {
			a, b = append(a, random.NormFloat64()), append(b, random.NormFloat64()+shift)
		}
		ranks, _ := doubledRanks(a, b)
		sum := 0
		for _, r := range ranks[:len(a)] {
			sum += r
		}
		require.InDelta(t, exactRankSum(ranks, len(a), sum), MannWhitney(a, b), 0.005)
	}
}

// Of samples of one distribution no more are called different than the level says.
func TestMannWhitneyHoldsItsLevel(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	wrong := 0
	for range 2000 {
		var a, b []float64
		for range 8 {
			a, b = append(a, random.ExpFloat64()), append(b, random.ExpFloat64())
		}
		if MannWhitney(a, b) < 0.05 {
			wrong++
		}
	}
	require.Less(t, wrong, 130) // 100 expected
}

func TestHolm(t *testing.T) {
	require.Empty(t, Holm(nil))
	require.InDeltaSlice(t, []float64{0.03, 0.06, 0.06, 0.02}, Holm([]float64{0.01, 0.04, 0.03, 0.005}), 1e-12)
	require.InDeltaSlice(t, []float64{1, 1}, Holm([]float64{0.7, 0.8}), 1e-12)
}
