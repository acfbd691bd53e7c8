package engine

import (
	"fmt"

	"github.com/seda-go/seda/ring"
	"github.com/seda-go/seda/sched"
)

// check reports what is wrong with the stage's own configuration.
func (s *Stage[T]) check() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case s.name == "":
		bad("has no name")
	case s.handle == nil && s.handleBatch == nil:
		bad("has no handler: call Handle or HandleBatch")
	case s.handle != nil && s.handleBatch != nil:
		bad("has two handlers: call Handle or HandleBatch, not both")
	}
	if err := ring.CheckCapacity(s.capacity); err != nil {
		bad("Capacity: %w", err)
	}
	if most := max(min(maxBatch, s.capacity), 1); s.maxBatch < 1 || s.maxBatch > most {
		bad("MaxBatch is %d, want 1 to %d", s.maxBatch, most)
	}
	errs = append(errs, sched.CheckCores(s.minCores, s.maxCores, or(s.e.cfg.Workers, sched.MaxSet))...)
	if s.target < 0 {
		bad("Target is %v, want 0 or more", s.target)
	}
	errs = append(errs, s.flaws...)
	errs = append(errs, s.checkOrder()...)
	if s.threads < 0 || s.threads > maxThreads {
		bad("Blocking is %d, want 0 to %d", s.threads, maxThreads)
	}
	if len(s.onFailure) > 1 {
		bad("has %d failure edges, want at most one", len(s.onFailure))
	}
	names := map[string]bool{}
	for _, in := range s.inlets {
		if names[in.name] {
			bad("has two inlets named %q", in.name)
		}
		names[in.name] = true
		errs = append(errs, in.check(&s.stageCore)...)
	}
	for _, ed := range s.outs {
		errs = append(errs, s.checkEdge(ed)...)
	}
	return errs
}

func (s *stageCore) checkEdge(ed outEdge) (errs []error) {
	c := ed.core()
	full, maxOut := ed.policy()
	if c.target.e != s.e {
		return []error{fmt.Errorf("edge %s leads to a stage of another engine", c.name())}
	}
	if full > Fail {
		errs = append(errs, fmt.Errorf("edge %s: Full is %v", c.name(), full))
	}
	if maxOut < 1 || maxOut > c.target.capacity {
		errs = append(errs, fmt.Errorf("edge %s: MaxOut is %d, want 1 to the target's capacity %d", c.name(), maxOut, c.target.capacity))
	}
	return errs
}

// checkOrder reports what is wrong with keys, classes and ages.
func (s *stageCore) checkOrder() (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if s.keyed && s.serial {
		bad("is Serial and has a Key: a serial stage keeps the order of all keys anyway")
	}
	switch {
	case s.shards0 != 0 && !s.keyed:
		bad("Shards is %d, but there is no Key", s.shards0)
	case s.shards0 < 0 || s.shards0 > maxShards || s.shards0&(s.shards0-1) != 0:
		bad("Shards is %d, want a power of two up to %d", s.shards0, maxShards)
	}
	if s.classes < 1 || s.classes > maxClasses {
		bad("Classes is %d, want 1 to %d", s.classes, maxClasses)
	}
	if s.maxAge < 0 {
		bad("MaxAge is %v, want 0 or more", s.maxAge)
	}
	return errs
}
