package sched

import (
	"errors"
	"fmt"
)

// Constants of the cores law; the measurements that chose them are in docs/decisions/0028-cores-law.md.
const (
	coresHome    = 10     // decisions under serve-all that are not counted
	coresLook    = 10     // quanta between two decisions while it is under pressure
	coresWins    = 0.03   // what a partition has to gain to be kept
	coresUneven  = 0.94   // a partition whose capacity is less than this part of what another could have is cut anew
	coresShift   = 0.10   // of the demand has to move for what was learned to be doubted (DARC: 10 %)
	coresShifts  = 2      // searches, at most, for that reason
	coresWithin  = 10e9   // in so many ns: if demand moves more often it is noise, such as a CPU that others take now and then
	coresTries   = 7      // assignments, at most, tried one after the other
	coresBackoff = 1e9    // ns from one search to the next though nothing changed, 20 times what one takes as a rule; doubles each time
	coresLongest = 60e9   // ns, at most
	coresCalm    = 1000e6 // ns of low load after which every worker serves every stage again
	coresLow     = 0.40   // part of the workers' time that is low load
)

// cores is the law that assigns stages to workers.
type cores struct {
	y       *System
	at      *layout
	load    *load
	window  window
	home    [][]int // every worker serves every stage, as far as MaxCores allows
	mode    coresMode
	held    attempt // what holds
	recipes []recipe
	search  search

	homeward homeward
	kept     attempt            // the partition that was left when the load was low
	mix      []float64          // demand when the law last made up its mind; nil: soon
	shifts   [coresShifts]int64 // when demand had moved, the last times that it was a reason to search
	retry    backoff            // when to search again, though nothing changed
	doubt    bool               // the partition looked uneven
	rivals   []attempt          // those that lost the last search, while its winner has to prove itself
	verified int                // times that one of them took its place
	calm     int64              // since when the load has been low
}

type coresMode int

const (
	atHome  coresMode = iota // serve-all
	trying                   // a partition is being judged
	settled                  // in a partition
)

// Cores makes the law that decides which stages each worker serves.
//
// Every worker serves every stage, at first and wherever that is as good: no worker is idle while events wait anywhere. Under pressure that may not be
// the best: a worker that changes stages refills its cache each time, and the more workers take from one ring the more they wait for one another. So
// when a queue stands, the law divides the stages among the workers by their measured demand (layout), looks at what that does to cost and throughput,
// corrects the division by the costs seen in it, and keeps the best of what it tried, or goes back. What won is measured again, for longer, and gives way
// if another did more: the best of several that chance had a part in was most of all lucky.
//
// Pressure is a delay: the older of the age of the head and depth times cost over workers. The output of an assignment is that of the stage that
// did the least in proportion to its visits, so that queues that fill or drain do not deceive.
//
// Afterwards it acts only when it is under pressure and the assignment could carry less than coresUneven of what another could at the costs
// of the time, and not again until demand moved by coresShift, coresShifts times in coresWithin at most, or a time passed that doubles with each search.
//
// Nobody starves: every stage has a worker at any time, whose picker comes round to it after the quanta of the other stages that it serves, and the batches
// by which these overdraw them. A partition can only make that round shorter.
//
// Sources: R. McNaughton, "Scheduling with Deadlines and Loss Functions", 1959 (cutting the line); A. Ousterhout et al., "Shenango", NSDI 2019 (a queue
// that stands); H. Qin et al., "Arachne", OSDI 2018 (thresholds remembered); H. Demoulin et al., "When Idling is Ideal", SOSP 2021 (10 % of demand).
func Cores(y *System) (Policy, error) {
	if err := errors.Join(y.Validate(), checkMinimum(y)); err != nil {
		return nil, err
	}
	c := &cores{y: y, at: newLayout(y), load: newLoad(y), retry: backoff{wait: coresBackoff}}
	for i := range c.shifts {
		c.shifts[i] = -coresWithin
	}
	c.home = c.at.everywhere()
	c.recipes = []recipe{{"packed", c.at.pack}, {"wrapped", c.at.wrap}}
	c.homeward.inflated = make([]float64, len(y.Stages))
	for i := range c.homeward.inflated {
		c.homeward.inflated[i] = 1
	}
	return newForeign(y, c, c.divide), nil
}

// checkMinimum reports a stage whose MinCores cannot be had.
func checkMinimum(y *System) error {
	sum := 0
	for _, s := range y.Stages {
		if s.Parallel > 0 && s.MinCores > s.Parallel {
			return fmt.Errorf("stage %q: MinCores is %d, but only %d can run it at the same time", s.Name, s.MinCores, s.Parallel)
		}
		if sum += s.MinCores; sum > len(y.Workers) {
			return fmt.Errorf("stage %q: with its MinCores, %d, all stages together want %d workers, there are %d", s.Name, s.MinCores, sum, len(y.Workers))
		}
	}
	return nil
}

// Decide looks at how things go, and may change the assignment.
func (c *cores) Decide(s *Snapshot, d *Draft) {
	c.load.see(s, &d.Plan)
	if !s.Settled || !c.load.inForce {
		return
	}
	if c.load.pressed > 0 || c.mode == trying {
		d.Wait(coresLook * c.y.Quantum)
	}
	switch c.mode {
	case atHome:
		c.stay(s, d)
	case trying:
		c.judge(s, d)
	case settled:
		c.watch(s, d)
	}
}

// stay is for serve-all: it tries a partition under pressure.
func (c *cores) stay(s *Snapshot, d *Draft) {
	d.SetServe(c.home, "every worker serves every stage")
	if d.Moved || c.load.pressed == 0 || len(c.y.Workers) < 2 {
		c.window.close()
		return
	}
	if c.verify(s, d) {
		return
	}
	if !c.window.done(s, c.load, coresHome, coresWindow) {
		return
	}
	demand := c.load.demand()
	moved := c.shifted(s.Now, demand)
	if !c.retry.due(s.Now) && !moved {
		return
	}
	rate := c.window.rate(s, c.load, d.Plan.Serve)
	c.homeward.left(c.load, rate)
	if moved {
		c.at.forget()
		c.kept, c.retry.wait = attempt{}, coresBackoff
	}
	if c.kept.serve != nil {
		c.conclude(s, d, c.kept, "as when the load was last so high")
		return
	}
	best := c.all()
	best.rate = rate
	c.begin(s, d, demand, rate, best, moved)
}

// begin begins a search, since demand moved or since it is time.
func (c *cores) begin(s *Snapshot, d *Draft, demand []float64, home float64, best attempt, moved bool) {
	if moved {
		copy(c.shifts[:], c.shifts[1:])
		c.shifts[coresShifts-1] = s.Now
	}
	c.search = search{cost: c.load.costs(), home: home, best: best, groups: c.at.finest(demand, coresFine)}
	c.search.mix = c.load.mix(c.search.cost)
	c.next(s, d, demand)
}

// watch is for a partition: it cuts it anew under pressure if it has become uneven, and gives it up when the load is low.
func (c *cores) watch(s *Snapshot, d *Draft) {
	if c.load.pressed == 0 {
		c.window.close()
		if c.load.use() > coresLow {
			c.calm = s.Now
		} else if s.Now-c.calm > coresCalm {
			c.kept = attempt{recipe: c.held.recipe, serve: d.Plan.Serve}
			c.retry.wait = coresBackoff
			c.leave(s, d, fmt.Sprintf("workers are busy for %.0f %% of their time", 100*c.load.use()))
		}
		return
	}
	c.calm = s.Now
	if c.verify(s, d) || !c.window.done(s, c.load, coresSettle, coresWindow) {
		return
	}
	demand := c.load.demand()
	moved := c.shifted(s.Now, demand)
	if !c.retry.due(s.Now) && !moved {
		return
	}
	if moved {
		c.at.forget()
		c.retry.wait = coresBackoff
	}
	if c.at.capacity(d.Plan.Serve, demand) > coresUneven*c.at.capacity(c.at.wrap(demand, nil), demand) {
		c.mix, c.doubt = nil, false
		return
	}
	if c.window.close(); !c.doubt { // seen once: look again with nothing of what was before
		c.doubt = true
		c.load.shrink()
		return
	}
	c.doubt = false
	best := attempt{c.held.recipe, d.Plan.Serve, c.window.rate(s, c.load, d.Plan.Serve)}
	c.begin(s, d, demand, c.homeward.predict(c.load), best, moved)
}

// shifted reports whether demand is not what it was when the law last made up its mind, and has not been so too often.
func (c *cores) shifted(now int64, demand []float64) bool {
	if total(demand) == 0 {
		return false // of nothing no stage has a part
	}
	if c.mix == nil {
		c.mix = demand
		return false
	}
	return distance(demand, c.mix) > coresShift && now-c.shifts[0] >= coresWithin
}
