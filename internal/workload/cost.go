package workload

import "time"

// Cost is what a batch takes besides the service times of its requests: with service c a batch of b takes a + c*b, and more where a cache or
// a buffer has an end. The zero value costs nothing. It is immutable and safe for concurrent use.
type Cost struct {
	// Fixed is what a batch takes however short it is: a.
	Fixed time.Duration
	// Every, if not 0, is for how many requests the fixed cost is good: a batch of more pays it again. The stage with which SEDA's batching was
	// shown (Welsh, Culler, Brewer, "SEDA: An Architecture for Well-Conditioned, Scalable Internet Services", SOSP 2001) takes the full time for
	// one request in 200, and a twentieth for each other.
	Every int
	// Knee, if not 0, is the batch from which on each further request takes Beyond longer, as where a batch no longer fits into a cache.
	Knee   int
	Beyond time.Duration
}

// Batch returns what a batch of b requests takes besides their service times, in nanoseconds.
func (c Cost) Batch(b int) float64 {
	times := 1
	if c.Every > 0 {
		times = (b + c.Every - 1) / c.Every
	}
	ns := float64(times) * float64(c.Fixed)
	if c.Knee > 0 {
		ns += float64(max(b-c.Knee, 0)) * float64(c.Beyond)
	}
	return ns
}
