package sched

import "fmt"

// Constants of CoDel and of the queue time-out, as published.
const (
	codelTarget   = 5e6   // ns that the least delay of an interval may have
	codelInterval = 100e6 // ns
	codelSlough   = 2     // times the target: what waited longer is dropped while overloaded
	codelShare    = 0.25  // part of a source's Target that stands for codelTarget,
	codelMost     = 1e17  // in ns no more than this, of which multiples are still times
)

// codel drops at the head of a queue what has waited too long, while the queue stands: it is overloaded if and only if the least delay over 100 ms exceeds
// the target, and then drops what waited for more than twice the target. Or, with timeout: what waited for more than the target is dropped
// where the queue has not been empty for 100 ms, and for more than the interval otherwise.
//
// Source: K. Nichols, V. Jacobson, "Controlling Queue Delay", ACM Queue 2012, for queues of packets; in this form, for requests, B. Maurer,
// "Fail at Scale", ACM Queue 2015, with a target of 5 ms.
//
// What had to be translated. 5 ms is more than the whole target of a fast stage: for a source with a Target the target of the law is a
// quarter of that, so that what it lets pass has at least half of its time left; the time-out's interval is 20 times that. Delay is the age of
// the head at each decision, and a queue is taken to be empty if it was at one. Serving the newest first while a queue stands, which the
// second source combines this with, is left out: rings are first in, first out.
//
// It decides nothing for sources without a Target: what is behind those does not look at how old events are.
//
// Known faults: it works by dropping what was accepted, which its sender learns late, and memory is spent on it; it knows no classes; the
// first interval of an overload passes with nothing done.
type codel struct {
	y       *System
	timeout bool
	sources []codelSource
}

// codelSource is one source of a codel.
type codelSource struct {
	began  int64 // when the interval did
	least  int64 // delay in it so far
	over   bool  // the last one
	filled int64 // since when the queue has not been empty
}

func newCodel(timeout bool) func(*System) Policy {
	return func(y *System) Policy {
		return &codel{y: y, timeout: timeout, sources: make([]codelSource, len(y.Sources))}
	}
}

// Decide sets how old an event of each source may get.
func (l *codel) Decide(s *Snapshot, d *Draft) {
	for k := range l.sources {
		if l.y.Sources[k].Target == 0 {
			continue
		}
		x, now := &l.sources[k], &s.Sources[k]
		target := int64(min(max(codelShare*float64(l.y.Sources[k].Target), 1), codelMost))
		x.see(now, s.Now, target)
		age, why := int64(0), ""
		switch standing := s.Now - x.filled; {
		case l.timeout && standing >= codelInterval:
			age, why = target, fmt.Sprintf("not empty for %v", short(float64(standing)))
		case l.timeout:
			age, why = codelInterval/codelTarget*target, "empty a short time ago"
		case x.over:
			age, why = codelSlough*target, fmt.Sprintf("waits of more than %v for 100ms", short(float64(target)))
		default:
			why = fmt.Sprintf("a wait of %v or less within 100ms", short(float64(target)))
		}
		d.SetLimit(k, Limit{Age: age}, why)
	}
}

// see takes in the delay of a source.
func (x *codelSource) see(now *SourceSample, at, target int64) {
	if now.Depth == 0 {
		x.filled = at
	}
	x.least = min(x.least, now.HeadAge)
	if at-x.began >= codelInterval {
		x.over = x.least > target
		x.began, x.least = at, now.HeadAge
	}
}
