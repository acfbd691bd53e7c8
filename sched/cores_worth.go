package sched

import (
	"cmp"
	"slices"
)

// divide packs stages on workers of unequal worth, which is the part of its CPU that each has: those that fill the best worker there is get it to
// themselves, of the others the largest comes first, to the worker that is through with it first. So what only one worker can run is not where the
// CPU is somebody else's half of the time, unless it is small. It returns nil where no worker is left for the rest.
//
// Source: T. Gonzalez, O. Ibarra, S. Sahni, "Bounds for LPT Schedules on Uniform Processors", SIAM J. Computing, 1977.
func (a *layout) divide(demand, worth []float64) [][]int {
	rest := a.sharesOf(demand, total(worth))
	items, free := slices.Clone(a.order), slices.Clone(a.seats)
	slices.SortStableFunc(items, func(i, k int) int { return cmp.Compare(rest[k], rest[i]) })
	slices.SortStableFunc(free, func(v, w int) int { return cmp.Compare(worth[w], worth[v]) })
	serve := make([][]int, len(worth))
	items = slices.DeleteFunc(items, func(i int) bool {
		n := 0
		for ; len(free) > 0 && n+1 < a.most(i) && rest[i] > worth[free[0]]-sliver; n++ {
			serve[free[0]] = append(serve[free[0]], i)
			rest[i] -= worth[free[0]]
			free = free[1:]
		}
		return n > 0 && rest[i] < sliver
	})
	if len(free) == 0 && len(items) > 0 {
		return nil
	}
	load := make([]float64, len(worth))
	for _, i := range items {
		w := slices.MinFunc(free, func(v, w int) int { return cmp.Compare((load[v]+rest[i])/worth[v], (load[w]+rest[i])/worth[w]) })
		serve[w] = append(serve[w], i)
		load[w] += rest[i]
	}
	for w := range serve {
		slices.Sort(serve[w])
	}
	a.guarantee(serve)
	return serve
}

// divide is for foreign: what only one worker can run is a reason to divide stages anew, what several can they share out by themselves.
func (c *cores) divide(worth []float64) [][]int {
	demand := c.load.demand()
	for i := range demand {
		if c.at.most(i) == 1 && total(demand) > 0 {
			return c.at.divide(demand, worth)
		}
	}
	return nil
}
