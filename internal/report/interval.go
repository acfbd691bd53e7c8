package report

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Interval is an estimate with its confidence interval of 95 %.
type Interval struct {
	Low, Value, High float64
}

const (
	resamples = 5000
	outside   = 0.025 // on each side
)

// MedianInterval returns the median of a sample and its confidence interval by the percentile bootstrap: the middle share of the medians of samples
// drawn from it with replacement. The same sample gives the same interval; an empty one gives NaN. Of fewer than six values it is from the least to the largest,
// and then less sure: n values have the median among them with a probability of 1 - 2/2^n, which is 75 % of three.
//
// B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979).
func MedianInterval(sample []float64) Interval {
	if len(sample) == 1 {
		return Interval{sample[0], sample[0], sample[0]} // as it is drawn each time
	}
	return bootstrap(median(sample), func(rng *rand.Rand) float64 { return median(draw(rng, sample)) })
}

// RatioInterval returns the ratio of two medians and its confidence interval, for which both samples are drawn anew each time.
func RatioInterval(of, to []float64) Interval {
	return bootstrap(median(of)/median(to), func(rng *rand.Rand) float64 { return median(draw(rng, of)) / median(draw(rng, to)) })
}

func bootstrap(value float64, again func(rng *rand.Rand) float64) Interval {
	if math.IsNaN(value) {
		return Interval{value, value, value}
	}
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, resamples)
	for i := range values {
		values[i] = again(rng)
	}
	slices.Sort(values)
	return Interval{quantile(values, outside), value, quantile(values, 1-outside)}
}

func draw(rng *rand.Rand, sample []float64) []float64 {
	drawn := make([]float64, len(sample))
	for i := range drawn {
		drawn[i] = sample[rng.IntN(len(sample))]
	}
	return drawn
}

func median(sample []float64) float64 { return QuartilesOf(sample).Median }
