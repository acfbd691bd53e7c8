package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/seda-go/seda/internal/report"
)

const (
	// between is what starting and stopping an architecture takes, about.
	between = 15 * time.Millisecond
	// patience is what emptying the queues may take beyond what it should.
	patience = 10 * time.Second
	// slower is how many times as long as it should emptying the queues may
	// take: workers may be bound to stages or share a CPU, and service times vary.
	slower = 4
	// longest is how long the requests in flight may take: sojourn times are recorded up to that.
	longest = time.Minute
)

// closedTail is how long the workers need for the requests that are
// outstanding when a run in closed loop ends.
func (o *options) closedTail(workers int) time.Duration {
	return max(time.Duration(float64(o.clientsFor(workers))*o.each(workers)), o.alone())
}

// openTail is how long they need at most for what queues have gathered when a
// run at a rate ends.
func (o *options) openTail(workers int, r rate) time.Duration {
	span := o.warmup + o.duration
	part := r.fraction
	if part == 0 {
		part = r.perSecond / 1e9 * o.each(workers)
	}
	room := float64(o.capacity*o.stages) * o.each(workers)
	if o.arrival.Trace() != nil {
		return time.Duration(min(part*float64(span), room)) // it may have come all at once
	}
	profile, _ := o.arrival.Profile(o.warmup, o.duration) // which was checked
	return time.Duration(min(profile.Backlog(part, span), room))
}

// tail is how long they need under a load.
func (o *options) tail(workers int, l report.Load) time.Duration {
	switch {
	case l.Rate == nil:
		return o.closedTail(workers)
	case l.Fraction != nil:
		return o.openTail(workers, rate{fraction: *l.Fraction})
	}
	return o.openTail(workers, rate{perSecond: *l.Rate})
}

// checkTails refuses loads under which requests take longer than is recorded.
func (o *options) checkTails(h host) error {
	for _, n := range o.workers {
		if tail := o.closedTail(n); tail > longest && o.closedWanted(h, n) {
			return fmt.Errorf("--service %s, --clients %d: with %s and %s these requests take %s, want at most %s: at most %d --clients or shorter service times",
				o.service, o.clientsFor(n), report.Plural(n, "worker"), report.Plural(o.stages, "stage"), tail.Round(time.Second), longest, int(float64(longest)/o.each(n)))
		}
		for _, r := range o.offered() {
			if tail := o.openTail(n, r); tail > longest && h.hasGenerator(n) {
				asked := "--rate " + r.String()
				if o.slo != nil {
					asked = fmt.Sprintf("--slo %s, which begins below %s", o.slo, r)
				}
				return fmt.Errorf("--service %s, %s: with %s and %s the queues fill with work for %s, want at most %s: a lower rate, less --capacity or shorter service times",
					o.service, asked, report.Plural(n, "worker"), report.Plural(o.stages, "stage"), tail.Round(time.Second), longest)
			}
		}
	}
	return nil
}

// closedWanted reports whether there are runs in closed loop: because they were
// asked for, because rates are parts of what they find, or because nothing else
// is possible without a generator.
func (o *options) closedWanted(h host, workers int) bool {
	if o.arrival.String() == "" || o.arrival.Closed() || !h.hasGenerator(workers) {
		return true
	}
	for _, r := range o.offered() {
		if r.fraction > 0 {
			return true
		}
	}
	return false
}

// offered are the rates of open loop; of a search, for which they are not known yet, the highest of all, each time.
func (o *options) offered() []rate {
	if o.slo == nil {
		return o.rates
	}
	return slices.Repeat([]rate{{fraction: searchMost}}, searchSteps)
}

// runTime estimates how long one run takes that leaves such a tail.
func (o *options) runTime(tail time.Duration) time.Duration {
	return o.warmup + o.duration + between + tail
}

// length estimates how long all runs take.
func (st *study) length() time.Duration {
	var cycle time.Duration
	for _, workers := range st.workers {
		if st.closedWanted(st.host, workers) {
			cycle += st.runTime(st.closedTail(workers))
		}
		if st.host.hasGenerator(workers) {
			for _, r := range st.offered() {
				cycle += st.runTime(st.openTail(workers, r))
			}
		}
	}
	contenders := len(st.archs)
	if slices.Contains(st.archs, ours) {
		contenders += len(st.policies) - 1
	}
	return cycle * time.Duration(contenders*st.reps)
}
