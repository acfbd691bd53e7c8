package page

import (
	"fmt"
	"slices"

	"github.com/seda-go/seda/internal/plot"
	"github.com/seda-go/seda/internal/report"
)

const (
	shownTimelines = 16  // of a file
	shownMoments   = 200 // of a time line
	shownDecisions = 200
)

// timelines plots what the control side saw and did: one view for the first repetition of each row that has a time line.
func (d data) timelines() section {
	s := section{Heading: "Time line", Choice: "Run"}
	left := 0
	for _, r := range d.File.Runs {
		switch {
		case r.Rep > 0 || len(r.Timeline) < 2:
		case len(s.Views) == shownTimelines:
			left++
		default:
			s.Views = append(s.Views, d.timeline(r))
		}
	}
	s.Text = "What the control side saw and decided, in the first repetition. Flags at the top are decisions."
	if left > 0 {
		s.Text += fmt.Sprintf(" %s more are in the file.", report.Plural(left, "run"))
	}
	return s
}

func (d data) timeline(r report.Run) view {
	v := view{Name: fmt.Sprintf("%s, %s, %s", r.Arch, r.Load, report.Plural(r.Workers, "worker"))}
	moments := thinned(r.Timeline)
	if n := len(r.Timeline); len(moments) < n {
		v.Lines = []string{fmt.Sprintf("Of %d moments %d are shown; depth and age are the largest in between.", n, len(moments))}
	}
	marks := marksOf(r.Decisions)
	for _, p := range []plot.Plot{
		{Title: "Requests per second", Y: plot.Axis{Label: "requests/s", Unit: report.Count, Zero: true}, Series: flows(moments)},
		{Title: "Depth of stages", Y: plot.Axis{Label: "requests waiting", Unit: report.Count, Zero: true, Whole: true}, Series: byStage(moments, depth)},
		{Title: "Age of the oldest that waits", Y: plot.Axis{Label: "age", Unit: report.Time, Zero: true}, Series: byStage(moments, headAge)},
		{Title: "Cores of stages", Y: plot.Axis{Label: "workers that may serve it", Unit: number, Zero: true, Whole: true}, Series: stepped(byStage(moments, coresOf))},
		{Title: "Threads of stages", Y: plot.Axis{Label: "requests that may block", Unit: number, Zero: true, Whole: true}, Series: stepped(byStage(moments, threadsOf))},
		{Title: "Largest batch of stages", Y: plot.Axis{Label: "requests at once", Unit: number, Log: true}, Series: stepped(byStage(moments, batch))},
	} {
		p.X, p.Marks = plot.Axis{Label: "time since the start", Unit: report.Time, Zero: true}, marks
		if p.Title == "Threads of stages" && !blocking(moments) {
			continue
		}
		f := plotted("time line "+r.Arch+" "+p.Title, p)
		f.Title = p.Title
		v.Figures = append(v.Figures, f)
	}
	if len(r.Decisions) == 0 {
		v.Lines = append(v.Lines, "Nothing was decided meanwhile.")
		return v
	}
	v.Folded = []Table{decisions(r.Decisions)}
	return v
}

func depth(s report.StageMoment) float64   { return float64(s.Depth) }
func headAge(s report.StageMoment) float64 { return float64(s.HeadAge) }
func coresOf(s report.StageMoment) float64 { return float64(s.Cores) }
func batch(s report.StageMoment) float64   { return float64(s.Batch) }

func threadsOf(s report.StageMoment) float64 { return float64(s.Threads) }

// blocking reports whether any stage may block.
func blocking(moments []report.Moment) bool {
	return slices.ContainsFunc(moments[0].Stages, func(s report.StageMoment) bool { return s.Threads > 0 })
}

func number(v float64) string { return fmt.Sprintf("%.3g", v) }

// thinned joins neighbours until no more moments are left than a picture can show: counts, cores and batch are those of the last, depth and age the largest.
func thinned(all []report.Moment) []report.Moment {
	each := (len(all) + shownMoments - 1) / shownMoments
	if each < 2 {
		return all
	}
	var some []report.Moment
	for part := range slices.Chunk(all, each) {
		last := part[len(part)-1]
		last.Stages = slices.Clone(last.Stages)
		for i := range last.Stages {
			for _, m := range part {
				if i < len(m.Stages) {
					last.Stages[i].Depth = max(last.Stages[i].Depth, m.Stages[i].Depth)
					last.Stages[i].HeadAge = max(last.Stages[i].HeadAge, m.Stages[i].HeadAge)
				}
			}
		}
		some = append(some, last)
	}
	return some
}

// flows are rates of what came in, what was refused, and what left the last of the stages.
func flows(moments []report.Moment) []plot.Series {
	rate := func(name string, look int, count func(m report.Moment) uint64) plot.Series {
		s := plot.Series{Name: name, Look: look, Plain: true}
		for i := 1; i < len(moments); i++ {
			now, before := moments[i], moments[i-1]
			if took := float64(now.At - before.At); took > 0 && count(now) >= count(before) {
				s.Points = append(s.Points, plot.Point{X: float64(now.At), Y: float64(count(now)-count(before)) / took * 1e9})
			}
		}
		return s
	}
	all := []plot.Series{
		rate("admitted", 0, func(m report.Moment) uint64 { return m.Accepted }),
		rate("refused", 1, func(m report.Moment) uint64 { return m.Refused }),
	}
	for i, s := range moments[0].Stages {
		all = append(all, rate("done by "+s.Name, i+2, func(m report.Moment) uint64 {
			if i >= len(m.Stages) {
				return 0
			}
			return m.Stages[i].Done
		}))
	}
	return all
}

// byStage is a series of each stage.
func byStage(moments []report.Moment, of func(report.StageMoment) float64) []plot.Series {
	var all []plot.Series
	for i, stage := range moments[0].Stages {
		s := plot.Series{Name: stage.Name, Look: i + 2, Plain: true}
		for _, m := range moments {
			if i < len(m.Stages) {
				s.Points = append(s.Points, plot.Point{X: float64(m.At), Y: of(m.Stages[i])})
			}
		}
		all = append(all, s)
	}
	return all
}

func stepped(series []plot.Series) []plot.Series {
	for i := range series {
		series[i].Line = plot.Steps
	}
	return series
}

func marksOf(all []report.Decision) (marks []plot.Mark) {
	for _, d := range all {
		marks = append(marks, plot.Mark{X: float64(d.At), Text: d.What + ": " + d.Why})
	}
	return marks
}

// decisions is a table of what was decided, as far as that is readable.
func decisions(all []report.Decision) Table {
	t := Table{Caption: report.Plural(len(all), "decision"), Head: []string{"at", "what", "why"}, Prose: true}
	for _, d := range all[:min(len(all), shownDecisions)] {
		t.Rows = append(t.Rows, []string{report.Time(float64(d.At)), d.What, d.Why})
	}
	if more := len(all) - shownDecisions; more > 0 {
		t.Caption += fmt.Sprintf(", of which %d are shown", shownDecisions)
	}
	return t
}
