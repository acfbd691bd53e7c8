package sched

import "math/bits"

// Histogram counts durations in buckets that are at most a quarter wide. It is small and quick rather than exact: it decides, it does not report.
type Histogram [Buckets]uint64

// Buckets is the number of buckets of a Histogram: four to each power of two from 256 ns up, the first for less, the last for more than a minute.
const Buckets = 4 * 29

const firstBucket = 8 // the power of two that the buckets begin with

// Bucket returns the bucket of a duration in nanoseconds.
func Bucket(ns int64) int {
	if ns < 1<<firstBucket {
		return 0
	}
	e := bits.Len64(uint64(ns)) - 1
	return min((e-firstBucket)<<2|int(ns>>(e-2)&3), Buckets-1)
}

// BucketEnd returns the duration in nanoseconds at which bucket i ends.
func BucketEnd(i int) int64 {
	e := i>>2 + firstBucket
	return int64(5+i&3) << (e - 2)
}

// Add counts one duration in nanoseconds.
func (h *Histogram) Add(ns int64) { h[Bucket(ns)]++ }

// Sub returns what came after the reading before.
func (h *Histogram) Sub(before *Histogram) Histogram {
	d := *h
	for i := range d {
		d[i] -= before[i]
	}
	return d
}

// Count returns how many durations were counted.
func (h *Histogram) Count() (n uint64) {
	for _, c := range h {
		n += c
	}
	return n
}

// Quantile returns a duration, in nanoseconds, that the part q (0 to 1) of those counted does not exceed, or 0 if there are none.
func (h *Histogram) Quantile(q float64) int64 {
	n := h.Count()
	if n == 0 {
		return 0
	}
	want, seen := uint64(q*float64(n)), uint64(0)
	for i, c := range h {
		if seen += c; seen > want || seen == n {
			return BucketEnd(i)
		}
	}
	return BucketEnd(Buckets - 1)
}
