package sched

import (
	"fmt"
	"slices"
	"strings"
)

// adapt returns an assignment for workers of which some are disturbed. While the others have room they do all; else there is more than one way, and
// what each is worth is tried: that of the law, for workers of unequal worth; to move what is in the way; and to leave all as it was.
func (f *foreign) adapt(s *Snapshot, holds [][]int) [][]int {
	if alone, who := f.room(), f.disturbed(); alone != f.alone || who != f.contest.who || f.contest.list == nil {
		f.alone, f.contest = alone, contest{who: who, wait: foreignRetry}
		if !alone && f.divide != nil {
			f.contest.enter("stages are divided by what workers are worth", f.divide(f.worth()))
		}
		f.contest.enter(f.plainly(), f.moved(f.base))
		if !alone {
			f.contest.enter("nothing moves", f.base)
		}
	}
	return f.contest.next(s, holds)
}

// room reports whether workers that are not disturbed have so much room that they can do all.
func (f *foreign) room() bool {
	free := 0.0
	for w, worth := range f.worth() {
		free += worth * float64(btoi(!f.workers[w].disturbed))
	}
	return f.use < foreignRoom*free || f.alone && f.use <= foreignFull*free
}

// disturbed returns the workers that are.
func (f *foreign) disturbed() (who Set) {
	for w := range f.workers {
		if f.workers[w].disturbed {
			who.Add(w)
		}
	}
	return who
}

// worth returns which part of its CPU each worker has.
func (f *foreign) worth() []float64 {
	worth := make([]float64, len(f.workers))
	for w, n := range f.workers {
		worth[w] = max(1-n.part, foreignWorth)
	}
	return worth
}

// moved moves what disturbed workers serve in an assignment.
func (f *foreign) moved(base [][]int) [][]int {
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

// explain says who is disturbed, and what is done about it.
func (f *foreign) explain() string {
	var parts []string
	for w := range f.workers {
		if n := &f.workers[w]; n.disturbed {
			parts = append(parts, fmt.Sprintf("worker %d loses %.0f %% of its CPU to others", w, 100*n.part))
		}
	}
	return strings.Join(parts, ", ") + ": " + f.contest.how()
}

// plainly says what moved does.
func (f *foreign) plainly() string {
	if f.alone {
		return "the other workers have room, and do all"
	}
	return "serial stages move to other workers, which help with the rest"
}
