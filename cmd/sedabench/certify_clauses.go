package main

import (
	"fmt"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/trial"
)

const (
	peakClients = 4 // of each worker: enough to keep it busy, and too few to wait
	calm        = 0.5
	spikeLoad   = 4
	spikeFor    = 100 * time.Millisecond
)

// peak is what the contender can do at most, in closed loop and by the same generator.
func (c contender) peak(a *asking, s *sheet) entry {
	t := c.closed(a, peakClients)
	return entry{s, c.row, t, func(o trial.Outcome) { s.put(c.row, "peak", o.PerSecond(o.Good())) }}
}

// closed is a closed loop of so many clients of each worker, whose requests may take as long as they do.
func (c contender) closed(a *asking, clients int) trial.Config {
	return c.crowded(a, clients*a.place.Workers)
}

// gathered are figures of which clauses are made when all runs are.
type gathered struct {
	sheet *sheet
	loads *sheet
	// delays and memory are sheets of their own, which nobody sees.
	delays, memory *sheet
}

// clauses are the runs of one contender.
func (c contender) clauses(a *asking, g *gathered, peak float64) (all []entry) {
	for _, x := range certifyLoads {
		t := c.served(a)
		t.Arrival, t.Rate, t.Heap = load.Poisson, x*peak, true
		all = append(all, entry{g.loads, c.row, t, func(o trial.Outcome) { c.loaded(g, x, peak, o) }})
	}
	for _, clients := range certifyClients {
		name := fmt.Sprint(clients)
		all = append(all, entry{g.delays, c.row, c.closed(a, clients), func(o trial.Outcome) { g.delays.put(c.row, name, o.Sojourn.Mean()) }})
	}
	t := c.served(a)
	t.Arrival, t.Rate = load.Poisson, peak
	t.Profile = load.Profile{{For: spikeFor, Factor: calm}, {For: spikeFor, Factor: spikeLoad}}
	return append(all, entry{g.sheet, c.row, t, func(o trial.Outcome) {
		for _, after := range aftermaths(o, t) {
			g.sheet.put(c.row, clauseRecovers, float64(after))
		}
	}})
}

// loaded takes what a run at so many times the peak says.
func (c contender) loaded(g *gathered, x, peak float64, o trial.Outcome) {
	flat := o.PerSecond(o.Good()) / peak
	g.loads.put(c.row, fmt.Sprintf("%gx", x), flat)
	g.memory.put(c.row, fmt.Sprintf("%gx", x), float64(o.HeapMost))
	g.sheet.put(c.row, clauseLost, float64(o.Total.InFlight()+o.Doubled+o.Skipped))
	switch x {
	case 0.5: // of what was offered: who refuses what could be done in time does not serve it
		g.sheet.put(c.row, clauseHalf, float64(o.Good())/float64(o.Window.Offered))
	case 2:
		g.sheet.put(c.row, clauseAt2x, flat)
	case 4:
		g.sheet.put(c.row, clauseFlat, flat)
		if o.Sojourn.TotalCount() > 0 { // else nothing was served in time, and nothing late
			g.sheet.put(c.row, clauseServed, float64(o.Sojourn.ValueAtQuantile(99)))
		}
		g.sheet.put(c.row, clauseFair, fairness(o.Kinds))
	}
}

// fairness is the index of what each source got of what it asked for.
func fairness(kinds []trial.Counts) float64 {
	var parts []float64
	for _, k := range kinds {
		parts = append(parts, float64(k.Good)/float64(max(k.Offered, 1)))
	}
	return jain(parts)
}

// jain is 1 if all got the same, 1/n if one got all.
//
// R. Jain, D. Chiu, W. Hawe, "A quantitative measure of fairness and discrimination for resource allocation in shared computer systems" (1984).
func jain(parts []float64) float64 {
	sum, squares := 0.0, 0.0
	for _, x := range parts {
		sum, squares = sum+x, squares+x*x
	}
	return sum * sum / (float64(len(parts)) * squares)
}

// combine makes clauses of what belongs together.
func (g *gathered) combine(row string) {
	g.sheet.put(row, clauseMemory, g.memory.median(row, "4x")/g.memory.median(row, "1x"))
	worst := 0.0
	for i := 1; i < len(certifyClients); i++ {
		fewer, more := certifyClients[i-1], certifyClients[i]
		grown := g.delays.median(row, fmt.Sprint(more)) / g.delays.median(row, fmt.Sprint(fewer)) * float64(fewer) / float64(more)
		worst = max(worst, grown) // NaN, and so not known, if any of them is
	}
	g.sheet.put(row, clauseLinear, worst)
}

// aftermaths returns, for each spike that ended after the warm-up and was followed by a calm, how long the delay at the head was still over the target: all of
// the calm if nothing was done in it.
func aftermaths(o trial.Outcome, c trial.Config) (all []time.Duration) {
	const slice = time.Millisecond
	period := c.Profile.Length()
	for end := period; end+c.Profile[0].For <= c.Warmup+c.Duration; end += period {
		if end < c.Warmup {
			continue
		}
		last, done := time.Duration(0), 0
		for i, s := range o.Slices[end/slice : (end+c.Profile[0].For)/slice] {
			done += s.Done
			if s.MeanDelay() > c.Deadline {
				last = time.Duration(i+1) * slice
			}
		}
		if done == 0 {
			last = c.Profile[0].For
		}
		all = append(all, last)
	}
	return all
}

// certifyNote says what bounds are worth of an architecture that refuses only what its queue has no room for.
func (o *options) certifyNote() string {
	work := time.Duration(float64(o.capacity) * o.service.Mean() / float64(o.workers[0]))
	if work <= o.target {
		return ""
	}
	return fmt.Sprintf("A queue of %d requests holds work for %s: who refuses only what has no room serves nothing in time once it is full (--capacity).",
		o.capacity, report.Time(float64(work)))
}
