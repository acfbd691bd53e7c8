package sched

import "fmt"

// Constants of DAGOR.
const (
	dagorKeep  = 0.8  // weight of the old delay
	dagorTick  = 1e6  // ns between two decisions,
	dagorCount = 2000 // or requests
	dagorDown  = 0.95 // factor of the admitted level when overloaded,
	dagorUp    = 0.01 // and what is added to it otherwise
	dagorShare = 0.2  // part of the response-time target that the delay may have
	dagorClass = 128  // levels of a class
)

// dagor admits what has a high enough priority. A request's priority is its class, and within that one of 128 levels, drawn by user; the
// server moves the level that is admitted by the mean queueing time q of its requests. Every 1 ms or 2,000 requests,
//
//	d = 0.8·d + 0.2·q
//	d >= θ  admitted *= 0.95
//	else    admitted += 0.01 of all
//
// Source: H. Zhou, M. Chen, Q. Lin, Y. Wang, X. She, S. Liu, R. Gu, B. C. Ooi, J. Yang, "Overload Control for Scaling WeChat Microservices", SoCC
// 2018, with θ = 20 ms, against time-outs of 500 ms, and decisions every second or 2,000 requests; the shorter steps are those with which the authors of
// Breakwater (see breakwater) compared it.
//
// What had to be translated. Events have classes but no users: of the class in which the admitted level lies, a part of what is offered is let in, by
// rate. θ is 0.2 of the least response-time target, with which it did best of 0.1 to 0.4 (published: 0.04 of a time-out). Levels of the whole
// range are moved, not those that requests were seen to have. Callers do not learn the level, so nothing is refused where it comes from.
//
// Known faults: the mean of waits lags behind the queue, and a step up takes 1 % of all at once; with three classes that is 3 % of one.
type dagor struct {
	y      *System
	m      *meter
	before []StageSample
	stages []dagorStage
}

// dagorStage is the state of a stage that sources lead to.
type dagorStage struct {
	admitted float64 // part of all priorities
	delay    float64 // ns, averaged
	stepped  int64
}

func newDagor(y *System) Policy {
	l := &dagor{y: y, m: newMeter(y), before: make([]StageSample, len(y.Stages)), stages: make([]dagorStage, len(y.Stages))}
	for i := range l.stages {
		l.stages[i].admitted = 1
	}
	return l
}

// Decide sets rates for the sources with a target.
func (l *dagor) Decide(s *Snapshot, d *Draft) {
	d.Wait(dagorTick)
	l.m.see(s, &d.Plan)
	for i := range l.y.Stages {
		x, now, last := &l.stages[i], &s.Stages[i], &l.before[i]
		n := now.Batches.N - last.Batches.N
		if n == 0 || s.Now-x.stepped < dagorTick && now.Entered-last.Entered < dagorCount {
			continue
		}
		x.delay = dagorKeep*x.delay + (1-dagorKeep)*float64(now.Wait-last.Wait)/float64(n)
		x.stepped, *last = s.Now, *now
		l.step(i, d)
	}
}

// step moves the level of a stage.
func (l *dagor) step(stage int, d *Draft) {
	x, target, top := &l.stages[stage], int64(0), 0
	for _, c := range l.y.Sources {
		if c.Stage == stage && c.Target > 0 {
			if top = max(top, c.Class); target == 0 || c.Target < target {
				target = c.Target
			}
		}
	}
	if target == 0 {
		return
	}
	theta := dagorShare * float64(target)
	if x.delay >= theta {
		x.admitted = max(x.admitted*dagorDown, 1./dagorClass)
	} else {
		x.admitted = min(x.admitted+dagorUp, 1)
	}
	why := fmt.Sprintf("mean wait %v of %v, %.3f of all priorities", short(x.delay), short(theta), x.admitted)
	for k, c := range l.y.Sources {
		if c.Stage != stage || c.Target == 0 {
			continue
		}
		limit := Limit{}
		if part := x.admitted*float64(top+1) - float64(top-c.Class); part < 1 {
			limit.Rate = max(part*l.m.rates[k].offered, 1)
		}
		d.SetLimit(k, limit, why)
	}
}
