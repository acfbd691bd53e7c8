package page

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seda-go/seda/internal/report"
)

// figures is a table of each load: what each architecture did.
func (d data) figures() section {
	s := section{Heading: "Figures", Text: medians}
	var names []string
	tables := map[string]*Table{}
	for _, g := range d.groups {
		name := g.row()
		if tables[name] == nil {
			names = append(names, name)
			tables[name] = &Table{Caption: name, Head: []string{
				"architecture", "goodput/s", "95 %", "refused", "p50", "p90", "p99", "95 %", "p99.9", "max", "CPU/request", "late p99", "runs",
			}}
		}
		tables[name].Rows = append(tables[name].Rows, g.cells())
	}
	for _, name := range names {
		s.Tables = append(s.Tables, *tables[name])
	}
	return s
}

func (g group) cells() []string {
	cells := []string{g.Arch}
	add := func(f figureOf, around bool) {
		i, known := g.interval(f)
		if !known {
			i.Value, cells = 0, append(cells, "-")
			if around {
				cells = append(cells, "-")
			}
			return
		}
		text := f.unit(i.Value)
		if f.name == goodput.name && slices.ContainsFunc(g.valid, func(r report.Run) bool { return r.GeneratorBound }) {
			text = ">" + text
		}
		cells = append(cells, text)
		if around {
			cells = append(cells, f.unit(i.Low)+".."+f.unit(i.High))
		}
	}
	add(goodput, true)
	add(refused, false)
	for i, f := range delays {
		add(f, i == p99)
	}
	add(cpu, false)
	if g.Load.MadeBy == report.ByWorkers {
		cells = append(cells, "-")
	} else {
		add(late, false)
	}
	return append(cells, g.counted())
}

// findings is a table of each sheet of a preset: whom it is about, by what was found. Quartiles and bounds are in a longer one.
func (d data) findings() section {
	s := section{Heading: "Findings", Text: "Medians of the runs, and a verdict where there is a bound. Times without a unit are in nanoseconds."}
	long := Table{Caption: "All findings, with quartiles and bounds", Head: []string{"sheet", "of", "what", "median", "quartiles", "runs", "bound", "verdict"}}
	for _, f := range d.File.Findings {
		if n := len(s.Tables); n == 0 || s.Tables[n-1].Caption != f.Sheet {
			s.Tables = append(s.Tables, Table{Caption: f.Sheet, Head: []string{""}})
		}
		text, bound := cmp.Or(f.Text, figure4(f.Value)), "-"
		if f.Bound != nil {
			text, bound = text+" "+f.Verdict, figure4(*f.Bound)
		}
		s.Tables[len(s.Tables)-1].put(f.Of, f.What, text)
		long.Rows = append(long.Rows, []string{f.Sheet, f.Of, f.What, cmp.Or(f.Text, figure4(f.Value)), figure4(f.Low) + ".." + figure4(f.High), fmt.Sprint(f.Runs), bound, f.Verdict})
	}
	for i := range s.Tables {
		s.Tables[i].fill()
	}
	if len(long.Rows) > 0 {
		s.Folded = []Table{long}
	}
	return s
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

// figure4 writes a figure whose unit is not known.
func figure4(v float64) string {
	if v >= 1e5 {
		return report.Count(v)
	}
	return fmt.Sprintf("%.4g", v)
}
