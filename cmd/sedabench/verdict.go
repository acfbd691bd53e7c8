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

// enough is how many valid runs it takes to compare a row with another.
const enough = 3

// verdict says in a few sentences what the rows mean: who serves most, who
// serves soonest, who refuses; about staged where it takes part, and no less
// plainly where it is behind. It calls two architectures different only where
// their quartiles are apart.
func verdict(rows []report.Row) []string {
	few := 0
	var numbers []int
	usable := slices.DeleteFunc(slices.Clone(rows), func(r report.Row) bool {
		if !slices.Contains(numbers, r.Workers) {
			numbers = append(numbers, r.Workers)
		}
		if r.Valid < enough {
			few++
		}
		return r.Valid < enough
	})
	var lines []string
	for _, workers := range numbers {
		lines = append(lines, verdictFor(slices.DeleteFunc(slices.Clone(usable), func(r report.Row) bool { return r.Workers != workers }))...)
	}
	if few > 0 {
		lines = append(lines, fmt.Sprintf("%d of %d rows have fewer than %d valid runs and are not compared.", few, len(rows), enough))
	}
	if len(numbers) == 1 && numbers[0] == 1 {
		lines = append(lines, "One worker shows what each way costs, not how it scales.")
	}
	return lines
}

func verdictFor(rows []report.Row) []string {
	var lines []string
	var open [][]report.Row
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].Load.String() == rows[0].Load.String() {
			n++
		}
		if rows[0].Load.Rate == nil {
			lines = append(lines, capacityVerdict(rows[:n])...)
		} else {
			open = append(open, rows[:n])
		}
		rows = rows[n:]
	}
	if len(open) > 0 {
		lines = append(lines, delayVerdict(open[(len(open)-1)/2])...)
		lines = append(lines, overloadVerdict(open[len(open)-1])...)
	}
	return lines
}

func capacityVerdict(rows []report.Row) []string {
	goodput := func(r report.Row) report.Quartiles { return r.Goodput }
	text := compare(rows, goodput, 1, func(x float64) string { return report.Count(x) + "/s" })
	if text == "" {
		return nil
	}
	line := fmt.Sprintf("Capacity with %s: %s.", report.Plural(rows[0].Workers, "worker"), text)
	var bound []string
	for _, r := range rows {
		if r.GeneratorBoundRuns > 0 {
			bound = append(bound, r.Arch)
		}
	}
	if len(bound) > 0 {
		line += fmt.Sprintf(" The load generator was the slower part with %s, whose capacity is higher than shown.", strings.Join(bound, ", "))
	}
	return []string{line}
}

func delayVerdict(rows []report.Row) []string {
	p99 := func(r report.Row) report.Quartiles { return r.P99 }
	text := compare(rows, p99, -1, report.Time)
	if text == "" {
		return nil
	}
	return []string{fmt.Sprintf("Sojourn p99 with %s: %s.", rows[0].Load, text)}
}

// overloadVerdict names who could not keep up.
func overloadVerdict(rows []report.Row) []string {
	const worthATell = 0.01
	var refusing []string
	for _, r := range rows {
		if r.Refused.Median > worthATell {
			refusing = append(refusing, fmt.Sprintf("%s %s", r.Arch, report.Share(r.Refused.Median)))
		}
	}
	if len(refusing) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("With %s some refuse part of what they are offered: %s.", rows[0].Load, strings.Join(refusing, ", "))}
}

// compare ranks rows by a figure of which more (sign 1) or less (sign -1) is
// better, against ours where it is among them, else against the best.
func compare(rows []report.Row, figure func(report.Row) report.Quartiles, sign float64, unit func(float64) string) string {
	if len(rows) < 2 {
		return ""
	}
	ranked := slices.Clone(rows)
	slices.SortStableFunc(ranked, func(a, b report.Row) int { return cmp.Compare(sign*figure(b).Median, sign*figure(a).Median) })
	base := ranked[0]
	for _, r := range ranked {
		if r.Arch == ours {
			base = r
		}
	}
	var better, level, worse []string
	for _, r := range ranked {
		if r.Arch == base.Arch {
			continue
		}
		text := fmt.Sprintf("%s (%.2fx)", r.Arch, figure(r).Median/figure(base).Median)
		switch {
		case !figure(r).Apart(figure(base)):
			level = append(level, text)
		case sign*figure(r).Median > sign*figure(base).Median:
			better = append(better, text)
		default:
			worse = append(worse, text)
		}
	}
	parts := []string{fmt.Sprintf("%s %s", base.Arch, unit(figure(base).Median))}
	for _, group := range []struct {
		name  string
		archs []string
	}{{"better", better}, {"no different within the quartiles", level}, {"worse", worse}} {
		if len(group.archs) > 0 {
			parts = append(parts, group.name+": "+strings.Join(group.archs, ", "))
		}
	}
	return strings.Join(parts, "; ")
}
