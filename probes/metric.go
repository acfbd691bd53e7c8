package probes

import (
	"math/bits"
	"strconv"
)

// Metric is something a source may know of a thread.
type Metric uint8

// The metrics, in the order of a Report.
const (
	OnCPU      Metric = iota // ns on a CPU
	Blocked                  // ns asleep, until woken
	RunQueue                 // ns from being woken to running; where Preempted is not known, that is in it
	Preempted                // ns runnable after the kernel took the CPU away
	Switches                 // times it gave up its CPU, by itself and not
	Migrations               // times it was moved to another CPU
	Stages                   // off-CPU times and run-queue delays by what the thread was at
	Preemptors               // whose command took its CPU
	PageFaults
	Cycles
	Instructions
	CacheMisses // of the last level
	TLBMisses   // of the data TLB, loads
	Stalled     // cycles in which the back end waited

	metricCount
)

var metricNames = [metricCount]string{
	"on-CPU time", "blocked time", "run-queue time", "preempted time", "switches", "migrations", "times by stage", "preemptors",
	"page faults", "cycles", "instructions", "cache misses", "TLB misses", "stalled cycles",
}

func (m Metric) String() string {
	if m < metricCount {
		return metricNames[m]
	}
	return "metric " + strconv.Itoa(int(m))
}

// Metrics is a set of metrics.
type Metrics uint32

// MetricsOf returns the set of those.
func MetricsOf(list ...Metric) (s Metrics) {
	for _, m := range list {
		s |= 1 << m
	}
	return s
}

// Has reports whether m is in s.
func (s Metrics) Has(m Metric) bool { return s>>m&1 == 1 }

// each calls f with the metrics of s in order.
func (s Metrics) each(f func(Metric)) {
	for ; s != 0; s &= s - 1 {
		f(Metric(bits.TrailingZeros32(uint32(s))))
	}
}

// Origin is where a metric comes from.
type Origin uint8

// The origins.
const (
	None Origin = iota // the metric is not known
	Proc               // files under /proc
	Perf               // perf_event_open
	BPF                // programs in the kernel
)

func (o Origin) String() string {
	return [...]string{"none", "proc", "perf", "bpf"}[o]
}
