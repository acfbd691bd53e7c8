package sched

import (
	"fmt"
	"math"
	"slices"
)

// Constants of foreign.
const (
	foreignHalf    = 40e6  // ns after which what was seen of a worker counts half: some time slices of a scheduler
	foreignMuch    = 0.25  // part of the time a worker wants its CPU that others have it, beyond what each worker loses, from which on it is disturbed
	foreignLittle  = 0.08  // and below which it is not any more
	foreignDoubt   = 200e6 // ns for which the law waits to see whether a worker that loses more than that is disturbed
	foreignLeast   = 0.02  // part of the time it has to want it, for that to be known
	foreignStays   = 500e6 // ns for which a worker is disturbed, or not, at least
	foreignAsked   = 100e6 // and for which one is not that was asked again whether it is still
	foreignAgain   = 2e9   // ns after which a worker that got nothing to do is tried again; doubles each time,
	foreignLongest = 60e9  // up to that
	foreignWorth   = 0.01  // part of its CPU that each worker is taken to have, at least
	foreignRoom    = 0.50  // part of the time of the others, below which they do all,
	foreignFull    = 0.75  // and above which not
)

// foreign stands around a law of cores, and takes what other threads do to workers out of it.
//
// A stage whose worker had no CPU is not slow: it has the law see batches without that, and the time that others had the CPU as if the worker had had
// nothing to do. So what is wrong with a worker gives no stage more of the others. And it moves what a disturbed worker serves: to the others, all of
// it, while they have room, since what such a worker has in hand waits for a whole time slice of its neighbour; else it tries what it may do
// (contest): to divide stages by what each worker is worth, where only one can run some of them; to move these, and have somebody help with the rest;
// and to leave all as it is. Meanwhile the law only looks on: what it would find out by trying is what half a worker is worth. An undisturbed system,
// or one without probes, is left to the law as it is, and so is one in which all workers lose as much.
//
// That the delay of a thread in the run queue tells a noisy neighbour: B. Gregg, "Systems Performance", 2nd edition, 2020. That it says so only
// beside who ran instead is for Explain's reader: the log has the names.
type foreign struct {
	y       *System
	law     Policy
	draft   *Draft
	base    [][]int // what the law believes to hold; nil: what holds
	now     int64
	last    Snapshot // its counters, copied
	shown   Snapshot
	cut     []cut   // by stage
	taken   []int64 // by worker: ns that others had its CPU, as far as was known at the time
	workers []neighbour
	divide  func(worth []float64) [][]int // the law's: stages among workers that are worth so much; nil: it has no better idea
	contest contest
	alone   bool    // the others do all that disturbed workers did
	use     float64 // workers' worth of time on CPUs, decayed
}

// cut is what was taken out of a stage's Moments.
type cut struct{ t, bt uint64 }

// neighbour is what is known of a worker's CPU.
type neighbour struct {
	wanted, lost float64 // ns, decayed
	part         float64 // of it that others had
	rose         int64   // since when that has been more than a little; 0: it is not
	disturbed    bool
	since        int64
	again        int64 // ns after since, if it has nothing to do
}

func newForeign(y *System, law Policy, divide func(worth []float64) [][]int) *foreign {
	f := &foreign{
		y: y, law: law, divide: divide, cut: make([]cut, len(y.Stages)), taken: make([]int64, len(y.Workers)), workers: make([]neighbour, len(y.Workers)),
	}
	for i := range f.workers {
		f.workers[i].again = foreignAgain
	}
	f.draft = NewDraft(y, Plan{})
	return f
}

// Decide has the law decide about what it would see alone on the machine, or moves what is in the way of others.
func (f *foreign) Decide(s *Snapshot, d *Draft) {
	changed := f.see(s, &d.Plan)
	shown, disturbed := f.clean(s), f.disturbed()
	if f.base == nil && disturbed.Empty() && !f.doubts(s.Now) {
		f.law.Decide(shown, d)
		return
	}
	if f.base == nil {
		f.base = d.Plan.Serve
	}
	plan := d.Plan
	plan.Serve = f.base
	f.draft.Reset(plan)
	settled := shown.Settled
	shown.Settled = false // it looks on
	f.law.Decide(shown, f.draft)
	shown.Settled = settled
	switch {
	case !settled:
	case !disturbed.Empty():
		if serve := f.adapt(s, d.Plan.Serve); !same(serve, d.Plan.Serve) {
			d.SetServe(serve, f.explain())
		}
	default:
		d.SetServe(f.base, changed)
		f.base, f.contest = nil, contest{}
	}
}

// doubts reports whether it is not known yet whether a worker is disturbed.
func (f *foreign) doubts(now int64) bool {
	return slices.ContainsFunc(f.workers, func(n neighbour) bool { return n.rose > 0 && now-n.rose < foreignDoubt })
}

// least returns the part of its CPU that the worker loses which loses least.
func (f *foreign) least() float64 {
	least := 1.0
	for _, n := range f.workers {
		least = min(least, n.part)
	}
	return least
}

// see takes in a snapshot, and says what became of workers.
func (f *foreign) see(s *Snapshot, plan *Plan) (why string) {
	dt := float64(s.Now - f.now)
	first := f.last.Workers == nil
	if !first && dt > 0 {
		keep, used := math.Exp2(-dt/foreignHalf), 0.0
		for w := range f.workers {
			a, b, n := &f.last.Workers[w], &s.Workers[w], &f.workers[w]
			lost := 0.0
			if a.Known && b.Known {
				lost = max(float64(b.RunDelay-a.RunDelay), 0)
			}
			f.taken[w] += int64(lost)
			used += max(dt-float64(b.Idle+b.Parked-a.Idle-a.Parked)-lost, 0)
			n.wanted = keep*n.wanted + lost + max(float64(b.OnCPU-a.OnCPU), 0)
			n.lost = keep*n.lost + lost
			if n.wanted > foreignLeast*foreignHalf {
				n.part = n.lost / n.wanted
			}
		}
		for w := range f.workers {
			if text := f.judge(w, s.Now, len(plan.Serve[w]) == 0); text != "" {
				why = text
			}
		}
		f.use = keep*f.use + (1-keep)*used/dt
		f.trim(s, plan)
	}
	f.now = s.Now
	f.last.Workers = append(f.last.Workers[:0], s.Workers...)
	f.last.Stages = append(f.last.Stages[:0], s.Stages...)
	return why
}

// judge says whether a worker is disturbed, more than the one that is least: what all lose no assignment brings back. One that has nothing to do is
// asked to do something now and then: else nobody would know.
func (f *foreign) judge(w int, now int64, idle bool) string {
	n := &f.workers[w]
	more := n.part - f.least()
	switch {
	case more <= foreignLittle:
		n.rose = 0
	case n.rose == 0:
		n.rose = max(now, 1)
	}
	if now-n.since < foreignStays {
		return ""
	}
	switch {
	case !n.disturbed && more >= foreignMuch && n.wanted > foreignLeast*foreignHalf:
		n.disturbed, n.since = true, now
		return fmt.Sprintf("worker %d loses %.0f %% of its CPU to others", w, 100*n.part)
	case n.disturbed && idle && now-n.since >= n.again:
		*n = neighbour{since: now - foreignStays + foreignAsked, again: min(2*n.again, foreignLongest)}
	case n.disturbed && !idle && more <= foreignLittle:
		*n = neighbour{since: now, again: foreignAgain}
	default:
		return ""
	}
	return fmt.Sprintf("worker %d has its CPU again, as far as is known", w)
}

// trim takes out of the batches of stages what others had of their workers' CPUs, where probes do not tell stages apart: the same part of all batches
// of a stage. Where they do, the batches are without it as they come.
func (f *foreign) trim(s *Snapshot, plan *Plan) {
	if !slices.ContainsFunc(f.workers, func(n neighbour) bool { return n.lost > 0 }) {
		return // looking for who serves what is most of a decision where there are many stages
	}
	for i := range f.cut {
		a, b, c := &f.last.Stages[i], &s.Stages[i], &f.cut[i]
		if b.Known || f.y.Stages[i].Threads > 0 {
			continue
		}
		m, part := b.Batches.Sub(a.Batches), f.partOf(i, plan)
		c.t += uint64(part * float64(m.T))
		c.bt += uint64(part * float64(m.BT))
	}
}

// partOf returns which part of their CPUs the workers that serve a stage have lost.
func (f *foreign) partOf(stage int, plan *Plan) float64 {
	wanted, lost := 0.0, 0.0
	for w, list := range plan.Serve {
		if slices.Contains(list, stage) {
			wanted, lost = wanted+f.workers[w].wanted, lost+f.workers[w].lost
		}
	}
	return lost / max(wanted, 1)
}

// clean returns s without what others did; s itself where probes have never known anything. What they once knew stays out when they fail, and what was
// before they began stays in: counters do not jump.
func (f *foreign) clean(s *Snapshot) *Snapshot {
	if !slices.ContainsFunc(f.taken, func(ns int64) bool { return ns > 0 }) {
		return s
	}
	c := &f.shown
	workers, stages := append(c.Workers[:0], s.Workers...), append(c.Stages[:0], s.Stages...)
	*c = *s
	c.Workers, c.Stages = workers, stages
	for w := range workers {
		workers[w].Idle += f.taken[w]
	}
	for i := range stages {
		stages[i].Batches.T -= f.cut[i].t
		stages[i].Batches.BT -= f.cut[i].bt
	}
	return c
}
