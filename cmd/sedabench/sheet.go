package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// column is one quantity of a sheet.
type column struct {
	name string
	unit func(float64) string
	// bound, unless nil, is what the row of our policy should keep: at most so much, or, with least, at least.
	bound *float64
	least bool
}

// judge says whether a value keeps the bound.
func (c column) judge(value float64) string {
	switch {
	case c.bound == nil:
		return "info"
	case c.least && value >= *c.bound, !c.least && value <= *c.bound:
		return "ok"
	}
	return "short"
}

func (c column) boundText() string {
	if c.least {
		return "at least " + c.unit(*c.bound)
	}
	return "at most " + c.unit(*c.bound)
}

// part writes a ratio.
func part(x float64) string { return fmt.Sprintf("%.3f", x) }

// whole writes a number of things.
func whole(x float64) string { return fmt.Sprintf("%g", math.Round(x*10)/10) }

// sheet is a table of what a preset found: a row for each contender, a column for each quantity, in each cell what the repetitions gave.
type sheet struct {
	title   string
	columns []column
	rows    []string
	values  map[[2]string][]float64
	invalid map[string]int // by row: runs that do not count
	ours    []string       // rows that bounds are for
	archs   bool           // rows are architectures, and not ways to run staged
	all     bool           // every row is held against the bounds, though only ours decide
}

func newSheet(title string, columns ...column) *sheet {
	return &sheet{title: title, columns: columns, values: map[[2]string][]float64{}, invalid: map[string]int{}}
}

// archOf returns what a row is about.
func (s *sheet) archOf(row string) string {
	if s.archs {
		return row
	}
	return ours + "/" + row
}

// row adds a row if it is not there.
func (s *sheet) row(name string) {
	if !slices.Contains(s.rows, name) {
		s.rows = append(s.rows, name)
	}
}

// put adds what one repetition gave. A sheet has the order in which rows and columns were named, not that of the runs.
func (s *sheet) put(row, name string, value float64) {
	s.row(row)
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return // a part of nothing
	}
	at := [2]string{row, name}
	s.values[at] = append(s.values[at], value)
}

// median returns the median of a cell, NaN if nothing was put there.
func (s *sheet) median(row, name string) float64 {
	return report.QuartilesOf(s.values[[2]string{row, name}]).Median
}

// judges reports whether a cell has a verdict.
func (s *sheet) judges(row string, c column) bool {
	return c.bound != nil && (s.all || slices.Contains(s.ours, row))
}

// findings are all cells, for programs, and how many runs of a row are in none.
func (s *sheet) findings() (all []report.Finding) {
	for _, row := range s.rows {
		for _, c := range s.columns {
			values := s.values[[2]string{row, c.name}]
			if len(values) == 0 {
				continue
			}
			q := report.QuartilesOf(values)
			f := report.Finding{Sheet: s.title, Of: row, What: c.name, Value: q.Median, Text: c.unit(q.Median), Low: q.Low, High: q.High, Runs: len(values), Verdict: "info"}
			if s.judges(row, c) {
				f.Bound, f.Wanted, f.Verdict = c.bound, c.boundText(), c.judge(q.Median)
			}
			all = append(all, f)
		}
		if n := s.invalid[row]; n > 0 {
			all = append(all, report.Finding{Sheet: s.title, Of: row, What: "runs left out", Value: float64(n), Low: float64(n), High: float64(n), Runs: n, Verdict: "info"})
		}
	}
	return all
}

// write prints the table, and a sentence for each bound.
func (s *sheet) write(w io.Writer) error {
	fmt.Fprintf(w, "%s:\n", s.title)
	var t report.Table
	heads := []string{""}
	for _, c := range s.columns {
		heads = append(heads, c.name)
	}
	t.Add(heads...)
	for _, row := range s.rows {
		cells := []string{row}
		for _, c := range s.columns {
			text := "-"
			if v := s.median(row, c.name); !math.IsNaN(v) {
				text = c.unit(v)
				if s.all && c.bound != nil {
					text += " " + c.judge(v)
				}
			}
			cells = append(cells, text)
		}
		t.Add(cells...)
	}
	if err := t.Write(w); err != nil {
		return err
	}
	for _, f := range s.findings() {
		if f.Bound == nil || !slices.Contains(s.ours, f.Of) {
			continue
		}
		c := s.columns[slices.IndexFunc(s.columns, func(c column) bool { return c.name == f.What })]
		fmt.Fprintf(w, "%s: %s, %s %s (%s)\n", f.Verdict, f.Of, f.What, c.unit(f.Value), c.boundText())
	}
	_, err := fmt.Fprintln(w, s.leftOut())
	return err
}

// leftOut says which runs do not count.
func (s *sheet) leftOut() string {
	var texts []string
	for _, row := range s.rows {
		if n := s.invalid[row]; n > 0 {
			texts = append(texts, fmt.Sprintf("%s (%d)", row, n))
		}
	}
	if len(texts) == 0 {
		return ""
	}
	return "Runs left out, since the load generator was too late, the workers did not have their CPUs, or nothing was done: " + strings.Join(texts, ", ") + ".\n"
}
