package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/seda-go/seda/internal/report"
)

// files are what a study is made of.
var files = []string{"default.json", "scale-spin.json", "scale-memory.json", "certify.json"}

// study is what was measured.
type study struct {
	Default, Spin, Memory, Certify report.File
}

func read(dir string) (s study, err error) {
	for i, into := range []*report.File{&s.Default, &s.Spin, &s.Memory, &s.Certify} {
		name := filepath.Join(dir, files[i])
		if *into, err = report.ReadFile(name); err != nil {
			return s, err
		}
		if into.Partial {
			return s, fmt.Errorf("%s is not complete: %s", name, into.Reason)
		}
	}
	if len(s.Spin.Scales) == 0 || len(s.Memory.Scales) == 0 || len(s.Certify.Findings) == 0 {
		return s, fmt.Errorf("%s: want two files of scale and one of certify", dir)
	}
	return s, nil
}

//go:embed study.md.tmpl
var words string

func (s study) text() ([]byte, error) {
	t, err := template.New("study").Funcs(template.FuncMap{"join": strings.Join}).Parse(words)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, s)
	return b.Bytes(), err
}

// table writes rows in Markdown, of which the first is the head.
func table(rows [][]string) string {
	var b strings.Builder
	for i, cells := range rows {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(cells)) + "\n")
		}
	}
	return b.String()
}

// Commands are those that measured it, each with the file it wrote.
func (s study) Commands() (lines []string) {
	for i, f := range []report.File{s.Default, s.Spin, s.Memory, s.Certify} {
		lines = append(lines, fmt.Sprintf("%s -o json > %s", f.Config.Command, files[i]))
	}
	return lines
}

// Machine is what it was measured on, and what disturbed it.
func (s study) Machine() string {
	m := s.Default.Machine
	return fmt.Sprintf("%s, %s, %s %s, %s", m.Model, report.Plural(m.CPUs, "CPU"), m.OS, m.Kernel, m.Go)
}

// Disturbed is the largest part of the CPUs' time that others took while one of the files was made.
func (s study) Disturbed() string {
	most := 0.0
	for _, f := range []report.File{s.Default, s.Spin, s.Memory, s.Certify} {
		if f.Machine.Steal != nil && f.Machine.Foreign != nil {
			most = max(most, *f.Machine.Steal+*f.Machine.Foreign)
		}
	}
	return report.Share(most)
}

// rows are those of a file under one kind of load, in the order in which architectures were asked for.
func rows(f report.File, some func(report.Load) bool) []report.Row {
	all := slices.DeleteFunc(report.Summarize(f.Runs), func(r report.Row) bool { return !some(r.Load) })
	slices.SortStableFunc(all, func(a, b report.Row) int {
		return slices.Index(f.Config.Archs, a.Arch) - slices.Index(f.Config.Archs, b.Arch)
	})
	return all
}

// Capacities is a table of the architectures in closed loop, and of their delay at parts of the best capacity.
func (s study) Capacities() string {
	closed := rows(s.Default, report.Load.Capacity)
	head := []string{"architecture", "capacity (quartiles)"}
	var fractions []float64
	for _, r := range rows(s.Default, func(l report.Load) bool { return l.Fraction != nil }) {
		if !slices.Contains(fractions, *r.Load.Fraction) {
			fractions = append(fractions, *r.Load.Fraction)
			head = append(head, fmt.Sprintf("p99 at %gx", *r.Load.Fraction))
		}
	}
	all := [][]string{append(head, "runs that count")}
	for _, r := range closed {
		cells := []string{r.Arch, fmt.Sprintf("%s/s (%s to %s)", report.Count(r.Goodput.Median), report.Count(r.Goodput.Low), report.Count(r.Goodput.High))}
		counts := []string{fmt.Sprint(r.Valid)}
		for _, x := range fractions {
			for _, o := range rows(s.Default, func(l report.Load) bool { return l.Fraction != nil && *l.Fraction == x }) {
				if o.Arch != r.Arch {
					continue
				}
				cell := "-"
				if o.Valid > 0 {
					cell = report.Time(o.P99.Median)
				}
				cells, counts = append(cells, cell), append(counts, fmt.Sprint(o.Valid))
			}
		}
		all = append(all, append(cells, strings.Join(counts, ", ")+fmt.Sprintf(" of %d", r.Runs)))
	}
	return table(all)
}

// Spread is how far apart the capacities are.
func (s study) Spread() string {
	low, high := math.Inf(1), 0.0
	for _, r := range rows(s.Default, report.Load.Capacity) {
		if r.Valid > 0 {
			low, high = min(low, r.Goodput.Median), max(high, r.Goodput.Median)
		}
	}
	return report.Share(high/low - 1)
}

// clause is the finding of certify for an architecture; nil: there is none.
func (s study) clause(arch, what string) *report.Finding {
	for i, f := range s.Certify.Findings {
		if f.Sheet == "Clauses" && f.Of == arch && f.What == what {
			return &s.Certify.Findings[i]
		}
	}
	return nil
}

// clauseNames are the clauses that have a bound, in their order.
func (s study) clauseNames() (names []string) {
	for _, f := range s.Certify.Findings {
		if f.Sheet == "Clauses" && f.Bound != nil && !slices.Contains(names, f.What) {
			names = append(names, f.What)
		}
	}
	return names
}

// Clauses is a table of what certify found, clause by clause.
func (s study) Clauses() string {
	all := [][]string{append([]string{"clause", "wanted"}, s.Certify.Config.Archs...)}
	for _, what := range s.clauseNames() {
		cells := []string{what, s.wanted(what)}
		for _, arch := range s.Certify.Config.Archs {
			f := s.clause(arch, what)
			switch {
			case f == nil:
				cells = append(cells, "-")
			case f.Bound == nil:
				cells = append(cells, f.Text)
			case f.Verdict == "short":
				cells = append(cells, "**"+f.Text+"**")
			default:
				cells = append(cells, f.Text)
			}
		}
		all = append(all, cells)
	}
	return table(all)
}

// wanted is the bound of a clause, which is the same for all.
func (s study) wanted(what string) string {
	for _, f := range s.Certify.Findings {
		if f.Sheet == "Clauses" && f.What == what && f.Bound != nil {
			return f.Limit()
		}
	}
	return ""
}

// Kept says of each architecture how many clauses it keeps.
func (s study) Kept() string {
	var texts []string
	for _, arch := range s.Certify.Config.Archs {
		kept, judged := 0, 0
		for _, what := range s.clauseNames() {
			if f := s.clause(arch, what); f != nil && f.Bound != nil {
				judged++
				if f.Verdict == "ok" {
					kept++
				}
			}
		}
		if judged > 0 {
			texts = append(texts, fmt.Sprintf("%s %d of %d", arch, kept, judged))
		}
	}
	return strings.Join(texts, ", ")
}
