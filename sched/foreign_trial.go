package sched

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Constants of how assignments beside disturbed workers are compared.
const (
	foreignSettle = 40e6     // ns after a change that are not counted: rings fill and drain
	foreignTrial  = 160e6    // ns by which an assignment is judged: some tens of time slices
	foreignGain   = 0.05     // what one has to gain on the best before it to be kept
	foreignRetry  = 10e9     // ns after which all are tried again; doubles each time,
	foreignSeldom = 160e9    // up to that
	foreignCounts = 1.0 / 64 // part of what the stage that did most has done, from which on a stage is looked at
)

// contest tries assignments one after the other, and keeps the first that none of the others beats. What the time slices of a neighbour do - to a
// stage that only one worker can run, while that has no CPU; to rings that have to bridge them - is in no model in which a worker that has half of
// its CPU is half a worker.
type contest struct {
	who   Set // workers that are disturbed
	list  []entrant
	at    int // the one on trial; the one that is kept, when it is over
	over  bool
	since int64    // when the one on trial came into force; 0: it is not known to be
	from  int64    // since when it is counted; 0: not yet
	done  []uint64 // by stage, then
	retry int64    // when all are tried again,
	wait  int64    // and how long after that the next time
}

type entrant struct {
	how   string
	serve [][]int
	rate  float64 // events per ns
}

// enter enters an assignment, unless one like it is there.
func (c *contest) enter(how string, serve [][]int) {
	if serve != nil && !slices.ContainsFunc(c.list, func(e entrant) bool { return same(e.serve, serve) }) {
		c.list = append(c.list, entrant{how: how, serve: serve})
	}
}

// next takes in a snapshot, made while an assignment held, and returns the one that shall.
func (c *contest) next(s *Snapshot, holds [][]int) [][]int {
	switch {
	case c.over && s.Now >= c.retry && len(c.list) > 1:
		c.wait = min(2*c.wait, foreignSeldom)
		c.over, c.at, c.since = false, 0, 0
	case !c.over && same(holds, c.list[c.at].serve):
		c.judge(s)
	}
	return c.list[c.at].serve
}

// how says what is done, and what became of it.
func (c *contest) how() string {
	if len(c.list) == 1 {
		return c.list[c.at].how
	}
	if !c.over {
		return fmt.Sprintf("trial %d, %s", c.at+1, c.list[c.at].how)
	}
	var tried []string
	for _, e := range c.list {
		tried = append(tried, fmt.Sprintf("%.3g/s", 1e9*e.rate))
	}
	return fmt.Sprintf("%s; best of %s", c.list[c.at].how, strings.Join(tried, ", "))
}

// judge goes on to the next one, or keeps the best, when enough was seen of the one on trial.
func (c *contest) judge(s *Snapshot) {
	switch {
	case c.since == 0:
		c.since, c.from = s.Now, 0
	case c.from == 0 && s.Now-c.since >= foreignSettle:
		c.from, c.done = s.Now, c.done[:0]
		for i := range s.Stages {
			c.done = append(c.done, s.Stages[i].Done)
		}
	case c.from > 0 && s.Now-c.from >= foreignTrial:
		c.list[c.at].rate, c.since = c.rate(s), 0
		if c.at++; c.at < len(c.list) {
			return
		}
		c.over, c.at, c.retry = true, 0, s.Now+c.wait
		for i := range c.list {
			if c.list[i].rate > (1+foreignGain)*c.list[c.at].rate {
				c.at = i
			}
		}
	}
}

// rate returns how fast the slowest stage goes on, in proportion to what each has done so far: queues that fill or drain do not deceive.
func (c *contest) rate(s *Snapshot) float64 {
	most := uint64(0)
	for i := range s.Stages {
		most = max(most, s.Stages[i].Done)
	}
	least := math.Inf(1)
	for i := range s.Stages {
		if all := float64(s.Stages[i].Done); all > foreignCounts*float64(most) {
			least = min(least, float64(s.Stages[i].Done-c.done[i])/all*float64(most))
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least / float64(s.Now-c.from)
}
