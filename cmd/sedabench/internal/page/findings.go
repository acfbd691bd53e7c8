package page

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/seda-go/seda/internal/plot"
	"github.com/seda-go/seda/internal/report"
)

// findings is a table of each sheet of a preset: whom it is about, by what was found. Quartiles and bounds are in a longer one.
func (d data) findings() section {
	s := section{Heading: "Findings", Text: "Medians of the runs, and a verdict where there is a bound. Times without a unit are in nanoseconds."}
	long := Table{Caption: "All findings, with quartiles and bounds", Prose: true, Head: []string{"sheet", "of", "what", "median", "quartiles", "runs", "bound", "verdict"}}
	for _, f := range d.File.Findings {
		if n := len(s.Tables); n == 0 || s.Tables[n-1].Caption != f.Sheet {
			s.Tables = append(s.Tables, Table{Caption: f.Sheet, Head: []string{""}})
		}
		text, bound := cmp.Or(f.Text, f.Write(f.Value)), "-"
		if f.Bound != nil {
			text, bound = text+" "+f.Verdict, f.Write(*f.Bound)
		}
		s.Tables[len(s.Tables)-1].put(f.Of, f.What, text)
		long.Rows = append(long.Rows, []string{f.Sheet, f.Of, f.What, cmp.Or(f.Text, f.Write(f.Value)), f.Write(f.Low) + ".." + f.Write(f.High), fmt.Sprint(f.Runs), bound, f.Verdict})
	}
	d.putBounds(s.Tables)
	for i := range s.Tables {
		s.Tables[i].fill()
		if p := d.byDemand(s.Tables[i].Caption); len(p.Series) > 0 {
			s.Views = append(s.Views, view{Name: p.Title, Figures: []figure{plotted(p.Title, p)}})
		}
	}
	if len(s.Views) > 0 {
		s.Choice = "Sheet"
		s.Text += " A line that ends early has no run that counts beyond."
	}
	if len(long.Rows) > 0 {
		s.Folded = []Table{long}
	}
	return s
}

// putBounds adds a row to each table that has bounds: what is wanted.
func (d data) putBounds(tables []Table) {
	for _, f := range d.File.Findings {
		if f.Bound == nil {
			continue
		}
		t := &tables[slices.IndexFunc(tables, func(t Table) bool { return t.Caption == f.Sheet })]
		t.put("wanted", f.What, f.Limit())
	}
}

// byDemand plots a sheet whose columns are loads, such as 0.5x and 2x of the peak; without three of them there are no series.
func (d data) byDemand(sheet string) plot.Plot {
	p := plot.Plot{
		Title: sheet, X: plot.Axis{Label: "offered load, of the peak", Log: true}, Y: plot.Axis{Label: "of the peak", Unit: report.Share, Zero: true},
	}
	var set seriesSet
	for _, f := range d.File.Findings {
		x, err := strconv.ParseFloat(strings.TrimSuffix(f.What, "x"), 64)
		if f.Sheet != sheet || err != nil || !strings.HasSuffix(f.What, "x") {
			continue
		}
		look, known := d.looks[f.Of]
		if !known {
			look = set.lookOf(f.Of)
		}
		set.add(f.Of, look, plot.Point{X: x, Y: f.Value, Low: f.Low, High: f.High, Note: report.Plural(f.Runs, "run") + ", quartiles"})
		if tick := (plot.Tick{At: x, Text: f.What}); !slices.Contains(p.X.Ticks, tick) {
			p.X.Ticks = append(p.X.Ticks, tick)
		}
	}
	if len(p.X.Ticks) < 3 {
		return plot.Plot{}
	}
	p.Series = set.sorted()
	offered := allOf(p.Series) // a straight line, whose places a logarithmic axis has apart
	end := offered.Points[1]
	offered.Points = nil
	for _, tick := range p.X.Ticks {
		if tick.At < end.X {
			offered.Points = append(offered.Points, plot.Point{X: tick.At, Y: tick.At})
		}
	}
	offered.Points = append(offered.Points, end)
	p.Series = append(p.Series, offered)
	return p
}

// put sets a cell by the names of its row and column, which it makes where they are new.
func (t *Table) put(row, column, text string) {
	i := slices.IndexFunc(t.Rows, func(cells []string) bool { return cells[0] == row })
	if i < 0 {
		i, t.Rows = len(t.Rows), append(t.Rows, []string{row})
	}
	k := 1 + slices.Index(t.Head[1:], column)
	if k == 0 {
		k, t.Head = len(t.Head), append(t.Head, column)
	}
	for len(t.Rows[i]) <= k {
		t.Rows[i] = append(t.Rows[i], "-")
	}
	t.Rows[i][k] = text
}

// fill makes all rows as long as the head.
func (t *Table) fill() {
	for i, cells := range t.Rows {
		t.Rows[i] = append(cells, slices.Repeat([]string{"-"}, len(t.Head)-len(cells))...)
	}
}
