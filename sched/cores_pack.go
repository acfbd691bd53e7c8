package sched

import (
	"cmp"
	"slices"
)

// pack gives each stage as many workers of its own as it fills, and divides what is left of all of them among the other workers, each to one: the largest
// first, to the worker with least to do. Stages share workers with whatever fits, not with their neighbours, so the loads are more even than those of runs. It
// returns nil where no worker is left for the rest.
//
// Source: R. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM J. Applied Mathematics, 1969 (longest processing time first).
func (a *layout) pack(demand []float64, now [][]int) [][]int {
	rest := a.shares(demand)
	var bins [][]int
	items := slices.Clone(a.order)
	for _, i := range a.order {
		for ; rest[i] > 1-sliver && len(bins) < len(a.y.Workers); rest[i]-- {
			bins = append(bins, []int{i})
		}
	}
	items = slices.DeleteFunc(items, func(i int) bool {
		return rest[i] < sliver && slices.ContainsFunc(bins, func(bin []int) bool { return bin[0] == i })
	})
	slices.SortStableFunc(items, func(i, k int) int { return cmp.Compare(rest[k], rest[i]) })
	whole := len(bins)
	left := min(len(a.y.Workers)-whole, len(items))
	if left < 1 && len(items) > 0 {
		return nil
	}
	load := make([]float64, left)
	bins = append(bins, make([][]int, left)...)
	for _, i := range items {
		k := slices.Index(load, slices.Min(load))
		bins[whole+k] = append(bins[whole+k], i)
		load[k] += rest[i]
	}
	return a.seat(bins, now)
}
