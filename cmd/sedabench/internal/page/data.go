package page

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/plot"
	"github.com/seda-go/seda/internal/report"
)

// data is one file, sorted for plots.
type data struct {
	Input
	looks  map[string]int // of architectures, the same on the whole page
	groups []group
}

// group is the repetitions of one row.
type group struct {
	report.Run              // the first, for what all have in common
	all        []report.Run // also those that do not count
	valid      []report.Run
	known      map[string]report.Interval // by figure: a bootstrap takes a while, and plots and tables ask for the same
}

// ordered are the runs by architecture, as these were asked for, and by load: presets make them in random order.
func ordered(f report.File) []report.Run {
	place := func(r report.Run) int {
		base, _, _ := strings.Cut(r.Arch, "/")
		if i := slices.Index(f.Config.Archs, base); i >= 0 {
			return i
		}
		return len(f.Config.Archs)
	}
	runs := slices.Clone(f.Runs)
	slices.SortStableFunc(runs, func(a, b report.Run) int {
		return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(a.Workers, b.Workers), byDemand(a.Load, b.Load))
	})
	return runs
}

// byDemand puts closed loops first, by clients, and open ones in order of their rates.
func byDemand(a, b report.Load) int {
	if a.Rate == nil && b.Rate == nil {
		return cmp.Compare(*a.Clients, *b.Clients)
	}
	rate := func(l report.Load) float64 {
		if l.Rate == nil {
			return -1
		}
		return *l.Rate
	}
	return cmp.Compare(rate(a), rate(b))
}

func groupsOf(runs []report.Run) (groups []group) {
	for _, all := range report.Groups(runs) {
		g := group{Run: all[0], all: all, known: map[string]report.Interval{}}
		for _, r := range all {
			if r.Valid {
				g.valid = append(g.valid, r)
			}
		}
		groups = append(groups, g)
	}
	return groups
}

// figureOf is something that runs measured.
type figureOf struct {
	name string
	unit func(float64) string
	log  bool
	of   func(report.Run) float64
}

// Figures of what gets through, and of how long it takes.
var (
	goodput  = figureOf{"goodput/s", report.Count, false, func(r report.Run) float64 { return r.Goodput }}
	accepted = figureOf{"accepted/s", report.Count, false, func(r report.Run) float64 { return r.Accepted }}
	refused  = figureOf{"refused part", report.Share, false, func(r report.Run) float64 { return float64(r.Events.Refused) / float64(max(r.Events.Offered, 1)) }}
	late     = figureOf{"late p99", report.Time, false, func(r report.Run) float64 { return float64(r.Lateness.P99) }}
	cpu      = figureOf{"CPU time per request", report.Time, false, func(r report.Run) float64 {
		if r.CPU == nil {
			return -1 // which is nowhere
		}
		return *r.CPU
	}}

	delays = []figureOf{
		{"p50", report.Time, true, func(r report.Run) float64 { return float64(r.Sojourn.P50) }},
		{"p90", report.Time, true, func(r report.Run) float64 { return float64(r.Sojourn.P90) }},
		{"p99", report.Time, true, func(r report.Run) float64 { return float64(r.Sojourn.P99) }},
		{"p99.9", report.Time, true, func(r report.Run) float64 { return float64(r.Sojourn.P999) }},
		{"max", report.Time, true, func(r report.Run) float64 { return float64(r.Sojourn.Max) }},
	}
)

const p99 = 2 // of delays

func (f figureOf) axis() plot.Axis {
	return plot.Axis{Label: f.name, Unit: f.unit, Log: f.log, Zero: true}
}

// interval is the median of the runs that count; false: there is none.
func (g group) interval(f figureOf) (i report.Interval, known bool) {
	i, before := g.known[f.name]
	if !before {
		var sample []float64
		for _, r := range g.valid {
			if v := f.of(r); v >= 0 {
				sample = append(sample, v)
			}
		}
		i = report.MedianInterval(sample)
		g.known[f.name] = i
	}
	return i, !math.IsNaN(i.Value)
}

// point is the median of a figure with its interval, at some place.
func (g group) point(x float64, f figureOf) (p plot.Point, known bool) {
	i, known := g.interval(f)
	note := g.counted()
	if f.name == goodput.name && slices.ContainsFunc(g.valid, func(r report.Run) bool { return r.GeneratorBound }) {
		note += ", more than shown: the load generator was the slower part"
	}
	return plot.Point{X: x, Y: i.Value, Low: i.Low, High: i.High, Note: note}, known
}

// counted says how many of the runs count.
func (g group) counted() string {
	if len(g.valid) == len(g.all) {
		return report.Plural(len(g.all), "run")
	}
	return fmt.Sprintf("%d of %d valid", len(g.valid), len(g.all))
}

func (g group) closed() bool { return g.Load.Rate == nil }

// ownLoads reports whether no two architectures were offered the same in open loop, since each was offered parts of what it can do itself.
func (d data) ownLoads() bool {
	archs, offered := map[string]bool{}, map[string]string{}
	for _, g := range d.groups {
		if g.closed() {
			continue
		}
		archs[g.Arch] = true
		if other, taken := offered[g.row()]; taken && other != g.Arch {
			return false
		}
		offered[g.row()] = g.Arch
	}
	return len(archs) > 1
}

// ownRow names a load that one architecture alone was offered: its digits are of no use to anybody.
func (g group) ownRow() string {
	if g.closed() {
		return g.Load.String()
	}
	return fmt.Sprintf("%s arrivals, %s/s", g.Load.Arrival, report.Count(*g.Load.Rate))
}

// row names a group without its architecture.
func (g group) row() string {
	return g.Load.String() + ", " + report.Plural(g.Workers, "worker")
}

// look is the look of an architecture.
func (d data) look(arch string) int { return d.looks[arch] }

// looksOf numbers the architectures of all files.
func looksOf(inputs []Input) map[string]int {
	looks := map[string]int{}
	add := func(arch string) {
		if _, known := looks[arch]; !known {
			looks[arch] = len(looks)
		}
	}
	for _, in := range inputs {
		for _, r := range ordered(in.File) {
			add(r.Arch)
		}
		for _, s := range in.File.Scales {
			add(s.Arch)
		}
	}
	return looks
}

func (d data) sections() (all []section) {
	for _, s := range []section{
		d.findings(), d.scale(), d.capacity(), d.thinking(), d.byLoad("Throughput against load", []figureOf{goodput, accepted, refused, cpu}, 0), d.byLoad("Delay against load", delays, p99),
		d.percentiles(), d.figures(), d.timelines(), d.stages(),
	} {
		if len(s.Views)+len(s.Tables)+len(s.Folded) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// seriesSet gathers points by the name of their series, in order of first appearance.
type seriesSet struct {
	all  []plot.Series
	line plot.Line
}

func (s *seriesSet) add(name string, look int, p plot.Point) {
	i := slices.IndexFunc(s.all, func(one plot.Series) bool { return one.Name == name })
	if i < 0 {
		i = len(s.all)
		s.all = append(s.all, plot.Series{Name: name, Look: look, Line: s.line})
	}
	s.all[i].Points = append(s.all[i].Points, p)
}

// lookOf is a look for a series by its place, for those that are no architecture.
func (s *seriesSet) lookOf(name string) int {
	if i := slices.IndexFunc(s.all, func(one plot.Series) bool { return one.Name == name }); i >= 0 {
		return i
	}
	return len(s.all)
}

// sorted returns the series with points in order of x.
func (s *seriesSet) sorted() []plot.Series {
	for _, one := range s.all {
		slices.SortStableFunc(one.Points, func(a, b plot.Point) int { return cmp.Compare(a.X, b.X) })
	}
	return s.all
}
