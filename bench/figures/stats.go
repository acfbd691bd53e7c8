package main

import (
	"math"
	"math/rand/v2"
	"slices"
)

// quantile returns the q-quantile of xs by linear interpolation between order
// statistics (Hyndman and Fan's type 7), and NaN for no values. It leaves xs as
// it is.
func quantile(xs []float64, q float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	return sortedQuantile(slices.Sorted(slices.Values(xs)), q)
}

func sortedQuantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	low := int(at)
	if low >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	return sorted[low] + (at-float64(low))*(sorted[low+1]-sorted[low])
}

func median(xs []float64) float64 { return quantile(xs, 0.5) }

const (
	resamples  = 5000
	confidence = 0.95
)

// medianInterval returns the confidence interval of the median of xs by the
// percentile bootstrap: the middle share of the medians of samples drawn from xs
// with replacement. The same xs give the same interval.
func medianInterval(xs []float64) (low, high float64) {
	if len(xs) == 0 {
		return math.NaN(), math.NaN()
	}
	rng := rand.New(rand.NewPCG(1, uint64(len(xs))))
	medians := make([]float64, resamples)
	drawn := make([]float64, len(xs))
	for i := range medians {
		for j := range drawn {
			drawn[j] = xs[rng.IntN(len(xs))]
		}
		slices.Sort(drawn)
		medians[i] = sortedQuantile(drawn, 0.5)
	}
	slices.Sort(medians)
	return sortedQuantile(medians, (1-confidence)/2), sortedQuantile(medians, (1+confidence)/2)
}
