package report

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
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
// drawn from it with replacement. The same sample, in any order, gives the same interval; an empty one gives NaN. Of fewer than six values it is from the least
// to the largest, and then less sure: n values have the median among them with a probability of 1 - 2/2^n, which is 75 % of three.
//
// B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979).
func MedianInterval(sample []float64) Interval {
	if len(sample) == 1 {
		return Interval{sample[0], sample[0], sample[0]} // as it is drawn each time
	}
	return middle(median(sample), redrawn(sample, 0))
}

// RatioInterval returns the ratio of two medians and its confidence interval, for which both samples are drawn anew each time.
func RatioInterval(of, to []float64) Interval {
	value := median(of) / median(to)
	if len(of) == 0 || len(to) == 0 {
		return middle(value, nil)
	}
	ratios := redrawn(of, 0)
	for i, m := range redrawn(to, 1) {
		ratios[i] /= m
	}
	return middle(value, ratios)
}

// middle is the share of values, which it sorts, that is not outside.
func middle(value float64, values []float64) Interval {
	if math.IsNaN(value) {
		return Interval{value, value, value}
	}
	slices.Sort(values)
	return Interval{quantile(values, outside), value, quantile(values, 1-outside)}
}

// redrawn are the medians of samples drawn anew from a sample; those of two streams are independent of each other.
func redrawn(sample []float64, stream uint64) []float64 {
	if len(sample) == 0 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(sample))
	medians := make([]float64, resamples)
	for i, r := range medianRanks(len(sample), stream) {
		low, high := sorted[r.low], sorted[r.high]
		medians[i] = low + (high-low)/2
	}
	return medians
}

// rankPair is where in a sorted sample the two values are between which the median of a drawn one lies, which are one value where their number is odd.
type rankPair struct{ low, high int32 }

// ranksOf keeps what medianRanks drew. Which values of a sorted sample are drawn depends on how many there are and on nothing else, and a page has
// thousands of intervals of few sizes: to draw and sort 5000 samples for each of them took most of the time of a report.
var ranksOf sync.Map // of [2]uint64, size and stream, to []rankPair

// medianRanks draws samples of a size, and returns where their medians are.
func medianRanks(size int, stream uint64) []rankPair {
	key := [2]uint64{uint64(size), stream}
	if known, ok := ranksOf.Load(key); ok {
		return known.([]rankPair)
	}
	rng := rand.New(rand.NewPCG(1, 1+stream))
	ranks, drawn := make([]rankPair, resamples), make([]int32, size)
	for i := range ranks {
		for j := range drawn {
			drawn[j] = rng.Int32N(int32(size))
		}
		slices.Sort(drawn)
		ranks[i] = rankPair{drawn[(size-1)/2], drawn[size/2]}
	}
	ranksOf.Store(key, ranks)
	return ranks
}

func median(sample []float64) float64 { return QuartilesOf(sample).Median }
