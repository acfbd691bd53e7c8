package sched

import "fmt"

// Constants of the response-time controller, as published but for the start; rates in units of which 200 are the capacity.
const (
	resp2003Samples = 100  // response times between two updates,
	resp2003Timeout = 1e9  // but at least every so many ns
	resp2003Keep    = 0.7  // weight of the old percentile
	resp2003Low     = -0.5 // error under which the rate grows
	resp2003Offset  = 0.1  // by resp2003Grow times what the error lies under this, negated
	resp2003Grow    = 2
	resp2003Cut     = 1.2 // divisor of a rate that is too high
	resp2003Lower   = 10  // divisor of the rates of lower classes
	resp2003Rounds  = 20  // updates over the target after which a class cuts itself, though there are lower ones
	resp2003Least   = 0.05
	resp2003Most    = 5000
	resp2003Start   = 200
	resp2003All     = 200 // units that are the capacity
	resp2003Tick    = 1e6 // ns between two looks at heads
)

// resp2003 is the response-time controller of SEDA: additive increase, multiplicative decrease of each source's rate, by the 90th percentile of response
// times. Every 100 response times, or after 1 s, with target T, averaged percentile p = 0.7·p + 0.3·p90 and error e = (p-T)/T:
//
//	e > 0     r /= 1.2
//	e < -0.5  r += 2·(-e - 0.1)
//
// Classes: one over its target divides the rates of all lower classes by 10, and they do not grow at their next update; it cuts itself only where
// there is no lower class, or after 20 such updates in a row.
//
// Source: M. Welsh, D. Culler, "Adaptive Overload Control for Busy Internet Servers", USITS 2003.
//
// What had to be translated. Published rates are in 1/s, from 0.05 to 5,000, and begin at 100: numbers for a server of some hundred requests a second,
// hopeless for stages a hundred times as fast. Here 200 is the measured capacity of the way ahead, and what it begins with: from half of that
// it takes 5,000 requests to come near. Until the capacity is known everything is let in. Response times are those of batches' oldest events; percentiles of the stages on the longest way ahead are added up. They are not known by class:
// where a stage has several, a class's response times are the ages of its heads, looked at every 1 ms, with the mean time of a batch. The token
// bucket, published with room for one token, is the engine's, as deep as the ring.
//
// Known faults: a cut waits for 100 samples of delay that is already there, and goes on while what was let in before drains, so that queues
// stand for long and then run empty; the increase is additive, so recovery takes the longer the faster the stage; it reacts to percentiles of few
// samples.
type resp2003 struct {
	y       *System
	m       *meter
	stages  []responses
	sources []responder
}

// responses are what is known of a stage's response times.
type responses struct {
	before Histogram
	p90    float64 // averaged; 0: not known
	since  int64
	fresh  bool // changed with this snapshot
	mixed  bool // sources of several classes lead here
}

// responder is the controller of one source.
type responder struct {
	ages   Histogram // of heads, with a batch's time, since the last update
	p90    float64   // of those, averaged
	since  int64
	rate   float64 // units; 0: not known yet
	unit   float64 // events per second
	over   int     // updates in a row over the target
	frozen bool    // does not grow at the next update
}

func newSEDA2003(y *System) Policy {
	r := &resp2003{y: y, m: newMeter(y), stages: make([]responses, len(y.Stages)), sources: make([]responder, len(y.Sources))}
	for _, a := range y.Sources {
		for _, b := range y.Sources {
			if a.Stage == b.Stage && a.Class != b.Class {
				r.stages[a.Stage].mixed = true
			}
		}
	}
	return r
}

// Decide updates the rates of sources with a target.
func (l *resp2003) Decide(s *Snapshot, d *Draft) {
	l.m.see(s, &d.Plan)
	for i := range l.stages {
		l.stages[i].sample(s.Stages[i].Sojourn, s.Now)
	}
	for k, c := range l.y.Sources {
		x := &l.sources[k]
		w := l.m.way(c.Stage)
		if c.Target == 0 || w.each == 0 {
			continue
		}
		if x.rate == 0 {
			x.rate, x.since, x.unit = resp2003Start, s.Now, w.most/resp2003All
		}
		p, ok := l.response(k, s)
		if ok {
			x.unit = w.most / resp2003All
			l.update(k, (p-float64(c.Target))/float64(c.Target))
		}
		if l.stages[c.Stage].mixed {
			d.Wait(resp2003Tick)
		}
		d.SetLimit(k, Limit{Rate: x.rate * x.unit}, fmt.Sprintf("90th percentile %v of %v", short(p), short(float64(c.Target))))
	}
}

// sample takes in the response times of a stage.
func (r *responses) sample(h *Histogram, now int64) {
	if r.fresh = false; h == nil {
		return
	}
	n := h.Sub(&r.before)
	if c := n.Count(); c >= resp2003Samples || c > 0 && now-r.since >= resp2003Timeout {
		r.p90 = averaged(r.p90, float64(n.Quantile(0.9)))
		r.before, r.since, r.fresh = *h, now, true
	}
}

func averaged(old, now float64) float64 {
	if old == 0 {
		return now
	}
	return resp2003Keep*old + (1-resp2003Keep)*now
}

// path returns the sum of percentiles over the slowest way ahead of a stage.
func (l *resp2003) path(stage int) float64 {
	longest := 0.0
	for _, n := range l.y.Stages[stage].Next {
		if n < stage {
			longest = max(longest, l.path(n))
		}
	}
	return l.stages[stage].p90 + longest
}

// response returns the percentile of source k, and whether it is time for an update.
func (l *resp2003) response(k int, s *Snapshot) (float64, bool) {
	x, stage := &l.sources[k], l.y.Sources[k].Stage
	if !l.stages[stage].mixed {
		return l.path(stage), l.stages[stage].fresh
	}
	g := &l.m.stages[stage]
	x.ages.Add(s.Sources[k].HeadAge + int64(g.t/max(g.n, 1e-9)))
	if x.ages.Count() < resp2003Samples && s.Now-x.since < resp2003Timeout {
		return x.p90, false
	}
	x.p90 = averaged(x.p90, float64(x.ages.Quantile(0.9)))
	x.ages, x.since = Histogram{}, s.Now
	return x.p90 + l.path(stage) - l.stages[stage].p90, true
}

// update moves the rate of source k, and those of lower classes, by the error of its response time.
func (l *resp2003) update(k int, e float64) {
	x := &l.sources[k]
	frozen := x.frozen
	x.frozen = false
	switch {
	case e > 0:
		x.over++
		lower := false
		for j, c := range l.y.Sources {
			if c.Stage == l.y.Sources[k].Stage && c.Class < l.y.Sources[k].Class && c.Target > 0 {
				o := &l.sources[j]
				lower, o.frozen, o.rate = true, true, max(o.rate/resp2003Lower, resp2003Least)
			}
		}
		if !lower || x.over > resp2003Rounds {
			x.rate = max(x.rate/resp2003Cut, resp2003Least)
		}
	case e < resp2003Low && !frozen:
		x.over, x.rate = 0, min(x.rate+resp2003Grow*(-e-resp2003Offset), resp2003Most)
	default:
		x.over = 0
	}
}
