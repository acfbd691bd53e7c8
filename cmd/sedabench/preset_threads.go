package main

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/trial"
)

// taskNumbers are how many tasks there are at once, and mostThreads up to which of them there is a thread for each.
var taskNumbers = []int{1, 4, 16, 64, 256, 1024, 4096, 16384}

const (
	mostThreads = 1024
	// flatPart is what is left, at the largest number of tasks, of the best throughput.
	flatPart = 0.9
)

// perTask says that an architecture has as many threads as tasks here: that is what it is asked about. Others have the bound of --threads, also a pool, which
// is one because it is bounded.
func (c contender) perTask() bool {
	return slices.Contains([]string{"thread", "goroutine"}, c.arch.Name)
}

// askThreads asks what is done, and how long it takes, with more and more tasks at once: by a thread for each, and by a few threads for all.
func askThreads(ctx context.Context, a *asking) error {
	done := a.sheet("Tasks per second, by how many there are at once")
	late := a.sheet("99th percentile of the time a task takes, by how many there are at once")
	most := a.sheet("The longest that one took")
	for _, n := range taskNumbers {
		done.columns = append(done.columns, column{name: fmt.Sprint(n), unit: report.Count})
		late.columns = append(late.columns, column{name: fmt.Sprint(n), unit: report.Time})
		most.columns = append(most.columns, column{name: fmt.Sprint(n), unit: report.Time})
	}
	done.columns = append(done.columns, column{name: "most, of the best", unit: part, bound: bound(flatPart), least: true})
	for _, s := range []*sheet{done, late, most} {
		s.archs, s.ours = true, nil
	}
	done.ours = judged(a.contenders())
	var entries []entry
	for _, c := range a.contenders() {
		late.row(c.row)
		most.row(c.row)
		for _, n := range c.tasks() {
			entries = append(entries, c.reading(a, []*sheet{done, late, most}, n))
		}
	}
	if err := a.repeat(ctx, entries); err != nil {
		return err
	}
	picture := chart{title: "Tasks per second with 1, 4, 16 and so on tasks, on one scale"}
	for _, c := range a.contenders() {
		rates := c.rates(done)
		done.put(c.row, "most, of the best", ofTheBest(rates))
		picture.lines = append(picture.lines, chartLine{name: c.row, values: rates, unit: report.Count})
	}
	a.charts = append(a.charts, picture)
	a.notes = append(a.notes, "A few tasks that wait for long are in no percentile where the others are done again and again meanwhile: the longest tells of them.", fmt.Sprintf("With thread and goroutine there is one for each task, up to %d; with the others at most %d that block (--threads), and the rest waits in queues.",
		mostThreads, a.threads))
	return nil
}

// tasks are the numbers of tasks that the contender is asked about.
func (c contender) tasks() []int {
	if !c.perTask() {
		return taskNumbers
	}
	return slices.DeleteFunc(slices.Clone(taskNumbers), func(n int) bool { return n > mostThreads })
}

// reading is a closed loop of n tasks, of which each of the sheets tells something: what was done, the 99th percentile and the longest of the times.
func (c contender) reading(a *asking, sheets []*sheet, n int) entry {
	t := c.crowded(a, n)
	if c.perTask() {
		t.Threads = n
	}
	name := fmt.Sprint(n)
	return entry{sheets[0], c.row, t, func(o trial.Outcome) {
		for i, v := range []float64{o.PerSecond(o.Done), float64(o.Sojourn.ValueAtQuantile(99)), float64(o.Sojourn.Max())} {
			sheets[i].put(c.row, name, v)
		}
	}}
}

// rates are the medians of a row by number of tasks; 0 where nothing is known.
func (c contender) rates(done *sheet) (all []float64) {
	for _, n := range c.tasks() {
		v := done.median(c.row, fmt.Sprint(n))
		if math.IsNaN(v) {
			v = 0
		}
		all = append(all, v)
	}
	return all
}

// ofTheBest is what the last rate is of the highest: NaN if it is not known, which is written as 0.
func ofTheBest(rates []float64) float64 {
	last := rates[len(rates)-1]
	if last == 0 {
		return math.NaN()
	}
	return last / slices.Max(rates)
}
