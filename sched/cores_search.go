package sched

import (
	"fmt"
	"math"
	"slices"
)

// Constants of how assignments are judged.
const (
	coresSettle   = 2    // decisions after a plan came into force that are not counted: rings fill and drain
	coresWindow   = 3    // decisions, at least, that a plan is judged by
	coresBatches  = 8    // batches, at least, of each stage that matters, too
	coresMatters  = 0.02 // part of all demand from which on a stage does
	coresPatient  = 20   // decisions, at most, that it waits for these
	coresBetter   = 1.04 // of the capacity of the one on trial that another one has to promise
	coresHopeless = 0.5  // of the best output so far, below which a trial ends early
	coresFine     = 0.85 // of the best capacity that groups have to promise
	coresHeavy    = 0.6  // part of the demand from which on a stage is suspected to be bound by a lock
	coresRecut    = 2    // times that the best is cut anew
)

// window is the time that an assignment is judged by.
type window struct {
	open    bool
	from    int64
	ticks   int
	stages  []StageSample // at from
	sources []SourceSample
}

func (w *window) close() { w.open = false }

// done begins to count when the plan has been in force for a while, so long that half of what waited then has been through, and reports whether
// enough was seen since.
func (w *window) done(s *Snapshot, l *load, settle int) bool {
	switch {
	case l.ticks < settle || l.ticks < coresPatient && l.through < l.waiting/2:
		w.open = false
		return false
	case !w.open:
		w.open, w.from, w.ticks = true, s.Now, 0
		w.stages = append(w.stages[:0], s.Stages...)
		w.sources = append(w.sources[:0], s.Sources...)
		return false
	}
	w.ticks++
	return w.ticks >= coresPatient || w.ticks >= coresWindow && w.enough(s, l.demand())
}

// enough reports whether all stages that matter had some batches.
func (w *window) enough(s *Snapshot, demand []float64) bool {
	all := total(demand)
	for i, d := range demand {
		if d > coresMatters*all && s.Stages[i].Batches.N-w.stages[i].Batches.N < coresBatches {
			return false
		}
	}
	return true
}

// rate returns how many events of the input per ns were served since the window began. In a group, whose workers serve all of it, that is the work done in
// proportion to visits, on average over demand: the output once flow is steady, however queues fill and drain. Between groups, and between stages that
// share some of their workers, the one that did the least counts, beyond chance: what outruns it ends up in a ring.
func (w *window) rate(s *Snapshot, l *load, serve [][]int) float64 {
	f, v := newFlows(l.y), make([]float64, len(l.stages))
	f.add(l.y, 0, s, w.stages, w.sources)
	l.visits(&f, v)
	least := math.Inf(1)
	for _, group := range groupsOf(serve, len(v)) {
		work, need, batches := 0.0, 0.0, 0.0
		for _, i := range group {
			g := &l.stages[i]
			work, need = work+f.done[i]*g.cost, need+v[i]*g.cost
			batches += float64(s.Stages[i].Batches.N - w.stages[i].Batches.N)
		}
		if need > 0 {
			least = min(least, work/need*(1+1/math.Sqrt(batches+1)))
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least / float64(max(s.Now-w.from, 1))
}

// groupsOf returns the stages in groups with the same workers.
func groupsOf(serve [][]int, stages int) (groups [][]int) {
	by := make([]Set, stages)
	for w, list := range serve {
		for _, i := range list {
			by[i].Add(w)
		}
	}
	at := map[Set]int{}
	for i, workers := range by {
		k, ok := at[workers]
		if !ok {
			k = len(groups)
			at[workers] = k
			groups = append(groups, nil)
		}
		groups[k] = append(groups[k], i)
	}
	return groups
}

// search is a series of assignments, each tried in turn.
//
// There are two kinds. In groups, workers serve all stages of theirs, as if a group were a system of its own: many groups keep workers in few
// stages, few groups share out the load better. Wrapped, a worker at a border serves stages of both sides. From serve-all, which is one group, it goes
// to as many as share out the load well, then to half as many, and so on while that is better, then to the wrapped one. The best is
// cut anew as long as what was learned of its costs promises more.
type search struct {
	cost     []float64 // by stage, when the search began
	mix      []float64 // visits times that
	home     float64   // what serve-all does
	tried    int
	groups   int // of the next try; 0: no more
	wrapped  bool
	recut    int
	halved   bool // the stage heavy got half of its workers, of before at most
	halvedAt int  // tries before that
	heavy    int
	before   float64
	last     attempt
	best     attempt
}

// attempt is an assignment and what became of it.
type attempt struct {
	groups int // 0: wrapped
	serve  [][]int
	rate   float64 // events of the input per ns
}

// judge looks at what the assignment on trial is worth when enough was seen of it.
func (c *cores) judge(s *Snapshot, d *Draft) {
	f := &c.search
	if !c.window.done(s, c.load, coresSettle) {
		if c.window.ticks < 2 || c.load.pressed == 0 || c.window.rate(s, c.load, d.Plan.Serve) > coresHopeless*f.best.rate {
			return
		}
	}
	demand := c.load.demand()
	c.homeward.learn(c.load)
	if c.load.pressed == 0 { // it carries the load, however much more it could
		c.conclude(s, d, f.last, "")
		return
	}
	f.last.rate = min(c.window.rate(s, c.load, d.Plan.Serve), c.at.capacity(d.Plan.Serve, demand))
	if mix := c.load.mix(f.cost); distance(mix, f.mix) > coresShift { // what was tried before was tried under another load
		f.best, f.mix = f.last, mix
	}
	if f.last.rate > f.best.rate {
		f.best = f.last
	}
	c.next(s, d, demand)
}

// next tries another assignment, or ends the search.
func (c *cores) next(s *Snapshot, d *Draft, demand []float64) {
	f := &c.search
	for f.tried < coresTries {
		a, ok := c.propose(demand, d.Plan.Serve)
		if !ok {
			break
		}
		if a.serve == nil || same(a.serve, f.last.serve) || same(a.serve, f.best.serve) {
			continue
		}
		last := f.last.rate
		f.last = a
		f.tried++
		c.mode = trying
		c.window.close()
		d.SetServe(a.serve, fmt.Sprintf("try %d, %d groups: %.4g/s was best, now %.4g/s, demand %s", f.tried, a.groups, 1e9*f.best.rate, 1e9*last, percent(demand)))
		return
	}
	if f.halved && f.last.rate < f.best.rate {
		c.at.high[f.heavy] = f.before
	}
	why := fmt.Sprintf("best of %d: %.4g/s, %.4g/s when every worker serves every stage", f.tried, 1e9*f.best.rate, 1e9*f.home)
	if f.best.rate < (1+coresWins)*f.home {
		c.leave(s, d, why)
		return
	}
	c.again, c.pause = s.Now+c.pause, min(2*c.pause, coresLongest)
	c.conclude(s, d, f.best, why)
}

// propose returns what to try next, and whether there is anything left.
func (c *cores) propose(demand []float64, now [][]int) (attempt, bool) {
	f := &c.search
	switch {
	case f.groups > 1 && (f.tried == 0 || f.last.rate == f.best.rate):
		n := f.groups
		f.groups /= 2
		return attempt{groups: n, serve: c.at.groups(demand, n, now)}, true
	case !f.wrapped:
		f.wrapped, f.groups = true, 0
		return attempt{serve: c.at.wrap(demand, now)}, true
	case f.recut < coresRecut && f.best.groups != 1:
		f.recut++
		a := attempt{groups: f.best.groups}
		if a.groups == 0 {
			a.serve = c.at.wrap(demand, now)
		} else {
			a.serve = c.at.groups(demand, a.groups, now)
		}
		if a.serve != nil && c.at.capacity(a.serve, demand) < coresBetter*c.at.capacity(f.best.serve, demand) {
			a.serve = nil
		}
		return a, true
	}
	return c.less(demand, now)
}

// less proposes an assignment with half the workers for the stage with most of the demand: if that is not worse, the stage is bound by something that
// more workers only wait for, or fight about, such as a lock. The others get what it had. It goes on while that is so.
func (c *cores) less(demand []float64, now [][]int) (attempt, bool) {
	f := &c.search
	heavy := slices.Index(demand, slices.Max(demand))
	if f.halved && (f.tried == f.halvedAt || f.last.rate < f.best.rate) { // nothing new came of it, or nothing good
		c.at.high[f.heavy] = f.before
		return attempt{}, false
	}
	n := 0
	for _, list := range f.best.serve {
		n += btoi(slices.Contains(list, heavy))
	}
	if demand[heavy] < coresHeavy*total(demand) || n < 2 || n/2 < c.y.Stages[heavy].MinCores {
		return attempt{}, false
	}
	f.halved, f.halvedAt, f.heavy, f.before = true, f.tried, heavy, c.at.high[heavy]
	c.at.high[heavy] = float64(n / 2)
	a := attempt{groups: c.at.finest(demand, coresFine)}
	a.serve = c.at.groups(demand, a.groups, now)
	return a, true
}

// leave goes back to serve-all.
func (c *cores) leave(s *Snapshot, d *Draft, why string) {
	c.retry = s.Now + c.backoff
	c.backoff = min(2*c.backoff, coresLongest)
	c.conclude(s, d, attempt{groups: 1, serve: c.home}, why)
	c.mode = atHome
}

// conclude ends a search.
func (c *cores) conclude(s *Snapshot, d *Draft, a attempt, why string) {
	c.kind = a.groups
	c.mode, c.mix, c.calm = settled, nil, s.Now
	c.window.close()
	d.SetServe(a.serve, why)
}

func same(a, b [][]int) bool { return slices.EqualFunc(a, b, slices.Equal[[]int]) }

// distance returns which part of demand is elsewhere.
func distance(a, b []float64) (d float64) {
	x, y := total(a), total(b)
	for i := range a {
		d += math.Abs(a[i]/x-b[i]/y) / 2
	}
	return d
}

// percent writes parts of a sum, as in "20 30 50".
func percent(xs []float64) string {
	sum := total(xs)
	parts := make([]int, len(xs))
	for i, x := range xs {
		parts[i] = int(math.Round(100 * x / max(sum, 1e-9)))
	}
	return fmt.Sprint(parts)
}

// homeward is what is known of serve-all while there is a partition.
type homeward struct {
	cost     []float64 // by stage, when every worker served every stage
	inflated []float64 // that over its cost in a partition
	part     float64   // of what the costs promised, that was done
}

// left notes how serve-all did.
func (h *homeward) left(l *load, rate float64) {
	h.cost = l.costs()
	h.part = rate * total(l.demand()) / float64(len(l.y.Workers))
}

// learn notes what costs are in a partition.
func (h *homeward) learn(l *load) {
	for i, g := range l.stages {
		if g.cost > 0 && h.cost[i] > 0 {
			h.inflated[i] = h.cost[i] / g.cost
		}
	}
}

// predict returns what serve-all would do now.
func (h *homeward) predict(l *load) float64 {
	need := 0.0
	for i, g := range l.stages {
		h.cost[i] = h.inflated[i] * g.cost
		need += l.visit[i] * h.cost[i]
	}
	return h.part * float64(len(l.y.Workers)) / max(need, 1e-9)
}
