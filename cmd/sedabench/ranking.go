package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// ranking ranks the rows of one load by capacity or by delay, against ours
// where it is among them, else against the best.
type ranking struct {
	rows []report.Row // the best first
	base int          // index of the row that the others are compared with
	p    []float64    // of base against each other row, in order; then of what else was tested to find base
}

func rank(rows []report.Row) *ranking {
	c := &ranking{rows: slices.Clone(rows)}
	slices.SortStableFunc(c.rows, func(a, b report.Row) int {
		if c.capacity() {
			return cmp.Compare(b.Goodput.Median, a.Goodput.Median)
		}
		return cmp.Compare(a.P99.Median, b.P99.Median)
	})
	c.base = slices.IndexFunc(c.rows, func(r report.Row) bool { return r.Arch == ours || strings.HasPrefix(r.Arch, ours+"/") })
	chosen := c.base < 0 // by what was measured: then every pair might have been the one
	if chosen {
		c.base = 0
	}
	for i := range c.rows {
		if i != c.base {
			c.p = append(c.p, c.test(i, c.base))
		}
	}
	for i := range c.rows {
		for k := range i {
			if chosen && k != c.base {
				c.p = append(c.p, c.test(i, k))
			}
		}
	}
	return c
}

func (c *ranking) capacity() bool { return c.rows[0].Load.Capacity() }

// test returns how likely such a difference would be by chance.
func (c *ranking) test(i, k int) float64 {
	if c.capacity() {
		return report.MannWhitney(c.rows[i].Goodputs, c.rows[k].Goodputs)
	}
	return report.MannWhitney(c.rows[i].P99s, c.rows[k].P99s)
}

// figure is what the rows are ranked by.
func (c *ranking) figure(i int) float64 {
	if c.capacity() {
		return c.rows[i].Goodput.Median
	}
	return c.rows[i].P99.Median
}

// String is the sentence, with p adjusted.
func (c *ranking) String() string {
	var better, same, worse []string
	p := c.p
	for i, r := range c.rows {
		if i == c.base {
			continue
		}
		text := fmt.Sprintf("%s (%.2fx)", r.Arch, c.figure(i)/c.figure(c.base))
		switch different := p[0] < level; {
		case !different:
			same = append(same, text)
		case i < c.base:
			better = append(better, text)
		default:
			worse = append(worse, text)
		}
		p = p[1:]
	}
	parts := []string{c.title()}
	for _, group := range []struct {
		name  string
		archs []string
	}{{"better", better}, {"no difference shown", same}, {"worse", worse}} {
		if len(group.archs) > 0 {
			parts = append(parts, group.name+": "+strings.Join(group.archs, ", "))
		}
	}
	return strings.Join(parts, "; ") + "." + c.bound()
}

func (c *ranking) title() string {
	r := c.rows[c.base]
	if c.capacity() {
		return fmt.Sprintf("Capacity with %s: %s %s/s", report.Plural(r.Workers, "worker"), r.Arch, report.Count(c.figure(c.base)))
	}
	return fmt.Sprintf("Sojourn p99 with %s, %s: %s %s", r.Load, report.Plural(r.Workers, "worker"), r.Arch, report.Time(c.figure(c.base)))
}

// bound says whose capacity the load generator hid.
func (c *ranking) bound() string {
	var archs []string
	for _, r := range c.rows {
		if r.GeneratorBoundRuns > 0 {
			archs = append(archs, r.Arch)
		}
	}
	if !c.capacity() || len(archs) == 0 {
		return ""
	}
	return fmt.Sprintf(" The load generator was the slower part with %s, whose capacity is higher than shown.", strings.Join(archs, ", "))
}
