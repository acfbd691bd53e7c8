package sched

import (
	"errors"
	"fmt"
)

// System is what a policy decides about and what does not change while it does: the workers, stages and sources of an engine, or of a
// simulated one. Stages and workers are numbered as in a Plan.
type System struct {
	Workers []Seat
	Stages  []Stage
	Sources []Source
	Quantum int64 // time a stage may use in one round of a worker, ns
}

// Seat is where a worker runs; a number is -1 where it is not known. Workers with the same Core share it as SMT siblings; those with the same LLC
// share their last-level cache.
type Seat struct {
	CPU, Core, LLC, Node int
}

// Stage is one stage as a policy sees it.
type Stage struct {
	Name     string
	Next     []int // stages that its edges lead to
	Capacity int   // events that one of its rings holds
	MaxBatch int   // most events that a batch may ever have
	MinCores int   // fewest and most workers that shall serve it; 0: no bound
	MaxCores int
	Parallel int // most workers that can run it at the same time: 1 if it is serial, its shards if it is keyed, 0: any number
	Threads  int // blocking stages: the most batches in the handler at a time; 0: not blocking
}

// Source is one way in: what admission is decided for.
type Source struct {
	Name     string // of the stage and the inlet
	Stage    int    // where it leads to
	Class    int    // 0 is the lowest
	Capacity int    // events that its rings hold
	Target   int64  // how long an event may take from submission to the end of its last stage, ns; 0: any time, nothing is refused early
}

// Validate reports every reason why no policy can decide about y.
func (y *System) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if n := len(y.Workers); n < 1 || n > MaxSet {
		bad("system: %d workers, want 1 to %d", n, MaxSet)
	}
	if n := len(y.Stages); n < 1 || n > MaxSet {
		bad("system: %d stages, want 1 to %d", n, MaxSet)
	}
	if y.Quantum < 1 {
		bad("system: Quantum is %d, want at least 1", y.Quantum)
	}
	for _, s := range y.Stages {
		for _, n := range s.Next {
			if n < 0 || n >= len(y.Stages) {
				bad("stage %q: Next is %d, want 0 to %d", s.Name, n, len(y.Stages)-1)
			}
		}
		if s.MaxBatch < 1 {
			bad("stage %q: MaxBatch is %d, want at least 1", s.Name, s.MaxBatch)
		}
		for _, err := range CheckCores(s.MinCores, s.MaxCores, len(y.Workers)) {
			bad("stage %q: %w", s.Name, err)
		}
	}
	for _, c := range y.Sources {
		if c.Stage < 0 || c.Stage >= len(y.Stages) {
			bad("source %q: Stage is %d, want 0 to %d", c.Name, c.Stage, len(y.Stages)-1)
		}
		if c.Target < 0 {
			bad("source %q: Target is %d, want 0 or more", c.Name, c.Target)
		}
	}
	return errors.Join(errs...)
}

// CheckCores reports everything that is wrong with bounds on the number of workers that serve a stage, of which there are so many; 0 is no bound.
func CheckCores(low, high, workers int) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if low < 0 || low > workers {
		bad("MinCores is %d, want 0 to %d", low, workers)
	}
	if high < 0 {
		bad("MaxCores is %d, want 0 or more", high)
	}
	if high > 0 && low > high {
		bad("MinCores is %d, more than MaxCores, which is %d", low, high)
	}
	return errs
}
