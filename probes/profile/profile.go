package profile

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	pprof "github.com/google/pprof/profile"

	"github.com/seda-go/seda/probes"
)

// Config says what a profile shows besides stacks. The zero value is good.
type Config struct {
	Stage    func(word uint32) string // what the label says; nil: the word
	Worker   func(thread int) string  // likewise; nil: the thread's id
	Kernel   *Kernel                  // names the kernel's frames; nil: they are left out
	Start    time.Time                // of what is profiled
	Duration time.Duration
	Rate     int // of samples on the CPU, per second: as stacks were kept
	Comments []string
}

func (c *Config) setDefaults() {
	if c.Stage == nil {
		c.Stage = func(word uint32) string { return strconv.FormatUint(uint64(word), 10) }
	}
	if c.Worker == nil {
		c.Worker = strconv.Itoa
	}
}

// Labels of samples.
const (
	Stage  = "stage"
	Worker = "worker"
	Reason = "reason" // blocked, runqueue or preempted
)

// OffCPU is a profile of the time off the CPU: where threads were asleep, woken but without a CPU, and preempted.
func OffCPU(stacks []probes.Stack, c Config) *pprof.Profile {
	p := newBuilder(c, "blocked", "blocked/nanoseconds", "runqueue/nanoseconds", "preempted/nanoseconds", "sleeps/count", "preemptions/count")
	p.PeriodType, p.Period = valueType("offcpu/nanoseconds"), 1
	for _, s := range sorted(stacks, func(s *probes.Stack) int64 { return s.Blocked + s.RunQueue + s.Preempted }) {
		p.add(&s, "blocked", s.Blocked, 0, 0, int64(s.Sleeps), 0)
		p.add(&s, "runqueue", 0, s.RunQueue, 0, 0, 0)
		p.add(&s, "preempted", 0, 0, s.Preempted, 0, int64(s.Preemptions))
	}
	return p.Profile
}

// OnCPU is a profile of the time on the CPU, as far as samples tell.
func OnCPU(stacks []probes.Stack, c Config) *pprof.Profile {
	p := newBuilder(c, "cpu", "samples/count", "cpu/nanoseconds")
	p.PeriodType, p.Period = valueType("cpu/nanoseconds"), int64(time.Second)/int64(max(c.Rate, 1))
	for _, s := range sorted(stacks, func(s *probes.Stack) int64 { return int64(s.Samples) }) {
		p.add(&s, "", int64(s.Samples), int64(s.Samples)*p.Period)
	}
	return p.Profile
}

// sorted returns stacks by falling weight.
func sorted(stacks []probes.Stack, weight func(*probes.Stack) int64) []probes.Stack {
	stacks = slices.Clone(stacks)
	slices.SortStableFunc(stacks, func(a, b probes.Stack) int { return cmp.Compare(weight(&b), weight(&a)) })
	return stacks
}
