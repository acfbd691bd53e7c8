package sched

import (
	"fmt"
	"slices"
	"strings"
)

// adapt moves what disturbed workers serve in an assignment.
func (f *foreign) adapt(base [][]int) [][]int {
	free := 0
	for i := range f.workers {
		free += btoi(!f.workers[i].disturbed)
	}
	switch room := f.use / float64(free); {
	case room < foreignRoom:
		f.alone = true
	case room > foreignFull:
		f.alone = false
	}
	serve := make([][]int, len(base))
	for w := range base {
		serve[w] = slices.Clone(base[w])
	}
	for w := range serve {
		if !f.workers[w].disturbed {
			continue
		}
		for _, i := range base[w] {
			f.move(serve, w, i)
		}
	}
	for w := range serve {
		slices.Sort(serve[w])
	}
	return serve
}

// move gives a stage of a disturbed worker to another one: instead, if that one has room for it or only one can run it, else besides.
func (f *foreign) move(serve [][]int, from, stage int) {
	y := &f.y.Stages[stage]
	instead := f.alone || y.Parallel == 1
	to := f.helper(serve, stage)
	n, undisturbed := f.served(serve, stage)
	if to >= 0 && (instead && undisturbed == 0 || !instead && n < f.most(stage)) {
		serve[to] = append(serve[to], stage)
		n, undisturbed = n+1, undisturbed+1
	}
	if instead && undisturbed > 0 && n > max(y.MinCores, 1) {
		serve[from] = slices.DeleteFunc(serve[from], func(i int) bool { return i == stage })
		if to >= 0 && !f.alone {
			f.relieve(serve, from, to)
		}
	}
}

// relieve lets a disturbed worker, which has less to do now, help with what can be shared of the work of the one that took a stage of it.
func (f *foreign) relieve(serve [][]int, from, to int) {
	for _, i := range serve[to] {
		n, _ := f.served(serve, i)
		if n < f.most(i) && !slices.Contains(serve[from], i) {
			serve[from] = append(serve[from], i)
		}
	}
}

// most returns how many workers may serve a stage, and can run it.
func (f *foreign) most(stage int) int {
	y, n := &f.y.Stages[stage], len(f.workers)
	for _, limit := range []int{y.MaxCores, y.Parallel} {
		if limit > 0 {
			n = min(n, limit)
		}
	}
	return n
}

// served returns how many workers serve a stage, and how many of them are not disturbed.
func (f *foreign) served(serve [][]int, stage int) (n, undisturbed int) {
	for w, list := range serve {
		if slices.Contains(list, stage) {
			n, undisturbed = n+1, undisturbed+btoi(!f.workers[w].disturbed)
		}
	}
	return n, undisturbed
}

// helper returns the undisturbed worker that serves the fewest stages and not that one, or -1.
func (f *foreign) helper(serve [][]int, stage int) int {
	best := -1
	for w, list := range serve {
		if !f.workers[w].disturbed && !slices.Contains(list, stage) && (best < 0 || len(list) < len(serve[best])) {
			best = w
		}
	}
	return best
}

// explain says why an assignment is not the law's own.
func (f *foreign) explain() string {
	var parts []string
	for w := range f.workers {
		if n := &f.workers[w]; n.disturbed {
			parts = append(parts, fmt.Sprintf("worker %d loses %.0f %% of its CPU to others", w, 100*n.part))
		}
	}
	if f.alone {
		return strings.Join(parts, ", ") + ": the other workers have room, and do all"
	}
	return strings.Join(parts, ", ") + ": serial stages move to other workers, which help with the rest"
}
