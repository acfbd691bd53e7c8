package main

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/guptarohit/asciigraph"

	"github.com/seda-go/seda/internal/report"
)

// writeTimelines plots the first run of each row that has a time line, with what was decided meanwhile.
func writeTimelines(w io.Writer, runs []report.Run) error {
	for _, r := range runs {
		if r.Rep > 0 || len(r.Timeline) < 2 {
			continue
		}
		if _, err := fmt.Fprintf(w, "Time line of %s, %s, %s, first repetition:\n", r.Arch, report.Plural(r.Workers, "worker"), r.Load); err != nil {
			return err
		}
		if err := writeTimeline(w, r); err != nil {
			return err
		}
	}
	return nil
}

func writeTimeline(w io.Writer, r report.Run) error {
	for _, p := range plots(r.Timeline) {
		if _, err := fmt.Fprintln(w, p.String()); err != nil {
			return err
		}
	}
	return writeDecisions(w, r.Decisions)
}

// shownDecisions is how many lines of decisions stay readable.
const shownDecisions = 20

func writeDecisions(w io.Writer, all []report.Decision) error {
	if len(all) == 0 {
		_, err := fmt.Fprint(w, "Nothing was decided meanwhile.\n\n")
		return err
	}
	fmt.Fprintf(w, "%s:\n", report.Plural(len(all), "decision"))
	for _, d := range all[:min(len(all), shownDecisions)] {
		fmt.Fprintf(w, "  at %s  %s: %s\n", report.Time(float64(d.At)), d.What, d.Why)
	}
	if more := len(all) - shownDecisions; more > 0 {
		fmt.Fprintf(w, "  and %d more, which -o json has\n", more)
	}
	_, err := fmt.Fprintln(w)
	return err
}

// plot is one quantity over time.
type plot struct {
	title  string
	values []float64
	unit   func(float64) string
	until  time.Duration
}

const plotWidth, plotHeight = 72, 5

// String draws p; what never changes is a line of text.
func (p plot) String() string {
	if p.values[0] == slices.Max(p.values) && p.values[0] == slices.Min(p.values) {
		return fmt.Sprintf("%s: %s all the time", p.title, p.unit(p.values[0]))
	}
	return asciigraph.Plot(p.values, asciigraph.Width(plotWidth), asciigraph.Height(plotHeight), asciigraph.LowerBound(0),
		asciigraph.YAxisValueFormatter(func(v float64) string { return p.unit(max(v, 0)) }), // 0 comes as a little less
		asciigraph.Caption(fmt.Sprintf("%s, in %s", p.title, p.until.Round(time.Millisecond)))) + "\n"
}

// plots are what the time line shows: what comes in, what waits, for how long, and of each stage what the plan gave it.
func plots(moments []report.Moment) []plot {
	until := time.Duration(moments[len(moments)-1].At - moments[0].At)
	of := func(title string, unit func(float64) string, value func(i int) float64) plot {
		p := plot{title: title, unit: unit, until: until}
		for i := 1; i < len(moments); i++ {
			p.values = append(p.values, value(i))
		}
		return p
	}
	perSecond := func(i int, count func(m report.Moment) uint64) float64 {
		return float64(count(moments[i])-count(moments[i-1])) / max(float64(moments[i].At-moments[i-1].At), 1) * 1e9
	}
	all := []plot{
		of("admitted/s", report.Count, func(i int) float64 { return perSecond(i, func(m report.Moment) uint64 { return m.Accepted }) }),
		of("refused/s", report.Count, func(i int) float64 { return perSecond(i, func(m report.Moment) uint64 { return m.Refused }) }),
		of("depth of all stages", report.Count, func(i int) (sum float64) {
			for _, s := range moments[i].Stages {
				sum += float64(s.Depth)
			}
			return sum
		}),
		of("age of the oldest that waits", report.Time, func(i int) (most float64) {
			for _, s := range moments[i].Stages {
				most = max(most, float64(s.HeadAge))
			}
			return most
		}),
	}
	for k, s := range moments[0].Stages {
		all = append(all,
			of("cores of "+s.Name, report.Count, func(i int) float64 { return float64(moments[i].Stages[k].Cores) }),
			of("largest batch of "+s.Name, report.Count, func(i int) float64 { return float64(moments[i].Stages[k].Batch) }))
		if s.Threads > 0 {
			all = append(all,
				of("threads of "+s.Name, report.Count, func(i int) float64 { return float64(moments[i].Stages[k].Threads) }),
				of("of them blocked", report.Count, func(i int) float64 { return float64(moments[i].Stages[k].Blocked) }))
		}
	}
	return all
}
