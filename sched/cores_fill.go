package sched

import (
	"cmp"
	"math"
	"slices"
)

// sliver is the part of a worker, or of a stage, that is not worth a second stage on the worker.
const sliver = 0.04

// headroom is how much more than the stage that limits all others, since no more workers can run it, these get: what is left of the workers sleeps.
const headroom = 1.3

// layout makes assignments out of demand.
//
// Stages stand in a line, upstream first, and take as much of the line of workers as they need: water-filling gives each stage X times its
// demand, but at least its MinCores and at most what it can use, with the largest X for which the workers suffice. Cutting the line at every
// worker gives each worker a run of neighbouring stages (McNaughton's wrap-around rule, 1959). So a decision is one for all stages, a move of a
// boundary takes from one stage what its neighbour gets, and what passes between neighbours mostly stays near.
type layout struct {
	y     *System
	order []int // stages, upstream first
	seats []int // workers, near ones next to each other
	high  []float64
}

func newLayout(y *System) *layout {
	a := &layout{y: y, high: make([]float64, len(y.Stages))}
	for i := len(y.Stages) - 1; i >= 0; i-- {
		a.order = append(a.order, i)
	}
	a.forget()
	a.seats = a.choose(len(y.Workers), nil)
	return a
}

// forget forgets what was learned of how many workers stages can use.
func (a *layout) forget() {
	for i := range a.high {
		a.high[i] = float64(a.most(i))
	}
}

// most returns how many workers may serve a stage and can run it.
func (a *layout) most(i int) int {
	n := len(a.y.Workers)
	for _, limit := range []int{a.y.Stages[i].MaxCores, a.y.Stages[i].Parallel} {
		if limit > 0 {
			n = min(n, limit)
		}
	}
	return n
}

// choose chooses n workers: SMT siblings only when every core has one, then those that serve something now, and sorts them by where they are.
func (a *layout) choose(n int, now [][]int) []int {
	rank := make([]int, len(a.y.Workers)) // how many workers of its core come first
	seen := map[[2]int]int{}
	all := make([]int, len(a.y.Workers))
	for w, seat := range a.y.Workers {
		all[w] = w
		if seat.Core >= 0 {
			rank[w] = seen[[2]int{seat.Node, seat.Core}]
			seen[[2]int{seat.Node, seat.Core}]++
		}
	}
	idle := func(w int) int { return btoi(w < len(now) && len(now[w]) == 0) }
	place := func(v, w int) int {
		p, q := a.y.Workers[v], a.y.Workers[w]
		return cmp.Or(p.Node-q.Node, p.LLC-q.LLC, p.Core-q.Core, p.CPU-q.CPU, v-w)
	}
	slices.SortFunc(all, func(v, w int) int {
		return cmp.Or(rank[v]-rank[w], idle(v)-idle(w), place(v, w)*(1-2*btoi(rank[v] > 0)))
	})
	all = all[:n]
	slices.SortFunc(all, place)
	return all
}

// shares divides the workers by demand.
func (a *layout) shares(demand []float64) []float64 {
	return a.sharesOf(demand, float64(len(a.y.Workers)))
}

// sharesOf divides what so many workers are worth.
func (a *layout) sharesOf(demand []float64, workers float64) []float64 {
	x := make([]float64, len(demand))
	fill := func(level float64) (sum float64) {
		for i, d := range demand {
			low := min(float64(a.y.Stages[i].MinCores), a.high[i])
			x[i] = min(max(level*d, low), a.high[i])
			sum += x[i]
		}
		return sum
	}
	sum := total(demand)
	if sum <= 0 {
		return x
	}
	low, high := 0.0, math.Inf(1)
	for i, d := range demand {
		if d > 0 {
			high = min(high, headroom*a.high[i]/d)
		}
	}
	for range 40 {
		if mid := (low + high) / 2; fill(mid) > workers {
			high = mid
		} else {
			low = mid
		}
	}
	fill(low)
	return x
}

// wrap cuts the line of stages at workers, and returns what each worker serves.
func (a *layout) wrap(demand []float64, now [][]int) [][]int {
	x := a.shares(demand)
	sum := total(x)
	low, high := 1.0, sum+1
	for range 30 {
		mid := (low + high) / 2
		if a.cut(x, mid) != nil {
			high = mid
		} else {
			low = mid
		}
	}
	return a.seat(a.cut(x, high), now)
}

// seat gives workers to what was made for so many of them.
func (a *layout) seat(bins, now [][]int) [][]int {
	if bins == nil {
		return a.everywhere()
	}
	serve := make([][]int, len(a.y.Workers))
	seats := a.seats
	if len(bins) < len(serve) {
		seats = a.choose(len(bins), now)
	}
	for k, bin := range bins {
		serve[seats[k]] = slices.Sorted(slices.Values(bin))
	}
	a.trim(serve)
	a.guarantee(serve)
	return serve
}

// trim takes workers from stages that have more than their MaxCores, in a group that has.
func (a *layout) trim(serve [][]int) {
	for i, s := range a.y.Stages {
		n := 0
		for _, w := range a.seats {
			at := slices.Index(serve[w], i)
			if s.MaxCores == 0 || at < 0 {
				continue
			}
			if n++; n > s.MaxCores {
				serve[w] = slices.Delete(serve[w], at, at+1)
			}
		}
	}
}

func total(xs []float64) (sum float64) {
	for _, x := range xs {
		sum += x
	}
	return sum
}

// cut fills workers, each up to height, and returns nil if there are too few.
func (a *layout) cut(x []float64, height float64) [][]int {
	workers := len(a.y.Workers)
	bins := [][]int{nil}
	room := height
	next := func() {
		if len(bins[len(bins)-1]) > 0 {
			bins = append(bins, nil)
		}
		room = height
	}
	put := func(i int) { bins[len(bins)-1] = append(bins[len(bins)-1], i) }
	for _, i := range a.order {
		need, most := x[i], a.most(i)
		switch slack := 1e-9 + sliver*height; {
		case need <= height && most == 1:
			if need > room+1e-9 {
				next()
			}
			put(i)
			room -= need
		default:
			if room < slack {
				next()
			}
			for left := most; ; left-- {
				put(i)
				if need <= room+min(slack, sliver*x[i]) || left == 1 {
					if left == 1 && need > room+slack {
						return nil
					}
					room -= need
					break
				}
				need -= room
				next()
			}
		}
		if len(bins) > workers {
			return nil
		}
	}
	return bins
}

// guarantee adds workers to stages that have fewer than their MinCores, from the neighbourhood.
func (a *layout) guarantee(serve [][]int) {
	for i := range a.y.Stages {
		missing := a.y.Stages[i].MinCores
		at := 0
		for k, w := range a.seats {
			if slices.Contains(serve[w], i) {
				missing--
				at = k
			}
		}
		for step := 1; missing > 0 && step < 2*len(a.seats); step++ {
			k := at + (step+1)/2*(1-2*(step&1)) // right and left of where it is, farther and farther
			if k < 0 || k >= len(a.seats) || slices.Contains(serve[a.seats[k]], i) {
				continue
			}
			serve[a.seats[k]] = append(serve[a.seats[k]], i)
			slices.Sort(serve[a.seats[k]])
			missing--
		}
	}
}

// capacity returns how many events of the input per ns an assignment can serve at most: for every run of stages in the line, its workers over its
// demand, and so for the stages that have no other workers than one of them; and what a stage can use over its demand. For assignments made of runs, of
// disjoint groups, or of these and stages that all may serve, this is the maximum flow (by Hall's condition).
func (a *layout) capacity(serve [][]int, demand []float64) float64 {
	by := workersOf(serve, len(demand))
	best := math.Inf(1)
	for j, i := range a.order {
		var all Set
		need, within := 0.0, 0.0
		if demand[i] > 0 {
			best = min(best, a.high[i]/demand[i])
		}
		for k := range by {
			if out := by[k].AndNot(&by[i]); out.Empty() {
				within += demand[k]
			}
		}
		if within > 0 {
			best = min(best, float64(by[i].Len())/within)
		}
		for _, k := range a.order[j:] {
			for b := range all {
				all[b] |= by[k][b]
			}
			if need += demand[k]; need > 0 {
				best = min(best, float64(all.Len())/need)
			}
		}
	}
	return best
}

// workersOf returns the workers of each stage.
func workersOf(serve [][]int, stages int) []Set {
	by := make([]Set, stages)
	for w, list := range serve {
		for _, i := range list {
			by[i].Add(w)
		}
	}
	return by
}

// everywhere lets each worker serve all stages, but no stage have more workers than its MaxCores: those next to where the stage before ends.
func (a *layout) everywhere() [][]int {
	serve := make([][]int, len(a.y.Workers))
	at := 0
	for i := range a.y.Stages {
		n := len(a.seats)
		if m := a.y.Stages[i].MaxCores; m > 0 && m < n {
			n = m
		}
		for k := range n {
			w := a.seats[(at+k)%len(a.seats)]
			serve[w] = append(serve[w], i)
		}
		at = (at + n) % len(a.seats)
	}
	return serve
}
