package sched

import "fmt"

// Constants of Breakwater, as published.
const (
	breakAdditive = 0.001 // credits more per client and step,
	breakStep     = 0.1   // but at least so many per worker,
	breakBeta     = 0.02  // and part of them less, for a delay of twice the target,
	breakLeast    = 0.5   // but no more than this factor
	breakDrop     = 2     // times the target: a delay at which requests are dropped
	breakShare    = 0.4   // part of the response-time target that is the target of the delay
	breakTick     = 1e6   // ns, what stands for a round trip
)

// breakwater hands out credits, the right to have an event waiting, by the queueing delay d, with a target t. Once a round trip,
//
//	d >= t  credits *= max(0.5, 1 - 0.02·(d-t)/t)
//	else    credits += max(0.001·clients, 0.1·workers)
//
// and where d >= 2t requests are dropped on arrival.
//
// Source: I. Cho, A. Saeed, J. Fried, S. J. Park, M. Alizadeh, A. Belay, "Overload Control for µs-scale RPCs with Breakwater", OSDI 2020.
//
// What had to be translated. The credits of a stage are shared out evenly among the sources that offer something, as depths: what is being handled needs no
// credit here. The least step up is one credit in the source, on machines of ten cores: a tenth for each worker. There are no clients that hold
// credits, so none are issued in advance and none revoked, and speculation about demand falls away; a source is a client. A round trip of 10 µs is 1 ms, the shortest time between two decisions. d is the age of heads, added up over the slowest way
// ahead. Dropping is a depth of 1: nobody comes in while anybody waits. t is 0.4 of the least response-time target. Credits begin with one
// for each worker, and are no more than the rings hold.
//
// Known faults: it knows no classes; credits grow while a queue is empty, so that the first to see a spike is the dropping.
type breakwater struct {
	y       *System
	before  []SourceSample
	credits []float64 // by stage
	stepped int64
}

func newBreakwater(y *System) Policy {
	l := &breakwater{y: y, before: make([]SourceSample, len(y.Sources)), credits: make([]float64, len(y.Stages))}
	for i := range l.credits {
		l.credits[i] = float64(len(y.Workers))
	}
	return l
}

// Decide sets depths for the sources with a target.
func (l *breakwater) Decide(s *Snapshot, d *Draft) {
	d.Wait(breakTick)
	if s.Now-l.stepped < breakTick {
		return
	}
	l.stepped = s.Now
	for i := range l.y.Stages {
		l.step(i, s, d)
	}
	copy(l.before, s.Sources)
}

// step moves the credits of one stage.
func (l *breakwater) step(stage int, s *Snapshot, d *Draft) {
	target, clients, room := int64(0), 0, 0
	for k, c := range l.y.Sources {
		if c.Stage != stage || c.Target == 0 {
			continue
		}
		if room += c.Capacity; target == 0 || c.Target < target {
			target = c.Target
		}
		if s.Sources[k].Offered != l.before[k].Offered {
			clients++
		}
	}
	if target == 0 {
		return
	}
	t, delay := breakShare*float64(target), headAges(l.y, s, stage)
	if c := &l.credits[stage]; delay >= t {
		*c = max(*c*max(1-breakBeta*(delay-t)/t, breakLeast), 1)
	} else {
		*c = min(*c+max(breakAdditive*float64(clients), breakStep*float64(len(l.y.Workers))), float64(room))
	}
	depth := max(int(l.credits[stage])/max(clients, 1), 1)
	if delay >= breakDrop*t {
		depth = 1
	}
	for k, c := range l.y.Sources {
		if c.Stage == stage && c.Target > 0 {
			d.SetLimit(k, Limit{Depth: depth}, fmt.Sprintf("delay %v of %v, %.0f credits for %d", short(delay), short(t), l.credits[stage], clients))
		}
	}
}

// headAges returns the sum of the ages of heads over the slowest way ahead of a stage, in ns.
func headAges(y *System, s *Snapshot, stage int) float64 {
	longest := 0.0
	for _, n := range y.Stages[stage].Next {
		if n < stage {
			longest = max(longest, headAges(y, s, n))
		}
	}
	return float64(s.Stages[stage].HeadAge) + longest
}
