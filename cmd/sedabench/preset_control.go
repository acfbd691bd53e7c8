package main

import (
	"context"
	"fmt"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/trial"
	"github.com/seda-go/seda/internal/workload"
)

// course is a load that changes while policies are watched.
type course struct {
	*asking
	factors []float64     // of the rate, step by step
	each    time.Duration // step
	span    time.Duration // of the runs
	picture chart
	seen    map[string]bool // what the picture has
}

// instants is how many moments there are in a time line, and points how many of what is drawn of it.
const (
	instants = 600
	points   = 240
	// courseDeadline is how long a request may take, of which a tenth is how late the generator may be: what is looked at takes a second, not a millisecond.
	courseDeadline = 20 * time.Millisecond
	courseSlice    = 5 * time.Millisecond
)

// course divides the duration among steps of so many times the rate; the warm-up is more of the first.
func (a *asking) course(factors ...float64) *course {
	c := &course{asking: a, factors: factors, each: a.duration / time.Duration(len(factors)), span: a.warmup + a.duration, seen: map[string]bool{}}
	c.picture.title = fmt.Sprintf("Over %s, first repetition", c.span)
	return c
}

// trial completes a run of a policy.
func (c *course) trial(t trial.Config, rate float64, policy string) trial.Config {
	t.Arrival, t.Rate, t.Policy = load.Poisson, rate, policy
	for i, x := range c.factors {
		t.Profile = append(t.Profile, load.Step{For: c.step(i+1) - c.step(i), Factor: x})
	}
	t.Profile[0].For += c.warmup
	t.Slice = courseSlice
	t.Warmup, t.Duration, t.Parts = c.warmup, c.duration, len(c.factors)
	t.Deadline = courseDeadline
	t.Timeline = max(c.span/instants, time.Millisecond)
	return t
}

// share is what was done of what was offered.
func share(o trial.Outcome) float64 {
	return float64(o.Kinds[0].Done) / float64(max(o.Kinds[0].Offered, 1))
}

// step returns when a step begins.
func (c *course) step(i int) time.Duration { return c.warmup + time.Duration(i)*c.each }

// during is the mean over the time of a step of what the time line says of the stage.
func (c *course) during(o trial.Outcome, i int, value func(m report.StageMoment) float64) float64 {
	return meanOver(o.Timeline, int64(c.step(i)), int64(c.step(i+1)), value)
}

// meanOver is the mean over time of what moments say of the first stage, each of which holds until the next; 0 before the first.
func meanOver(all []report.Moment, from, to int64, value func(m report.StageMoment) float64) float64 {
	sum := 0.0
	for i, m := range all {
		begin, end := max(m.At, from), to
		if i+1 < len(all) {
			end = min(all[i+1].At, to)
		}
		if end > begin {
			sum += value(m.Stages[0]) * float64(end-begin)
		}
	}
	return sum / float64(to-from)
}

// first reports whether a policy is not in the picture yet, in which it will be.
func (c *course) first(policy string) bool {
	is := !c.seen[policy]
	c.seen[policy] = true
	return is
}

// draw adds what a policy did to the picture: what a plan gave the stage, and what was done. The first of all also adds what was offered, the same for all.
func (c *course) draw(policy, what string, value func(m report.StageMoment) float64, o trial.Outcome) {
	rate := func(name string, count func(s trial.Slice) int) {
		l := chartLine{name: name, scale: "rate", unit: report.Count}
		n := len(o.Slices) - 1 // the last has what came after the end
		for i := range min(points, n) {
			part := o.Slices[i*n/min(points, n) : (i+1)*n/min(points, n)]
			sum := 0
			for _, s := range part {
				sum += count(s)
			}
			l.values = append(l.values, float64(sum)/(time.Duration(len(part))*courseSlice).Seconds())
		}
		c.picture.lines = append(c.picture.lines, l)
	}
	if len(c.picture.lines) == 0 {
		rate("offered/s", func(s trial.Slice) int { return s.Offered })
	}
	l := chartLine{name: policy + ": " + what, scale: what, unit: report.Count}
	for i := range int64(points) {
		l.values = append(l.values, meanOver(o.Timeline, i*int64(c.span)/points, (i+1)*int64(c.span)/points, value))
	}
	c.picture.lines = append(c.picture.lines, l)
	rate(policy+": done/s", func(s trial.Slice) int { return s.Done })
}

// What of bursts is to be served, and how soon nothing waits any longer; what part of all threads is to be enough for that.
const (
	calmThreads = 2 // that the calm keeps busy,
	burstTimes  = 8 // and those are enough for, too, that seda-2001 has at most
	burstPart   = 0.9
	threadPart  = 0.5
)

// askThreadController asks how many threads a stage has that blocks while bursts come and go.
func askThreadController(ctx context.Context, a *asking) error {
	s := a.sheet(fmt.Sprintf("Bursts of %g times the calm, of which each request blocks for %s, %d threads at most", float64(burstTimes), a.service, a.threads),
		column{name: "done", unit: part, bound: bound(burstPart), least: true},
		column{name: "p99 in calms", unit: report.Time}, column{name: "p99 in bursts", unit: report.Time},
		column{name: "threads in calms", unit: whole}, column{name: "in bursts", unit: whole},
		column{name: "mean, of all", unit: part, bound: bound(threadPart)},
		column{name: "keeps up after", unit: report.Time})
	c := a.course(1, burstTimes, 1, burstTimes, 1, burstTimes)
	var entries []entry
	for _, policy := range a.policies {
		t := c.trial(contender{ours: true}.trial(a), calmThreads*1e9/a.service.Mean(), policy)
		entries = append(entries, entry{s, policy, t, func(o trial.Outcome) {
			s.put(policy, "done", share(o))
			for i := range c.factors {
				late, threads := "p99 in calms", "threads in calms"
				if i%2 == 1 {
					late, threads = "p99 in bursts", "in bursts"
					if after, ok := c.keepsUp(o, i); ok {
						s.put(policy, "keeps up after", float64(after))
					}
				}
				s.put(policy, late, float64(o.Parts[i].ValueAtQuantile(99)))
				s.put(policy, threads, c.during(o, i, threadsOf))
			}
			s.put(policy, "mean, of all", meanOver(o.Timeline, 0, int64(c.span), threadsOf)/float64(a.threads))
			if c.first(policy) {
				c.draw(policy, "threads", threadsOf, o)
			}
		}})
	}
	a.notes = append(a.notes, "seda-2001 looks at a queue every 2 s, as it was published, and gives a stage one more thread where 100 wait, up to 20; who has had nothing to do for 5 s leaves. A burst is over before it has looked often: --duration 240s gives it time.",
		"static has all threads all the time.")
	return c.watch(ctx, entries)
}

func threadsOf(m report.StageMoment) float64 { return float64(m.Threads) }

// watch makes the runs, and shows the picture.
func (c *course) watch(ctx context.Context, entries []entry) error {
	err := c.repeat(ctx, entries)
	if len(c.picture.lines) > 0 {
		c.charts = append(c.charts, c.picture)
	}
	return err
}

// keptFor is how long what is done has to be burstPart of what is offered, so that the service keeps up.
const keptFor = 20 // slices

// keepsUp returns how long after the beginning of a step the service kept up with it for the first time; false if it never did.
func (c *course) keepsUp(o trial.Outcome, step int) (time.Duration, bool) {
	first, last := int(c.step(step)/courseSlice), int(c.step(step+1)/courseSlice)
	for i := first; i+keptFor <= last; i++ {
		offered, done := 0, 0
		for _, s := range o.Slices[i : i+keptFor] {
			offered, done = offered+s.Offered, done+s.Done
		}
		if float64(done) >= burstPart*float64(offered) && offered > 0 {
			return time.Duration(i-first) * courseSlice, true
		}
	}
	return 0, false
}

// Of the batch controller: how the rate goes, in times of what batches of one can do; the costs of its stage.
var (
	batchSteps = []float64{0.5, 2, 4, 7, 4, 2, 0.5}
	batchStage = trial.BatchModel{Name: "a20c2", Service: 2 * time.Microsecond, Cost: workload.Cost{Fixed: 20 * time.Microsecond}}
)

// askBatchController asks how large batches are while the load rises to what only large ones can do, and falls again.
func askBatchController(ctx context.Context, a *asking) error {
	s := a.sheet(fmt.Sprintf("A stage where a batch takes %s and a request %s, loads of 0.5 to 7 times what batches of one can do", batchStage.Cost.Fixed, batchStage.Service),
		column{name: "done", unit: part, bound: bound(goodPart), least: true},
		column{name: "p99 at 0.5x", unit: report.Time}, column{name: "p99 at 7x", unit: report.Time},
		column{name: "most at once at 0.5x", unit: whole}, column{name: "at 7x", unit: whole}, column{name: "taken at 0.5x", unit: whole}, column{name: "taken at 7x", unit: whole})
	c := a.course(batchSteps...)
	var entries []entry
	for _, policy := range a.policies {
		t := c.trial(batchStage.At(a.place, 1, policy, trial.MostBatch), batchStage.Rate(1), policy)
		entries = append(entries, entry{s, policy, t, func(o trial.Outcome) {
			s.put(policy, "done", share(o))
			for i, x := range batchSteps {
				switch x {
				case 0.5:
					s.put(policy, "p99 at 0.5x", float64(o.Parts[i].ValueAtQuantile(99)))
					s.put(policy, "most at once at 0.5x", c.during(o, i, batchOf))
					s.put(policy, "taken at 0.5x", takenOver(o.Timeline, int64(c.step(i)), int64(c.step(i+1))))
				case 7:
					s.put(policy, "p99 at 7x", float64(o.Parts[i].ValueAtQuantile(99)))
					s.put(policy, "at 7x", c.during(o, i, batchOf))
					s.put(policy, "taken at 7x", takenOver(o.Timeline, int64(c.step(i)), int64(c.step(i+1))))
				}
			}
			if c.first(policy) {
				c.draw(policy, "most at once", batchOf, o)
				c.drawTaken(policy, o)
			}
		}})
	}
	a.notes = append(a.notes, "seda-2001 changes a batch by a fifth every 5 s, as it was published: of its search for the smallest that does not lose throughput this shows a few steps; --duration 120s shows more.",
		fmt.Sprintf("static takes what waits, up to %d. Most at once is what a worker may take; it takes less where less waits.", trial.MostBatch))
	return c.watch(ctx, entries)
}

// drawTaken adds how many requests a policy's batches had to the picture.
func (c *course) drawTaken(policy string, o trial.Outcome) {
	l := chartLine{name: policy + ": taken at once", scale: "taken", unit: report.Count}
	for i := range int64(chartWidth) {
		l.values = append(l.values, takenOver(o.Timeline, i*int64(c.span)/chartWidth, (i+1)*int64(c.span)/chartWidth))
	}
	c.picture.lines = append(c.picture.lines, l)
}

// takenOver is how many requests a batch of the first stage had, in the mean between the last moments before both times; 0 where none was taken.
func takenOver(all []report.Moment, from, to int64) float64 {
	var first, last report.StageMoment
	for _, m := range all {
		if m.At <= from {
			first = m.Stages[0]
		}
		if m.At <= to {
			last = m.Stages[0]
		}
	}
	if last.Batches == first.Batches {
		return 0
	}
	return float64(last.Done-first.Done) / float64(last.Batches-first.Batches)
}

func batchOf(m report.StageMoment) float64 { return float64(m.Batch) }
