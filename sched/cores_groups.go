package sched

import "math"

// groups cuts the line of stages into n runs, each with workers that serve all of it, so that the highest load of a worker is as low as can be;
// nil if there are fewer workers than that takes. Bisection on the load.
func (a *layout) groups(demand []float64, n int, now [][]int) [][]int {
	x := a.shares(demand)
	low, high := 1.0, 1.01*total(x)+1
	var ends []int
	for range 16 {
		mid := (low + high) / 2
		if e := a.runs(x, n, mid); e != nil {
			ends, high = e, mid
		} else {
			low = mid
		}
	}
	if ends == nil {
		return nil
	}
	var bins [][]int
	from := 0
	for _, to := range ends {
		load := 0.0
		for _, i := range a.order[from:to] {
			load += x[i]
		}
		for range needed(load, high) {
			bins = append(bins, a.order[from:to])
		}
		from = to
	}
	return a.seat(bins, now)
}

// finest returns the largest number of groups in which the workers can have at least the given part of the load that they can have at best.
func (a *layout) finest(demand []float64, part float64) int {
	x := a.shares(demand)
	most := min(len(x), len(a.y.Workers))
	least, _ := a.fewest(x, most, 1/part)
	for n := most; n > 1; n-- {
		if least[n][len(x)] <= len(a.y.Workers) {
			return n
		}
	}
	return 1
}

// needed returns how many workers serve a load, each at most height of it.
func needed(load, height float64) int { return max(int(math.Ceil(load/height-1e-9)), 1) }

// runs returns where n runs of stages end that make do with the workers there are, if a worker takes at most height of load; nil if there are none.
func (a *layout) runs(x []float64, n int, height float64) []int {
	least, from := a.fewest(x, n, height)
	if least[n][len(x)] > len(a.y.Workers) {
		return nil
	}
	ends := make([]int, n)
	for g, j := n, len(x); g > 0; g-- {
		ends[g-1], j = j, from[g][j]
	}
	return ends
}

// fewest finds by dynamic programming the fewest workers for g runs made of the first j stages in the line, and where the last run begins.
func (a *layout) fewest(x []float64, n int, height float64) (least, from [][]int) {
	const never = math.MaxInt32
	least, from = make([][]int, n+1), make([][]int, n+1)
	for g := range least {
		least[g], from[g] = make([]int, len(x)+1), make([]int, len(x)+1)
		for j := range least[g] {
			least[g][j] = never
		}
	}
	least[0][0] = 0
	for g := 1; g <= n; g++ {
		for j := g; j <= len(x); j++ {
			load := 0.0
			for i := j - 1; i >= g-1; i-- {
				load += x[a.order[i]]
				if w := least[g-1][i] + needed(load, height); w < least[g][j] {
					least[g][j], from[g][j] = w, i
				}
			}
		}
	}
	return least, from
}
