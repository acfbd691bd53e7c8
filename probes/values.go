package probes

import "math/bits"

// Values is what is known of one thread: sums since it was registered, which only grow. What no source knows stays zero. Since it last came to a CPU,
// or left one, time is that on the reader's CPU: from one reading to the next a time may shrink by the nanoseconds that clocks differ.
//
// Where OnCPU, Blocked, RunQueue and Preempted come from one source, they add up to the time since the thread was registered.
type Values struct {
	OnCPU     int64 // ns
	Blocked   int64 // ns
	RunQueue  int64 // ns
	Preempted int64 // ns

	Voluntary   uint64 // switches: it went to sleep
	Involuntary uint64 // switches: another thread took the CPU, or it yielded
	Migrations  uint64

	PageFaults   uint64
	Cycles       uint64
	Instructions uint64
	CacheMisses  uint64
	TLBMisses    uint64
	Stalled      uint64
}

// StageValues is what is known of a thread's time off the CPU while its word said one stage. Its time on the CPU is what is left of the time that
// the thread itself measures around its work: from outside, nobody sees when a running thread goes from one stage to the next.
type StageValues struct {
	Blocked     int64 // ns
	RunQueue    int64 // ns
	Preempted   int64 // ns
	Voluntary   uint64
	Involuntary uint64
	Delay       Histogram // from being woken, or losing the CPU, to running
}

// Off returns the time off the CPU.
func (v *StageValues) Off() int64 { return v.Blocked + v.RunQueue + v.Preempted }

// Buckets is the length of a Histogram.
const Buckets = 32

// Histogram counts times: its element i those of 2^i to 2^(i+1) - 1 ns, the last one longer ones too, the first one also zero.
type Histogram [Buckets]uint64

// Add counts a time.
func (h *Histogram) Add(ns uint64) { h[min(bits.Len64(ns|1)-1, Buckets-1)]++ }

// Count returns how many times were counted.
func (h *Histogram) Count() (n uint64) {
	for _, c := range h {
		n += c
	}
	return n
}

// Quantile returns a time that the fraction q of those counted do not exceed, up to a factor of 2; 0 if there are none.
func (h *Histogram) Quantile(q float64) int64 {
	rank := q * float64(h.Count())
	var seen uint64
	for i, c := range h {
		seen += c
		if c > 0 && float64(seen) >= rank {
			return 1<<(i+1) - 1
		}
	}
	return 0
}

// Preemptor is a command whose threads took a thread's CPU.
type Preemptor struct {
	Command string // as in /proc/<pid>/comm: the first 15 bytes of its name
	Count   uint64
	Time    int64 // ns until the thread ran again
}
