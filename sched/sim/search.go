package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/seda-go/seda/sched"
)

// Search says how BestStatic searches. The zero value is good for systems of up to some dozens of workers.
type Search struct {
	Seed    uint64
	Tries   int     // assignments to try beyond those to begin with; 0: 200
	Length  float64 // requests that a short run handles at the rate of the fluid bound before it counts, and twice those that it counts; 0: what all rings hold
	Batch   []int   // as in Plan
	Finals  int     // assignments that get a long run, of four times the length; 0: 5
	Measure func(*Result) float64
}

// Best is what BestStatic found.
type Best struct {
	Plan     sched.Plan
	Rate     float64 // by Measure, in a long run
	ServeAll float64 // the same of serve-all
	From     string  // where the search began that ended there
	Tried    int
}

// BestStatic searches for the assignment under which y does most, by Measure or else in requests per second; y should be loaded with more than it
// can do, by Saturate. It hill-climbs from the better ones of several assignments: what takes events off a stage with a long queue or
// lets a worker without work do something is tried more often than the rest. Each is judged by a short run with the same seed, and the best of
// these by a long one. The result is a function of the arguments. It is no proof: there may be better ones.
func BestStatic(y *System, s Search) (Best, error) {
	s.Tries, s.Finals = orElse(s.Tries, 200), orElse(s.Finals, 5)
	s.Length = orElse(s.Length, y.held())
	if s.Measure == nil {
		s.Measure = (*Result).Rate
	}
	if err := y.Validate(); err != nil {
		return Best{}, err
	}
	h := &hunt{y: y, Search: s, bound: Fluid(y, 0), random: rand.New(rand.NewPCG(s.Seed, 3))}
	if h.begin(); h.err != nil {
		return Best{}, h.err
	}
	starts := slices.Clone(h.seen)
	slices.SortStableFunc(starts, func(a, b *trial) int { return cmp.Compare(b.rate, a.rate) })
	starts = starts[:min(len(starts), 2)]
	for _, t := range starts {
		h.climb(t, s.Tries/len(starts))
	}
	if h.err != nil {
		return Best{}, h.err
	}
	return h.finals(), h.err
}

// hunt is a search on its way.
type hunt struct {
	y *System
	Search
	bound  Bound
	random *rand.Rand
	seen   []*trial // all that were worth keeping; the first one is serve-all
	tried  int
	err    error
}

// trial is an assignment that was tried.
type trial struct {
	serve [][]int
	from  string
	rate  float64
	res   *Result
}

// try runs an assignment.
func (h *hunt) try(serve [][]int, from string, length float64) *trial {
	t := &trial{serve: serve, from: from}
	ns := max(int64(length*h.Length/h.bound.Rate*1e9), 1)
	t.res, h.err = Run(h.y, Options{Plan: sched.Plan{Serve: serve, Batch: h.Batch}, Seed: h.Seed, Warmup: ns, Duration: (ns + 1) / 2})
	if h.err != nil {
		return nil
	}
	h.tried++
	t.rate = h.Measure(t.res)
	return t
}

// held returns how many events the rings of y hold. A queue before a stage that is too slow is full after about so many.
func (y *System) held() float64 {
	sum := 0
	for i := range y.Stages {
		sum += orElse(y.Stages[i].Capacity, defaultCapacity)
	}
	return float64(max(sum, 4000))
}

// begin tries the assignments to begin with.
func (h *hunt) begin() {
	workers, stages := len(h.y.Workers), len(h.y.Stages)
	for _, start := range []struct {
		name  string
		serve [][]int
	}{
		{"serve-all", sched.ServeAll(workers, stages).Serve},
		{"proportional", proportional(h.y, h.bound.Demand)},
		{"contiguous", contiguous(workers, h.bound.Demand)},
	} {
		if t := h.try(start.serve, start.name, 1); t != nil {
			h.seen = append(h.seen, t)
		}
	}
}

// slack is the part of the rate that a step may lose at first; it shrinks to nothing. Two stages that limit together are relieved one after the other.
// Source: G. Dueck, T. Scheuer, "Threshold accepting", J. Comp. Physics, 1990.
const slack = 0.05

// climb goes from t from neighbour to neighbour.
func (h *hunt) climb(t *trial, tries int) {
	best := t
	for i := range tries {
		serve := h.neighbour(t)
		if serve == nil {
			continue
		}
		next := h.try(serve, t.from, 1)
		if next == nil {
			return
		}
		if left := slack * float64(tries-1-i) / float64(tries); next.rate > t.rate*(1-left) {
			t = next
		}
		if next.rate > best.rate {
			best = next
			h.seen = append(h.seen, best)
		}
		if i == tries/2 {
			t = best
		}
	}
}

// finals gives the best ones, and serve-all, a long run.
func (h *hunt) finals() Best {
	all := h.seen[0]
	slices.SortStableFunc(h.seen, func(a, b *trial) int { return cmp.Compare(b.rate, a.rate) })
	best := Best{}
	for i, t := range h.seen {
		if i >= h.Finals && t != all {
			continue
		}
		long := h.try(t.serve, t.from, 4)
		if long == nil {
			return best
		}
		if t == all {
			best.ServeAll = long.rate
		}
		if best.Plan.Serve == nil || long.rate > best.Rate {
			best.Plan, best.Rate, best.From = sched.Plan{Serve: long.serve, Batch: h.Batch}, long.rate, long.from
		}
	}
	best.Tried = h.tried
	return best
}

// neighbour changes a copy of t's assignment in one place, or returns nil if it came upon a change that cannot be.
func (h *hunt) neighbour(t *trial) [][]int {
	serve := make([][]int, len(t.serve))
	for w := range serve {
		serve[w] = slices.Clone(t.serve[w])
	}
	stage, worker := h.crowded(t), h.bored(t)
	switch list := serve[worker]; h.random.IntN(5) {
	case 0, 1: // one who has time serves a stage with a long queue, too
		serve[worker] = with(list, stage)
	case 2: // and something else no more
		if len(list) > 0 {
			serve[worker] = with(without(list, list[h.random.IntN(len(list))]), stage)
		}
	case 3: // somebody serves something no more
		worker = h.random.IntN(len(serve))
		if list = serve[worker]; len(list) > 1 {
			serve[worker] = without(list, list[h.random.IntN(len(list))])
		}
	case 4: // two exchange a stage
		other := h.random.IntN(len(serve))
		if a, b := serve[other], list; len(a) > 0 && len(b) > 0 {
			x, y := a[h.random.IntN(len(a))], b[h.random.IntN(len(b))]
			serve[other], serve[worker] = with(without(a, x), y), with(without(b, y), x)
		}
	}
	if (sched.Plan{Serve: serve}).Validate(len(serve), len(h.y.Stages)) != nil || slices.EqualFunc(serve, t.serve, slices.Equal[[]int]) {
		return nil
	}
	return serve
}

// crowded draws a stage, one with a long queue more often.
func (h *hunt) crowded(t *trial) int {
	return h.draw(len(h.y.Stages), func(i int) float64 {
		room := float64(orElse(h.y.Stages[i].Capacity, defaultCapacity))
		return 0.1 + min(float64(t.res.Stages[i].Depth)/room, 1)
	})
}

// bored draws a worker, one who has little to do more often.
func (h *hunt) bored(t *trial) int {
	return h.draw(len(h.y.Workers), func(i int) float64 {
		return 1.1 - float64(t.res.Workers[i].Busy)/float64(t.res.Duration)
	})
}

// draw draws one of n with their weights.
func (h *hunt) draw(n int, weight func(int) float64) int {
	sum := 0.0
	for i := range n {
		sum += max(weight(i), 0)
	}
	u := h.random.Float64() * sum
	for i := range n {
		if u -= max(weight(i), 0); u < 0 {
			return i
		}
	}
	return n - 1
}

// String writes what was found.
func (b Best) String() string {
	return fmt.Sprintf("%.4g/s from %s, serve-all %.4g/s, %d tried", b.Rate, b.From, b.ServeAll, b.Tried)
}
