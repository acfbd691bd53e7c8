package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// ours is the architecture that the sentences are about.
const ours = "staged"

const (
	// enough is how many valid runs it takes to compare a row with another: with
	// eight each, the test can tell them apart also as one of 300 pairs.
	enough = 8
	// level is how likely it may be that any of the differences is called one by chance.
	level = 0.05
)

// verdict says in a few sentences what the rows mean: who serves most, who
// serves soonest, who refuses; about staged where it takes part, and no less
// plainly where it is behind. It calls two architectures different only where
// a test says so, corrected for how many pairs are tested in all.
func verdict(rows []report.Row) []string {
	var groups [][]report.Row
	var numbers []int
	few := 0
	for _, r := range inOrder(rows) {
		if !slices.Contains(numbers, r.Workers) {
			numbers = append(numbers, r.Workers)
		}
		if r.Valid < enough || 2*r.Valid < r.Runs {
			few++
			continue
		}
		last := len(groups) - 1
		if last < 0 || groups[last][0].Workers != r.Workers || !groups[last][0].Load.Same(r.Load) {
			groups = append(groups, nil)
			last++
		}
		groups[last] = append(groups[last], r)
	}
	lines := sentences(groups)
	lines = append(lines, overloadVerdicts(groups)...)
	if few > 0 {
		lines = append(lines, fmt.Sprintf("%d of %d rows are not compared: a test of differences takes %d valid runs (--reps), and at least half of all runs valid.",
			few, len(rows), enough))
	}
	lines = append(lines, invalidVerdict(rows)...)
	if len(numbers) == 1 && numbers[0] == 1 {
		lines = append(lines, "One worker shows what each way costs, not how it scales.")
	}
	return lines
}

// inOrder returns rows by workers as they come, first in closed loop, then by rate.
func inOrder(rows []report.Row) []report.Row {
	var workers []int
	for _, r := range rows {
		workers = append(workers, r.Workers)
	}
	ordered := slices.Clone(rows)
	slices.SortStableFunc(ordered, func(a, b report.Row) int {
		return cmp.Or(cmp.Compare(slices.Index(workers, a.Workers), slices.Index(workers, b.Workers)), cmp.Compare(rateOf(a), rateOf(b)))
	})
	return ordered
}

// rateOf is 0 in closed loop.
func rateOf(r report.Row) float64 {
	if r.Load.Rate == nil {
		return 0
	}
	return *r.Load.Rate
}

// sentences compares the rows of each group, by capacity in closed loop and
// else by delay.
func sentences(groups [][]report.Row) []string {
	var all []*ranking
	var family []float64
	for _, rows := range groups {
		if len(rows) < 2 {
			continue
		}
		c := rank(rows)
		all = append(all, c)
		family = append(family, c.p...)
	}
	adjusted := report.Holm(family)
	var lines []string
	for _, c := range all {
		copy(c.p, adjusted)
		adjusted = adjusted[len(c.p):]
		lines = append(lines, c.String())
	}
	return lines
}

// overloadVerdicts names, for each number of workers, who could not keep up with the highest rate.
func overloadVerdicts(groups [][]report.Row) []string {
	const worthATell = 0.01
	var lines []string
	for i, rows := range groups {
		if rows[0].Load.Rate == nil || i+1 < len(groups) && groups[i+1][0].Workers == rows[0].Workers {
			continue
		}
		var refusing []string
		for _, r := range rows {
			if r.Refused.Median > worthATell {
				refusing = append(refusing, fmt.Sprintf("%s %s", r.Arch, report.Share(r.Refused.Median)))
			}
		}
		if len(refusing) > 0 {
			lines = append(lines, fmt.Sprintf("With %s, %s, some refuse part of what they are offered: %s.", rows[0].Load, report.Plural(rows[0].Workers, "worker"), strings.Join(refusing, ", ")))
		}
	}
	return lines
}

// invalidVerdict says whose runs do not count.
func invalidVerdict(rows []report.Row) []string {
	var archs, texts []string
	runs, invalid := map[string]int{}, map[string]int{}
	for _, r := range rows {
		if runs[r.Arch] == 0 {
			archs = append(archs, r.Arch)
		}
		runs[r.Arch] += r.Runs
		invalid[r.Arch] += r.Runs - r.Valid
	}
	for _, a := range archs {
		if invalid[a] > 0 {
			texts = append(texts, fmt.Sprintf("%s %d of %d", a, invalid[a], runs[a]))
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return []string{"Runs that do not count, by architecture: " + strings.Join(texts, ", ") + "."}
}
