package main

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// limit is a condition of --fail-if: that a figure grew or shrank by more than a part.
type limit struct {
	text, metric string
	above        bool
	ratio        float64 // new to old, at the limit
}

var limitForm = regexp.MustCompile(`^([a-z0-9]+)([<>])([+-]\d+(?:\.\d+)?)%$`)

func parseLimit(text string) (limit, error) {
	const want = "want a figure, < or >, and a change in percent with its sign, such as p99>+5% or goodput<-3%"
	parts := limitForm.FindStringSubmatch(text)
	if parts == nil {
		return limit{}, fmt.Errorf("%q, %s", text, want)
	}
	metric, err := oneOf("figure", metricNames()...)(parts[1])
	if err != nil {
		return limit{}, err
	}
	percent, err := strconv.ParseFloat(parts[3], 64)
	if err != nil || percent <= -100 || percent > 1e6 {
		return limit{}, fmt.Errorf("%q: a change of %s%%, want more than -100%% and at most 1000000%%", text, parts[3])
	}
	l := limit{text, metric, parts[2] == ">", 1 + percent/100}
	if bad := gotWorse(metric); text[:len(metric)+2] != metric+bad {
		return limit{}, fmt.Errorf("%q would not fail when %s gets worse: want what is a failure, such as %s%s5%%", text, metric, metric, bad)
	}
	return l, nil
}

// gotWorse is how a figure that got worse compares with what it was.
func gotWorse(metric string) string {
	for _, m := range report.Metrics() {
		if m.Name == metric && m.MoreIsGood {
			return "<-"
		}
	}
	return ">+"
}

func metricNames() []string {
	var names []string
	for _, m := range report.Metrics() {
		names = append(names, m.Name)
	}
	return names
}

// check returns an error for each change that is more than chance, and whose median is beyond the limit. What runs cannot tell is an error as well: a check
// that cannot fail would say that all is well.
func (l limit) check(changes []report.Change) error {
	var faults []error
	seen := false
	together := tests(changes)
	for _, c := range changes {
		if c.Metric.Name != l.metric {
			continue
		}
		seen = true
		switch {
		case !c.Comparable() || !c.Tellable(level, together):
			faults = append(faults, fmt.Errorf("--fail-if %s: cannot tell for %s: %d and %d runs that count, want more of them (--reps)",
				l.text, changeText(c), len(c.Old), len(c.New)))
		case c.P < level && (c.Ratio.Value > l.ratio) == l.above && c.Ratio.Value != l.ratio:
			faults = append(faults, fmt.Errorf("--fail-if %s: %s: %s", l.text, changeText(c), percentText(c.Ratio)))
		}
	}
	if !seen {
		return fmt.Errorf("--fail-if %s: the files have no row in common that knows %s", l.text, l.metric)
	}
	return errors.Join(faults...)
}

// tests is how many of the changes were tested together.
func tests(changes []report.Change) (n int) {
	for _, c := range changes {
		if c.Comparable() {
			n++
		}
	}
	return n
}

func changeText(c report.Change) string {
	return strings.Join([]string{c.Metric.Name + " of " + c.Arch, c.Load.String(), report.Plural(c.Workers, "worker")}, ", ")
}

// percentText writes a ratio as a change, with its interval.
func percentText(r report.Interval) string {
	return fmt.Sprintf("%+.1f%% (%+.1f%%..%+.1f%%)", 100*(r.Value-1), 100*(r.Low-1), 100*(r.High-1))
}
