package sched

import (
	"fmt"
)

// caladanTick is the time between two decisions, in ns; published: 5 to 10 µs.
const caladanTick = 1e6

// caladan gives a stage one more worker when its queue stands: when an event that was seen in it at the last decision is still there. One worker
// is given at a time, to the stage whose head is the oldest, and nothing else while that takes effect. A worker that has had nothing to do since the
// last decision gives what it was given back.
//
// Which worker: an idle one that is the SMT sibling of one that serves the stage; else the one that had the stage last, if it is idle; else
// any idle one; else one that was given to a stage whose queue does not stand.
//
// Source: A. Ousterhout, J. Fried, J. Behrens, A. Belay, H. Balakrishnan, "Shenango: Achieving High CPU Efficiency for Latency-sensitive Datacenter
// Workloads", NSDI 2019; J. Fried, Z. Ruan, A. Ousterhout, A. Belay, "Caladan: Mitigating Interference at Microsecond Timescales", OSDI 2020.
//
// What had to be translated. An application that is given a core is a stage that is given a worker. Applications own as many cores as they are
// guaranteed; here each stage has one worker for good, round robin, and if stages outnumber workers these are shared. A decision takes 1 ms, and
// a worker sees it at its next batch, so the delay bound, as long as a decision there, is no rule of its own. Interference of hyperthreads and of memory
// bandwidth, the subject of the second source, is not measured here.
//
// Known faults: a stage held back by a full ring ahead has a standing queue and is given workers; so is a serial one, up to its bound; the first
// standing queue seen is as good as the worst stage of a pipeline, so workers wander along it; nothing remembers that a worker did not help.
type caladan struct {
	y       *System
	looked  int64
	resting []int64 // by worker: idle and parked then
	home    []int   // by stage: the worker it always has
	given   []int   // by worker: the stage it was given; -1: none
	last    []int   // by worker: the stage it was given last; -1: none
	waits   bool    // what was decided last is to take effect first
}

func newCaladan(y *System) Policy {
	l := &caladan{y: y, resting: make([]int64, len(y.Workers))}
	for i := range y.Stages {
		l.home = append(l.home, i%len(y.Workers))
	}
	for range y.Workers {
		l.given, l.last = append(l.given, -1), append(l.last, -1)
	}
	return l
}

// Decide moves at most one worker to a stage, and any number away.
func (l *caladan) Decide(s *Snapshot, d *Draft) {
	d.Wait(caladanTick)
	dt := s.Now - l.looked
	if !s.Settled || dt < caladanTick {
		return
	}
	var idle Set
	for w, x := range s.Workers {
		if x.Asleep || float64(x.Idle+x.Parked-l.resting[w]) >= 0.99*float64(dt) {
			idle.Add(w)
			l.given[w] = -1
		}
		l.resting[w] = x.Idle + x.Parked
	}
	why := "idle workers are given back"
	if stage := l.standing(s, dt); stage >= 0 && !l.waits && l.looked > 0 {
		if w := l.pick(s, stage, dt, &idle); w >= 0 {
			l.given[w], l.last[w] = stage, stage
			why = fmt.Sprintf("head of %s waits for %v", l.y.Stages[stage].Name, short(float64(s.Stages[stage].HeadAge)))
		}
	}
	l.looked = s.Now
	d.SetServe(l.serve(), why)
	l.waits = d.Moved
}

// serve returns the assignment.
func (l *caladan) serve() [][]int {
	serve := make([][]int, len(l.y.Workers))
	for i, w := range l.home {
		serve[w] = append(serve[w], i)
	}
	for w, i := range l.given {
		if i >= 0 {
			serve[w] = append(serve[w], i)
		}
	}
	return serve
}

// standing returns the stage with the oldest head among those whose queue stands and that can have another worker, or -1.
func (l *caladan) standing(s *Snapshot, dt int64) int {
	best := -1
	for i, x := range s.Stages {
		y, has := &l.y.Stages[i], 1
		for _, g := range l.given {
			if g == i {
				has++
			}
		}
		bounded := y.Parallel > 0 && has >= y.Parallel || y.MaxCores > 0 && has >= y.MaxCores
		if x.HeadAge >= dt && !bounded && (best < 0 || x.HeadAge > s.Stages[best].HeadAge) {
			best = i
		}
	}
	return best
}

// pick returns the worker that a stage is given, or -1.
func (l *caladan) pick(s *Snapshot, stage int, dt int64, idle *Set) int {
	free := func(w int) bool { return l.home[stage] != w && l.given[w] < 0 && idle.Has(w) }
	choices := []func(int) bool{
		func(w int) bool { return free(w) && l.sibling(w, stage) },
		func(w int) bool { return free(w) && l.last[w] == stage },
		free,
		func(w int) bool {
			return l.home[stage] != w && l.given[w] >= 0 && l.given[w] != stage && s.Stages[l.given[w]].HeadAge < dt
		},
	}
	for _, fits := range choices {
		for w := range l.y.Workers {
			if fits(w) {
				return w
			}
		}
	}
	return -1
}

// sibling reports whether w shares its core with a worker of the stage.
func (l *caladan) sibling(w, stage int) bool {
	for o, given := range l.given {
		if (given == stage || l.home[stage] == o) && l.shares(w, o) {
			return true
		}
	}
	return false
}

func (l *caladan) shares(a, b int) bool {
	return a != b && l.y.Workers[a].Core >= 0 && l.y.Workers[a].Core == l.y.Workers[b].Core
}
