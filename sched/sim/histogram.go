package sim

import "math/bits"

// Histogram counts durations in buckets a sixteenth wide at most, up to an hour and more.
type Histogram struct {
	counts [16 * 40]uint64
	N      uint64
	Sum    float64 // ns
	Max    int64
}

// Add counts one duration in nanoseconds.
func (h *Histogram) Add(ns int64) {
	h.N++
	h.Sum += float64(ns)
	h.Max = max(h.Max, ns)
	h.counts[bucket(ns)]++
}

func bucket(ns int64) int {
	if ns < 16 {
		return int(max(ns, 0))
	}
	e := bits.Len64(uint64(ns)) - 1
	return min((e-3)<<4|int(ns>>(e-4)&15), 16*40-1)
}

// middle returns a duration in the middle of bucket i.
func middle(i int) float64 {
	if i < 16 {
		return float64(i)
	}
	return (float64(16+i&15) + 0.5) * float64(int64(1)<<(i>>4-1))
}

// Mean returns the mean in nanoseconds, 0 if there are none.
func (h *Histogram) Mean() float64 {
	if h.N == 0 {
		return 0
	}
	return h.Sum / float64(h.N)
}

// Quantile returns the duration, in nanoseconds, that the part q (0 to 1) of those counted does not exceed, to within a thirtieth, or 0 if there are none.
func (h *Histogram) Quantile(q float64) float64 {
	want, seen := uint64(q*float64(h.N)), uint64(0)
	for i, c := range h.counts {
		if seen += c; c > 0 && (seen > want || seen == h.N) {
			return min(middle(i), float64(h.Max))
		}
	}
	return 0
}

// less returns what came after the reading before, if Max was set to 0 then.
func (h Histogram) less(before *Histogram) Histogram {
	for i := range h.counts {
		h.counts[i] -= before.counts[i]
	}
	h.N -= before.N
	h.Sum -= before.Sum
	return h
}

// Join adds what o has counted.
func (h *Histogram) Join(o *Histogram) {
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.N += o.N
	h.Sum += o.Sum
	h.Max = max(h.Max, o.Max)
}
