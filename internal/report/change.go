package report

import (
	"fmt"
	"slices"
)

// Metric is one figure of a run.
type Metric struct {
	Name       string
	MoreIsGood bool
	Write      func(float64) string
	// Of returns the figure of a run, if the run knows it.
	Of func(Run) (float64, bool)
}

// Metrics are what Compare compares.
func Metrics() []Metric {
	return []Metric{
		{"goodput", true, Count, func(r Run) (float64, bool) { return r.Goodput, true }},
		{"p50", false, Time, func(r Run) (float64, bool) { return float64(r.Sojourn.P50), true }},
		{"p99", false, Time, func(r Run) (float64, bool) { return float64(r.Sojourn.P99), true }},
		{"p999", false, Time, func(r Run) (float64, bool) { return float64(r.Sojourn.P999), true }},
		{"cpu", false, Time, func(r Run) (float64, bool) {
			if r.CPU == nil {
				return 0, false
			}
			return *r.CPU, true
		}},
	}
}

// Change is how one figure of one architecture under one load differs between two files.
type Change struct {
	Arch     string
	Workers  int
	Load     Load // of the old file
	Metric   Metric
	Old, New []float64 // of each valid run
	Ratio    Interval  // new to old; of medians
	// P is how likely at least such a difference is by chance, adjusted for all that were tested together; 1 where there were none.
	P float64
}

// Comparable reports whether both sides have runs that count, and figures that are not 0.
func (c Change) Comparable() bool {
	return len(c.Old) > 0 && len(c.New) > 0 && median(c.Old) > 0 && median(c.New) > 0
}

// Tellable reports whether the runs are enough that a difference could be told from chance at a level, if all of one side were above all of the other,
// among so many tests.
func (c Change) Tellable(level float64, tests int) bool {
	return leastP(len(c.Old), len(c.New))*float64(tests) < level
}

// Compare pairs the rows of two files by architecture, number of workers and load, and tests every figure of every pair; unmatched says which
// rows only one of them has. Loads that are parts of a capacity are the same if the parts are, though the rates differ.
func Compare(before, after File) (changes []Change, unmatched []string) {
	olds, order := group(before.Runs, alike)
	news, later := group(after.Runs, alike)
	for _, k := range order {
		if news[k] == nil {
			unmatched = append(unmatched, "only in the old file: "+rowText(olds[k][0]))
			continue
		}
		for _, m := range Metrics() {
			if !known(m, olds[k]) && !known(m, news[k]) {
				continue
			}
			changes = append(changes, Change{Arch: k.arch, Workers: k.workers, Load: olds[k][0].Load, Metric: m, Old: figures(olds[k], m), New: figures(news[k], m), P: 1})
		}
	}
	for _, k := range later {
		if olds[k] == nil {
			unmatched = append(unmatched, "only in the new file: "+rowText(news[k][0]))
		}
	}
	test(changes)
	return changes, unmatched
}

func test(changes []Change) {
	var p []float64
	var tested []*Change
	for i := range changes {
		c := &changes[i]
		if !c.Comparable() {
			continue
		}
		c.Ratio = RatioInterval(c.New, c.Old)
		p, tested = append(p, MannWhitney(c.Old, c.New)), append(tested, c)
	}
	for i, adjusted := range Holm(p) {
		tested[i].P = adjusted
	}
}

// alike is a load without what differs from one invocation to the next.
func alike(l Load) loadKey {
	k := l.key()
	k.doubtful = false
	if k.fraction > 0 {
		k.rate = 0 // it follows from what was measured
	}
	return k
}

func rowText(r Run) string {
	return fmt.Sprintf("%s, %s, %s", r.Arch, r.Load, Plural(r.Workers, "worker"))
}

func known(m Metric, runs []Run) bool {
	return slices.ContainsFunc(runs, func(r Run) bool { _, known := m.Of(r); return known })
}

func figures(runs []Run, m Metric) (sample []float64) {
	for _, r := range runs {
		if figure, known := m.Of(r); known && r.Valid {
			sample = append(sample, figure)
		}
	}
	return sample
}
