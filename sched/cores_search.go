package sched

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Constants of how assignments are judged.
const (
	coresSettle   = 2    // decisions after a plan came into force that are not counted: rings fill and drain
	coresWindow   = 8    // decisions, at least, that a plan is judged by
	coresBatches  = 8    // batches, at least, of each stage that matters, too
	coresMatters  = 0.02 // part of all demand from which on a stage does
	coresVerify   = 20   // and what won, when it is judged again
	coresRivals   = 3    // times that another one takes its place
	coresPatient  = 30   // decisions, at most, that it waits for these
	coresTie      = 0.01 // of the best output, less than which is no better
	coresBetter   = 1.04 // of the capacity of the one on trial that another one has to promise
	coresHopeless = 0.5  // of the best output so far, below which a trial ends early
	coresFine     = 0.85 // of the best capacity that groups have to promise
	coresHeavy    = 0.6  // part of the demand from which on a stage is suspected to be bound by a lock
	coresRecut    = 2    // times that the best is cut anew
)

// search is a series of assignments, each tried in turn.
//
// In groups, workers serve all stages of theirs, as if a group were a system of its own: many groups keep workers in few stages, few groups share out the
// load better. From serve-all, which is one group, it goes to as many as share out the load well, then to half as many, and so on while that is
// better. Then come those that share out the load better still, if they promise to at the costs seen meanwhile: the stages packed, wherever they stand in the
// line, and the line cut at every worker. The best is made anew as long as what was learned of its costs promises more.
type search struct {
	cost     []float64 // by stage, when the search began
	mix      []float64 // visits times that
	home     float64   // what serve-all does
	tried    int
	groups   int // of the next try; 0: no more
	next     int // of recipes, the one to try next
	recut    int
	halved   bool // the stage heavy got half of its workers, of before at most
	halvedAt int  // tries before that
	heavy    int
	before   float64
	last     attempt
	best     attempt
	lost     []attempt // all others
}

// attempt is an assignment and what became of it.
type attempt struct {
	recipe
	serve [][]int
	rate  float64 // events of the input per ns
}

// recipe is how an assignment is made: nil if there is none.
type recipe struct {
	how  string
	make func(demand []float64, now [][]int) [][]int
}

// grouped makes n groups.
func (a *layout) grouped(n int) recipe {
	return recipe{fmt.Sprintf("%d groups", n), func(demand []float64, now [][]int) [][]int { return a.groups(demand, n, now) }}
}

// all is serve-all.
func (c *cores) all() attempt {
	return attempt{recipe: recipe{"all", func([]float64, [][]int) [][]int { return c.home }}, serve: c.home}
}

// judge looks at what the assignment on trial is worth when enough was seen of it.
func (c *cores) judge(s *Snapshot, d *Draft) {
	f := &c.search
	if !c.window.done(s, c.load, coresSettle, coresWindow) {
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
		f.best, f.mix, f.lost = f.last, mix, nil
	} else if f.last.rate > (1+coresTie)*f.best.rate {
		f.best, f.lost = f.last, append(f.lost, f.best)
	} else {
		f.lost = append(f.lost, f.last)
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
		why := fmt.Sprintf("%s: %.4g/s was best", a.how, 1e9*f.best.rate)
		if f.tried > 0 {
			why += fmt.Sprintf(", now %.4g/s", 1e9*f.last.rate)
		}
		f.last = a
		f.tried++
		c.mode = trying
		c.window.close()
		d.SetServe(a.serve, fmt.Sprintf("try %d, %s, demand %s", f.tried, why, percent(demand)))
		return
	}
	if f.halved && f.last.rate < f.best.rate {
		c.at.high[f.heavy] = f.before
	}
	why := fmt.Sprintf("best of %d: %.4g/s, %.4g/s when every worker serves every stage", f.tried, 1e9*f.best.rate, 1e9*f.home)
	if f.best.rate < (1+coresWins)*f.home {
		c.leave(s, d, why)
	} else {
		c.conclude(s, d, f.best, why)
	}
	c.retry.again(s.Now, coresLongest)
	c.rivals = f.lost
}

// verify looks once more at what won a search, for longer: the best of several that chance had a part in was most of all lucky. If it does less than another
// one did, that takes its place, and is looked at in turn. It reports whether there was something to do.
func (c *cores) verify(s *Snapshot, d *Draft) bool {
	if len(c.rivals) == 0 {
		return false
	}
	if !c.window.done(s, c.load, coresSettle, coresVerify) {
		return true
	}
	rate := min(c.window.rate(s, c.load, d.Plan.Serve), c.at.capacity(d.Plan.Serve, c.load.demand()))
	c.held.rate = rate
	c.window.close()
	best := slices.MaxFunc(c.rivals, func(a, b attempt) int { return cmp.Compare(a.rate, b.rate) })
	if best.rate < (1+coresWins)*rate {
		c.rivals = nil
		return false
	}
	held := c.held
	rivals := slices.DeleteFunc(c.rivals, func(a attempt) bool { return same(a.serve, best.serve) })
	n := c.verified + 1
	c.conclude(s, d, best, fmt.Sprintf("%s did %.4g/s, %s only %.4g/s in the end", best.how, 1e9*best.rate, held.how, 1e9*rate))
	if c.verified = n; n < coresRivals {
		c.rivals = append(rivals, held)
	}
	return true
}

// propose returns what to try next, and whether there is anything left.
func (c *cores) propose(demand []float64, now [][]int) (attempt, bool) {
	f := &c.search
	if f.groups > 1 && (f.tried == 0 || f.last.rate >= f.best.rate) {
		n := f.groups
		f.groups /= 2
		return c.attempt(c.at.grouped(n), demand, now), true
	}
	f.groups = 0
	if f.next < len(c.recipes) {
		f.next++
		return c.better(c.recipes[f.next-1], demand, now), true
	}
	if f.recut < coresRecut && f.best.how != "all" {
		f.recut++
		return c.better(f.best.recipe, demand, now), true
	}
	return c.less(demand, now)
}

// attempt makes an assignment.
func (c *cores) attempt(r recipe, demand []float64, now [][]int) attempt {
	return attempt{recipe: r, serve: r.make(demand, now)}
}

// better is what comes of a recipe if that promises more than the best partition so far, or the last one if none was good.
func (c *cores) better(r recipe, demand []float64, now [][]int) attempt {
	a, than := c.attempt(r, demand, now), c.search.best
	if than.how == "all" {
		than = c.search.last
	}
	if a.serve != nil && than.serve != nil && c.at.capacity(a.serve, demand) < coresBetter*c.at.capacity(than.serve, demand) {
		a.serve = nil
	}
	return a
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
	return c.attempt(c.at.grouped(c.at.finest(demand, coresFine)), demand, now), true
}

// leave goes back to serve-all.
func (c *cores) leave(s *Snapshot, d *Draft, why string) {
	c.conclude(s, d, c.all(), why)
}

// conclude ends a search.
func (c *cores) conclude(s *Snapshot, d *Draft, a attempt, why string) {
	c.held, c.rivals, c.verified = a, nil, 0
	c.mode, c.mix, c.calm = settled, nil, s.Now
	if a.how == "all" {
		c.mode = atHome
	}
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
