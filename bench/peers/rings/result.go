package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// A result is what -o json prints.
type result struct {
	Schema  string       `json:"schema"`
	Machine machine      `json:"machine"`
	Rounds  int          `json:"rounds"`
	Cells   []cellResult `json:"cells"`
}

type cellResult struct {
	Cell      string        `json:"cell"`
	Values    []string      `json:"values"`      // what each number of a sample is
	Distances []float64     `json:"distance_ns"` // between the CPUs, before each round
	Queues    []queueResult `json:"queues"`
}

type queueResult struct {
	Name    string      `json:"name"`
	Missing string      `json:"missing,omitempty"` // why there are no samples
	Samples [][]float64 `json:"samples"`           // of each round; null for one without
}

func values(c cell) []string {
	if c.roundTrip() {
		return []string{"p50 ns of a round trip", "p99 ns of a round trip", "p99.9 ns of a round trip"}
	}
	return []string{"ns an item"}
}

func (b *bench) result(m machine) result {
	r := result{Schema: "rings/1", Machine: m, Rounds: b.rounds}
	for _, t := range b.tables {
		c := cellResult{Cell: t.cell.String(), Values: values(t.cell), Distances: t.distances}
		for _, e := range t.entries {
			c.Queues = append(c.Queues, queueResult{e.queue.name, e.why, e.rounds})
		}
		r.Cells = append(r.Cells, c)
	}
	return r
}

func (r result) writeJSON(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", " ")
	return e.Encode(r)
}

// writeText prints a table a cell and kind of value: median and quartiles of each queue, the fastest first, and for each queue of this
// project the median of the ratios ours/theirs within a round.
func (r result) writeText(out io.Writer) error {
	r.Machine.write(out)
	for _, c := range r.Cells {
		if len(c.Distances) == 0 {
			continue // it was ended before it came to this cell
		}
		for i, value := range c.Values {
			d := report.QuartilesOf(c.Distances)
			fmt.Fprintf(out, "\n%s, %s; CPUs %s ns apart, quartiles %s and %s\n", c.Cell, value, number(d.Median), number(d.Low), number(d.High))
			if err := c.table(i).Write(out); err != nil {
				return err
			}
		}
	}
	r.writeMissing(out)
	return nil
}

func (c cellResult) table(value int) *report.Table {
	own := slices.DeleteFunc(slices.Clone(c.Queues), func(q queueResult) bool { t, _ := find(q.Name); return !t.ours })
	head := []string{"queue", "median", "quartiles", ""}
	for _, o := range own {
		head = append(head, o.Name+"/it")
	}
	t := new(report.Table)
	t.Add(head...)
	sorted := slices.SortedStableFunc(slices.Values(c.Queues), func(a, b queueResult) int {
		return cmp.Compare(report.QuartilesOf(a.of(value)).Median, report.QuartilesOf(b.of(value)).Median)
	})
	for _, q := range sorted {
		all := q.of(value)
		if len(all) == 0 {
			continue
		}
		x := report.QuartilesOf(all)
		row := []string{q.Name, number(x.Median), number(x.Low), number(x.High)}
		for _, o := range own {
			row = append(row, number(report.QuartilesOf(ratios(o, q, value)).Median))
		}
		t.Add(row...)
	}
	return t
}

// of lists one of the numbers of all samples.
func (q queueResult) of(value int) []float64 {
	var xs []float64
	for _, s := range q.Samples {
		if value < len(s) {
			xs = append(xs, s[value])
		}
	}
	return xs
}

func ratios(ours, theirs queueResult, value int) []float64 {
	var xs []float64
	for i, s := range ours.Samples {
		if i < len(theirs.Samples) && value < len(s) && value < len(theirs.Samples[i]) {
			xs = append(xs, s[value]/theirs.Samples[i][value])
		}
	}
	return xs
}

func number(x float64) string {
	switch {
	case math.IsNaN(x):
		return "-"
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// writeMissing lists every queue that could not be measured somewhere, and why.
func (r result) writeMissing(out io.Writer) {
	type gap struct{ queue, why string }
	seen := map[gap][]string{}
	var order []gap
	for _, c := range r.Cells {
		for _, q := range c.Queues {
			if q.Missing == "" {
				continue
			}
			g := gap{q.Name, q.Missing}
			if seen[g] == nil {
				order = append(order, g)
			}
			seen[g] = append(seen[g], c.Cell)
		}
	}
	for _, g := range order {
		fmt.Fprintf(out, "\n# %s was not measured in %s: %s\n", g.queue, strings.Join(seen[g], " "), g.why)
	}
}
