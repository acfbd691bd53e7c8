package main

import (
	"fmt"
	"time"

	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/report"
)

// blockingFlags are those about work that may block.
func (o *options) blockingFlags(f *flags) {
	f.add("threads", "", "", "where stages may block: how many requests of each may do so at the same time, in any architecture; by default "+defaultThreads,
		one(&o.threads, integer(1, arch.MaxThreads)))
	f.beside("threads")
}

const (
	defaultThreads = "64"
	// blockingWarmup is how long adaptive takes to find how many threads a stage needs, which begins with a few.
	blockingWarmup = "500ms"
)

// boundBlocking gives flags that were not given the defaults that they have where stages may block.
func (o *options) boundBlocking(f *flags) {
	if !o.work.Blocks() {
		return
	}
	defaults := map[string]string{"threads": defaultThreads, "warmup": blockingWarmup}
	for name, text := range defaults {
		if f.given[name] || o.preset != "" && findPreset(o.preset).flags[name] != "" {
			continue
		}
		if err := f.set.Set(name, text); err != nil {
			panic(err)
		}
	}
}

// blocked returns how many requests of a stage may block at the same time; 0: stages do not.
func (o *options) blocked() int {
	if !o.work.Blocks() {
		return 0
	}
	return o.threads
}

// checkBlocking checks that the bound is looked at, and is not more than there may be threads.
func (o *options) checkBlocking() error {
	switch most := o.blocked() * o.stages; {
	case o.threads > 0 && !o.work.Blocks():
		return fmt.Errorf("--threads: --work %s never blocks; want --work sleep or file:<size>", o.work)
	case o.work.Blocks() && o.graph.AnyKeyed():
		return fmt.Errorf("--work %s: while it waits a keyed stage would have to know of others of that key; want --work spin or memory:<size>", o.work)
	case most > arch.MaxThreads:
		return fmt.Errorf("--threads %d x --stages %d: %d, want at most %d", o.threads, o.stages, most, arch.MaxThreads)
	}
	return nil
}

// each is how long a number of workers need for one request, if they have enough of them.
func (o *options) each(workers int) float64 {
	if !o.work.Computes() {
		return o.most() / float64(o.threads) // of each stage as many at a time
	}
	return (o.demand() + o.handlings()*float64(o.work.Beside())) / float64(workers)
}

// alone is how long a request takes that never waits for another.
func (o *options) alone() time.Duration {
	return time.Duration(o.demand())
}

// spentText says how service time is spent, and by what measure.
func (st *study) spentText() string {
	text := fmt.Sprintf("spent in turns of %.2f ns of %s (half of the trials within %s of the fastest)", st.spin.PerTurn, st.work, report.Share(st.spin.Spread))
	switch {
	case st.works != nil:
		text = "spent in turns of " + joinedTurns(st.spins) + " ns"
	case !st.work.Computes():
		text = "slept"
	}
	if n := st.blocked(); n > 0 {
		text += fmt.Sprintf(", by at most %d requests of a stage at a time", n)
	}
	return text
}
