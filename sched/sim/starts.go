package sim

import (
	"cmp"
	"slices"
)

func with(list []int, stage int) []int {
	if slices.Contains(list, stage) {
		return list
	}
	list = append(slices.Clone(list), stage)
	slices.Sort(list)
	return list
}

func without(list []int, stage int) []int {
	return slices.DeleteFunc(slices.Clone(list), func(s int) bool { return s == stage })
}

// proportional gives each worker one stage, as many workers to a stage as its part of the work is worth. Where stages outnumber workers it gives
// each stage one worker, the costliest stages first and each to the worker that has least to do.
func proportional(y *System, demand []float64) [][]int {
	workers := len(y.Workers)
	serve, load := make([][]int, workers), make([]float64, workers)
	order := make([]int, len(demand))
	for i := range order {
		order[i] = i
	}
	if workers < len(demand) {
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(demand[b], demand[a]) })
		for _, s := range order {
			w := 0
			for k := range load {
				if load[k] < load[w] {
					w = k
				}
			}
			serve[w] = with(serve[w], s)
			load[w] += demand[s]
		}
		return serve
	}
	cores := make([]float64, len(demand))
	for w := range workers { // first one for each, then one by one for the stage that is most in need of another
		s := w
		if w >= len(demand) {
			s = slices.MaxFunc(order, func(a, b int) int { return cmp.Compare(need(y, demand, cores, a), need(y, demand, cores, b)) })
		}
		serve[w] = []int{s}
		cores[s]++
	}
	return serve
}

// need returns what each worker of a stage has to do, 0 if another one could not do anything.
func need(y *System, demand, cores []float64, s int) float64 {
	if cores[s] >= y.Stages[s].parallel() {
		return 0
	}
	return demand[s] / cores[s]
}

// contiguous cuts the pipeline, as long as the work in it, into pieces of the same length.
func contiguous(workers int, demand []float64) [][]int {
	sum := 0.0
	for _, d := range demand {
		sum += d
	}
	serve, at := make([][]int, workers), 0.0
	for s, d := range demand {
		first := int(at / sum * float64(workers))
		at += d
		last := int(at/sum*float64(workers) - 1e-9)
		for w := min(first, workers-1); w <= min(max(first, last), workers-1); w++ {
			serve[w] = append(serve[w], s)
		}
	}
	for w := range serve {
		if len(serve[w]) == 0 {
			serve[w] = []int{0}
		}
	}
	return serve
}
