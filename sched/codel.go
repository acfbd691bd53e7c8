package sched

import "fmt"

// Constants of CoDel and of the queue time-out, as published: a target of 5 ms, and an interval of 100 ms.
const (
	codelInterval = 10   // times the target
	codelSlough   = 2    // times the target: what waited longer is dropped while overloaded
	codelShare    = 0.4  // part of a source's Target that is the law's,
	codelMost     = 1e17 // in ns no more than this, of which multiples are still times
	codelTick     = 1e6  // ns between two looks
)

// codel drops at the head of a queue what has waited too long, while the queue stands: it is overloaded if and only if the least delay over an interval
// exceeds the target, and then drops what waited for more than twice the target. Or, with timeout: what waited for more than the target is dropped
// where the queue has not been empty for an interval, and for more than the interval otherwise.
//
// Source: K. Nichols, V. Jacobson, "Controlling Queue Delay", ACM Queue 2012, for queues of packets; in this form, for requests, B. Maurer,
// "Fail at Scale", ACM Queue 2015, with a target of 5 ms and an interval of 100 ms.
//
// What had to be translated. 5 ms is more than the whole target of a fast stage: for a source with a Target the target of the law is 0.4
// of that, as with the other laws, so that what it lets pass has a fifth of its time left. The interval follows: the target is to be a twentieth to a
// tenth of it, and it about the longest round trip, says the first source. 100 ms is that on the Internet, and an age for a stage of microseconds. A
// tenth did best here, see docs/decisions/0031-rivals.md. Delay is the age of the head, looked at every millisecond instead of for each
// event, and a queue is taken to be empty if it was at one look. Serving the newest first while a queue stands, which the second source combines this with, is left out: rings are first in, first out.
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
	d.Wait(codelTick)
	for k := range l.sources {
		if l.y.Sources[k].Target == 0 {
			continue
		}
		x, now := &l.sources[k], &s.Sources[k]
		target := int64(min(max(codelShare*float64(l.y.Sources[k].Target), 1), codelMost))
		interval := codelInterval * target
		x.see(now, s.Now, target)
		age, why := int64(0), ""
		switch standing := s.Now - x.filled; {
		case l.timeout && standing >= interval:
			age, why = target, fmt.Sprintf("not empty for %v", short(float64(interval)))
		case l.timeout:
			age, why = interval, "empty a short time ago"
		case x.over:
			age, why = codelSlough*target, fmt.Sprintf("waits of more than %v for %v", short(float64(target)), short(float64(interval)))
		default:
			why = fmt.Sprintf("a wait of %v or less within %v", short(float64(target)), short(float64(interval)))
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
	if at-x.began >= codelInterval*target {
		x.over = x.least > target
		x.began, x.least = at, now.HeadAge
	}
}
