package page

import (
	"fmt"
	"slices"

	"github.com/seda-go/seda/internal/report"
)

// shownTables is how many tables of figures are there at once; of more, each is shown on demand.
const shownTables = 12

// figures is a table of each load: what each architecture did. Where each was offered loads of its own, it is a table of each architecture.
func (d data) figures() section {
	s := section{Heading: "Figures", Text: medians}
	var names []string
	tables := map[string]*Table{}
	own := d.ownLoads()
	for _, g := range d.groups {
		name, of, what := g.row(), g.Arch, "architecture"
		if own {
			name, of, what = of, g.ownRow(), "load"
		}
		if tables[name] == nil {
			names = append(names, name)
			tables[name] = &Table{Caption: name, Head: []string{
				what, "goodput/s", "95 %", "refused", "p50", "p90", "p99", "95 %", "p99.9", "max", "CPU/request", "late p99", "valid runs",
			}}
		}
		tables[name].Rows = append(tables[name].Rows, append([]string{of}, g.cells()...))
	}
	for _, name := range names {
		if own || len(names) > shownTables {
			s.Folded = append(s.Folded, *tables[name])
		} else {
			s.Tables = append(s.Tables, *tables[name])
		}
	}
	return s
}

func (g group) cells() (cells []string) {
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
	if len(g.valid) == len(g.all) {
		return append(cells, fmt.Sprint(len(g.all)))
	}
	return append(cells, fmt.Sprintf("%d of %d", len(g.valid), len(g.all)))
}
