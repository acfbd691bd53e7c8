package report

import (
	"math"
	"slices"
)

// Quartiles are the median of a sample and the quartiles around it.
type Quartiles struct {
	Low, Median, High float64
}

// QuartilesOf returns the quartiles of a sample, interpolated between its
// values, as R's default does; NaN when it is empty.
func QuartilesOf(sample []float64) Quartiles {
	sorted := slices.Sorted(slices.Values(sample))
	return Quartiles{quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75)}
}

// Quantile returns the q-quantile of a sample in the same way (Hyndman and Fan's type 7).
func Quantile(sample []float64, q float64) float64 {
	return quantile(slices.Sorted(slices.Values(sample)), q)
}

func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i == len(sorted)-1 {
		return sorted[i]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// Row sums up the repetitions of one architecture under one load. Figures are
// of the valid runs only.
type Row struct {
	Arch    string
	Workers int
	Load    Load
	Runs    int
	Valid   int

	Goodputs, P99s []float64 // of each valid run, for tests

	Goodput            Quartiles // per second
	Refused            Quartiles // part of what was offered
	P50, P99, P999     Quartiles // sojourn, ns
	LateP99            Quartiles // ns; also of runs that are not valid, so that one sees why, but not of those in which nothing was done
	CPU                Quartiles // ns per request
	GeneratorBoundRuns int
}

// Summarize makes a row of each architecture, number of workers and load, in
// the order in which they first appear in runs.
func Summarize(runs []Run) []Row {
	groups := Groups(runs)
	rows := make([]Row, len(groups))
	for i, g := range groups {
		rows[i] = summarize(g)
	}
	return rows
}

// rowKey is what the runs of a row have in common.
type rowKey struct {
	arch    string
	workers int
	load    loadKey
}

// group sorts runs by row, and returns the keys in the order in which they first appear.
func group(runs []Run, keyOf func(Load) loadKey) (groups map[rowKey][]Run, order []rowKey) {
	groups = map[rowKey][]Run{}
	for _, r := range runs {
		k := rowKey{r.Arch, r.Workers, keyOf(r.Load)}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], r)
	}
	return groups, order
}

// Groups returns the runs of each row that Summarize makes, in the same order.
func Groups(runs []Run) [][]Run {
	groups, order := group(runs, Load.key)
	all := make([][]Run, len(order))
	for i, k := range order {
		all[i] = groups[k]
	}
	return all
}

func summarize(runs []Run) Row {
	row := Row{Arch: runs[0].Arch, Workers: runs[0].Workers, Load: runs[0].Load, Runs: len(runs)}
	var goodput, refused, p50, p99, p999, late, cpu []float64
	for _, r := range runs {
		if !r.NothingDone() {
			late = append(late, float64(r.Lateness.P99))
		}
		if !r.Valid {
			continue
		}
		row.Valid++
		if r.GeneratorBound {
			row.GeneratorBoundRuns++
		}
		goodput = append(goodput, r.Goodput)
		refused = append(refused, float64(r.Events.Refused)/float64(max(r.Events.Offered, 1)))
		p50 = append(p50, float64(r.Sojourn.P50))
		p99 = append(p99, float64(r.Sojourn.P99))
		p999 = append(p999, float64(r.Sojourn.P999))
		if r.CPU != nil {
			cpu = append(cpu, *r.CPU)
		}
	}
	row.Goodputs, row.P99s = goodput, p99
	row.Goodput, row.Refused = QuartilesOf(goodput), QuartilesOf(refused)
	row.P50, row.P99, row.P999 = QuartilesOf(p50), QuartilesOf(p99), QuartilesOf(p999)
	row.LateP99, row.CPU = QuartilesOf(late), QuartilesOf(cpu)
	return row
}
