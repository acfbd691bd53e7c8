package page

import (
	"fmt"
	"slices"

	"github.com/seda-go/seda/internal/plot"
	"github.com/seda-go/seda/internal/report"
)

const (
	medians = "Medians of the runs that count, with confidence intervals of 95 %."
	aside   = " What was measured under the same load stands side by side."
	overdue = " What was done after the target counts here as well, unlike in Findings."
)

// byLoad plots figures against the rate that was offered: one view each.
func (d data) byLoad(heading string, figures []figureOf, chosen int) section {
	s := section{Heading: heading, Choice: "Figure", Text: medians + aside}
	withLate := len(d.File.Findings) > 0 && d.File.Config.Target > 0
	if withLate {
		s.Text += overdue
	}
	open := slices.DeleteFunc(slices.Clone(d.groups), group.closed)
	for i, f := range figures {
		x := plot.Axis{Label: "offered requests/s", Unit: report.Count, Zero: true}
		p := d.across(f, open, x, func(g group) float64 { return *g.Load.Rate })
		if len(p.Series) == 0 {
			continue
		}
		if f.name == goodput.name && p.X.Ticks == nil {
			p.Series = append(p.Series, allOf(p.Series))
		}
		if i == chosen {
			s.Chosen = len(s.Views)
		}
		name := f.name
		if withLate && name == goodput.name {
			name = "done/s, in time or not"
			p.Y.Label = name
		}
		p.Title = name + " by " + p.X.Label
		s.Views = append(s.Views, view{Name: name, Figures: []figure{plotted(p.Title, p)}})
	}
	return s
}

// capacity plots what was done in closed loop, where that is not said better.
func (d data) capacity() section {
	s := section{Heading: "Capacity", Choice: "Figure", Text: "In closed loop. " + medians}
	if len(d.File.Scales) > 0 {
		return s
	}
	s.Views = d.closedLoop("in closed loop", func(g group) bool { return g.Load.Capacity() }, []figureOf{goodput, cpu}) // nothing is refused
	return s
}

// thinking plots what was done for clients that think between two requests: no capacity, since they leave the service idle.
func (d data) thinking() section {
	s := section{Heading: "Clients that think", Choice: "Figure", Text: "In closed loop, with a time between the end of a request and the next one of the client: " +
		"what is done depends on that as well, and is no capacity. " + medians}
	s.Views = d.closedLoop("of clients that think", func(g group) bool { return g.closed() && !g.Load.Capacity() }, append([]figureOf{goodput, cpu}, delays...))
	return s
}

// closedLoop plots figures of some groups: one view each.
func (d data) closedLoop(title string, some func(group) bool, figures []figureOf) (views []view) {
	closed := slices.DeleteFunc(slices.Clone(d.groups), func(g group) bool { return !some(g) })
	x, at := plot.Axis{Label: "workers", Unit: whole, Zero: true, Whole: true}, func(g group) float64 { return float64(g.Workers) }
	if byClients(closed) {
		x, at = plot.Axis{Label: "clients", Unit: whole, Log: true}, func(g group) float64 { return float64(*g.Load.Clients) }
	}
	for _, f := range figures {
		p := d.across(f, closed, x, at)
		if p.Title = f.name + " " + title; len(p.Series) > 0 {
			views = append(views, view{Name: f.name, Figures: []figure{plotted(p.Title, p)}})
		}
	}
	return views
}

// byClients reports whether clients, and not just workers, are what groups of an architecture differ by.
func byClients(closed []group) bool {
	return slices.ContainsFunc(closed, func(g group) bool {
		return slices.ContainsFunc(closed, func(h group) bool {
			return g.Arch == h.Arch && g.Workers == h.Workers && *g.Load.Clients != *h.Load.Clients
		})
	})
}

// across plots a figure against something by which groups differ; against the architecture where none has more than one value of that.
func (d data) across(f figureOf, groups []group, x plot.Axis, at func(group) float64) plot.Plot {
	p := plot.Plot{X: x, Y: f.axis()}
	name := d.seriesName
	if !slices.ContainsFunc(groups, func(g group) bool {
		return slices.ContainsFunc(groups, func(h group) bool { return g.Arch == h.Arch && at(g) != at(h) })
	}) {
		p.X = plot.Axis{Label: "architecture", Unit: whole, Ticks: []plot.Tick{}}
		at = func(group) float64 { return float64(len(p.X.Ticks)) }
	} else if x.Label == "workers" {
		name = func(g group) string { return g.Arch }
	}
	var set seriesSet
	for _, g := range groups {
		point, known := g.point(at(g), f)
		if !known {
			continue
		}
		if p.X.Ticks != nil {
			p.X.Ticks, set.line = append(p.X.Ticks, plot.Tick{At: point.X, Text: g.Arch}), plot.Apart
		}
		set.add(name(g), d.look(g.Arch), point)
	}
	p.Series = set.sorted()
	return p
}

// seriesName is the architecture, and where there are several, how many workers it has.
func (d data) seriesName(g group) string {
	if len(d.File.Config.Workers) > 1 {
		return fmt.Sprintf("%s, %s", g.Arch, report.Plural(g.Workers, "worker"))
	}
	return g.Arch
}

// allOf is the line on which goodput is as much as was offered, as far as goodput goes.
func allOf(series []plot.Series) plot.Series {
	most, offered := 0.0, 0.0
	for _, s := range series {
		for _, p := range s.Points {
			most, offered = max(most, p.Y, p.High), max(offered, p.X)
		}
	}
	end := min(most, offered)
	return plot.Series{Name: "all that is offered", Look: plot.Looks - 1, Line: plot.Dashed, Plain: true, Points: []plot.Point{{}, {X: end, Y: end}}}
}

func whole(v float64) string { return fmt.Sprintf("%.0f", v) }

// percentiles plots the percentiles of each load: one view each.
func (d data) percentiles() section {
	s := section{
		Heading: "Percentiles of delay", Choice: "Load",
		Text: "From when a request was due to its end. " + medians,
	}
	axis := plot.Axis{Label: "percentile", Unit: whole}
	for i, f := range delays {
		axis.Ticks = append(axis.Ticks, plot.Tick{At: float64(i), Text: f.name})
	}
	var names []string
	sets := map[string]*seriesSet{}
	own := d.ownLoads()
	for _, g := range d.groups {
		name, of, look := g.row(), g.Arch, d.look(g.Arch)
		if own {
			name, of = of, g.ownRow()
			s.Choice = "Architecture"
		}
		if sets[name] == nil {
			names, sets[name] = append(names, name), &seriesSet{}
		}
		if own {
			look = sets[name].lookOf(of)
		}
		for i, f := range delays {
			if p, known := g.point(float64(i), f); known && p.Y > 0 {
				sets[name].add(of, look, p)
			}
		}
	}
	for _, name := range names {
		if series := sets[name].sorted(); len(series) > 0 {
			p := plot.Plot{Title: "Delay, " + name, X: axis, Y: plot.Axis{Label: "delay", Unit: report.Time, Log: true}, Series: series}
			s.Views = append(s.Views, view{Name: name, Figures: []figure{plotted("percentiles "+name, p)}})
		}
	}
	return s
}
