package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLeastP(t *testing.T) {
	for _, c := range [][2]int{{1, 1}, {3, 3}, {4, 4}, {8, 8}, {10, 9}, {2, 7}} {
		low, high := make([]float64, c[0]), make([]float64, c[1])
		for i := range low {
			low[i] = float64(i)
		}
		for i := range high {
			high[i] = float64(100 + i)
		}
		require.InDelta(t, MannWhitney(low, high), leastP(c[0], c[1]), 1e-12, c)
	}
	require.Equal(t, 1.0, leastP(0, 5))
	require.False(t, Change{Old: make([]float64, 3), New: make([]float64, 3)}.Tellable(0.05, 1))
	require.True(t, Change{Old: make([]float64, 4), New: make([]float64, 4)}.Tellable(0.05, 1))
	require.False(t, Change{Old: make([]float64, 4), New: make([]float64, 4)}.Tellable(0.05, 2))
}

// The interval holds the median it is drawn from about as often as it claims.
func TestIntervalsHold(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	held, ratioHeld := 0, 0
	const trials = 300
	sample := func() []float64 {
		xs := make([]float64, 15)
		for i := range xs {
			xs[i] = math.Exp(rng.NormFloat64() / 10) // the median is 1
		}
		return xs
	}
	for range trials {
		i, r := MedianInterval(sample()), RatioInterval(sample(), sample())
		if i.Low <= 1 && 1 <= i.High {
			held++
		}
		if r.Low <= 1 && 1 <= r.High {
			ratioHeld++
		}
		require.True(t, i.Low <= i.Value && i.Value <= i.High)
	}
	require.InDelta(t, 0.95, float64(held)/trials, 0.04)
	require.InDelta(t, 0.95, float64(ratioHeld)/trials, 0.04)
	require.True(t, math.IsNaN(MedianInterval(nil).Low))
	require.Equal(t, Interval{3, 3, 3}, MedianInterval([]float64{3}))
}

// What an interval is does not depend on the order of the runs, and samples are drawn as often as they should be.
func TestIntervalsOfOneSampleAreTheSame(t *testing.T) {
	for _, size := range []int{2, 7, 10, 400} {
		rng := rand.New(rand.NewPCG(3, uint64(size)))
		sample, other := make([]float64, size), make([]float64, size)
		for i := range sample {
			sample[i], other[i] = rng.Float64(), 1+rng.Float64()
		}
		median, ratio := MedianInterval(sample), RatioInterval(sample, other)
		before := slices.Clone(sample)
		MedianInterval(sample)
		require.Equal(t, before, sample, "the sample of the caller is left alone")
		rng.Shuffle(size, func(i, j int) { sample[i], sample[j] = sample[j], sample[i] })
		require.Equal(t, median, MedianInterval(sample))
		require.Equal(t, ratio, RatioInterval(sample, other))
		require.Less(t, RatioInterval(sample, sample).Low, 1.0, "the two sides are drawn apart")
		require.Greater(t, RatioInterval(sample, sample).High, 1.0)
	}
	// Of two values a drawn sample is the lower twice, the upper twice, or one of each: a quarter, a quarter, a half.
	low := 0
	for _, r := range medianRanks(2, 0) {
		if r == (rankPair{0, 0}) {
			low++
		}
	}
	require.InDelta(t, resamples/4, low, 5*math.Sqrt(resamples*3.0/16))
}
