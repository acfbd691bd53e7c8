package sched

import (
	"fmt"
	"slices"
)

// Constants of the thread pool and batching controllers, as published.
const (
	pool2001Every = 2e9  // ns between two looks at a queue
	pool2001Full  = 100  // events in a queue that call for one more thread
	pool2001Idle  = 5e9  // ns without work after which a thread leaves
	batch2001Win  = 1e9  // ns of one throughput sample
	batch2001Act  = 5    // samples between two changes
	batch2001Keep = 0.7  // weight of the old estimate
	batch2001Step = 1.2  // factor of a change
	batch2001Down = 0.9  // part of the best throughput at which shrinking ends,
	batch2001Up   = 0.98 // and at which growing does
	batch2001Low  = 0.2  // parts of the best throughput outside of which the search begins anew
	batch2001High = 2
)

// newSEDA2001 returns the thread pool and the batching controller of SEDA.
//
// Thread pool: every 2 s, a stage whose queue holds 100 events or more gets one more thread; a thread without work for 5 s leaves, but for the
// last. Here a thread of a stage's pool is a worker that serves the stage: a stage begins with one, round robin, and gets the one with the fewest
// stages next, up to its MaxCores or all. (The published bound, 20 threads, is more than there are workers.) What a single thread of a pool does
// is not known, since workers serve several stages: a worker that has had nothing to do for 5 s leaves all stages that others serve. Stages that may block have threads of their own: crews2001.
//
// Batching: throughput x, of samples of 1 s, is averaged with weight 0.7 for the old. Every 5 s: while shrinking, x > 0.9·best lets the batch
// shrink by 1.2, else it begins to grow; while growing, x < 0.98·best lets it grow by 1.2, else it begins to shrink; at the maximum x becomes
// best. x outside of [0.2, 2)·best begins anew at the maximum, which is the cold start.
//
// Source: M. Welsh, D. Culler, E. Brewer, "SEDA: An Architecture for Well-Conditioned, Scalable Internet Services", SOSP 2001; the search in
// detail as in the authors' Sandstorm, 2002.
//
// Known faults: depth is not delay, so 100 events of 1 µs cost a worker and 50 of 10 ms do not; a stage held back by the one ahead of it is
// rewarded; a serial stage gets workers it cannot use. From 1,000 down to 200 a batch takes 45 s, and every probe of a smaller one costs up to 10 %
// of the throughput. Best is stale after the load has changed by less than the factors. As shipped batches were integers that grew by a
// factor and never left 4; here they keep their fraction.
func newSEDA2001(y *System) Policy {
	b := &batch2001{y: y, stages: make([]climb, len(y.Stages))}
	for i := range b.stages {
		b.stages[i].batch = float64(y.Stages[i].MaxBatch)
	}
	return Laws{&pool2001{y: y, resting: make([]int64, len(y.Workers)), since: make([]int64, len(y.Workers))}, &crews2001{y: y, stages: make([]crew2001, len(y.Stages))}, b}
}

// pool2001 is the thread pool controller.
type pool2001 struct {
	y       *System
	looked  int64   // when it looked last; 0: never
	resting []int64 // by worker: idle and parked then
	since   []int64 // by worker: since when it has had nothing to do
}

func (p *pool2001) Decide(s *Snapshot, d *Draft) {
	if !s.Settled || p.looked > 0 && s.Now-p.looked < pool2001Every {
		return
	}
	d.Wait(pool2001Every)
	if p.looked == 0 {
		serve := make([][]int, len(p.y.Workers))
		for i := range max(len(p.y.Stages), len(serve)) {
			w, stage := i%len(serve), i%len(p.y.Stages)
			if i < len(p.y.Stages) {
				serve[w] = append(serve[w], stage)
			}
		}
		d.SetServe(serve, "a pool of one for each stage")
		p.rest(s)
		return
	}
	serve, why := p.leave(s, d.Plan.Serve), ""
	for i, x := range s.Stages {
		if w := p.next(serve, i); x.Depth >= pool2001Full && w >= 0 {
			serve[w] = append(serve[w], i)
			why += fmt.Sprintf("%d events wait in %s; ", x.Depth, p.y.Stages[i].Name)
		}
	}
	if why == "" {
		why = "workers without work for 5s"
	}
	d.SetServe(serve, why)
	p.rest(s)
}

// rest notes who had nothing to do since the last look.
func (p *pool2001) rest(s *Snapshot) {
	for w, x := range s.Workers {
		if now := x.Idle + x.Parked; float64(now-p.resting[w]) < 0.999*float64(s.Now-p.looked) && !x.Asleep {
			p.since[w] = s.Now
		}
		p.resting[w] = x.Idle + x.Parked
	}
	p.looked = s.Now
}

// leave returns an assignment without the workers that have been idle, where others are left.
func (p *pool2001) leave(s *Snapshot, old [][]int) [][]int {
	pools := make([]int, len(p.y.Stages))
	for _, list := range old {
		for _, i := range list {
			pools[i]++
		}
	}
	serve := make([][]int, len(old))
	for w, list := range old {
		for _, i := range list {
			if pools[i] > 1 && s.Now-p.since[w] >= pool2001Idle {
				pools[i]--
				continue
			}
			serve[w] = append(serve[w], i)
		}
	}
	return serve
}

// next returns the worker that a stage gets next, or -1.
func (p *pool2001) next(serve [][]int, stage int) int {
	pool, best := 0, -1
	for w, list := range serve {
		if slices.Contains(list, stage) {
			pool++
		} else if best < 0 || len(list) < len(serve[best]) {
			best = w
		}
	}
	if most := p.y.Stages[stage].MaxCores; most > 0 && pool >= most {
		return -1
	}
	return best
}

// batch2001 is the batching controller.
type batch2001 struct {
	y       *System
	sampled int64
	samples int
	stages  []climb
}

// climb is the search for one stage.
type climb struct {
	done    uint64
	x, best float64 // events per second
	batch   float64
	growing bool
}

func (l *batch2001) Decide(s *Snapshot, d *Draft) {
	dt := s.Now - l.sampled
	if dt < batch2001Win {
		return
	}
	d.Wait(batch2001Win)
	first := l.sampled == 0
	l.sampled, l.samples = s.Now, l.samples+1
	for i := range l.stages {
		c := &l.stages[i]
		now := float64(s.Stages[i].Done-c.done) * 1e9 / float64(dt)
		c.done = s.Stages[i].Done
		if c.x = batch2001Keep*c.x + (1-batch2001Keep)*now; first {
			c.x = now
		}
		if l.samples%batch2001Act == 0 && c.x > 0 {
			c.step(float64(l.y.Stages[i].MaxBatch))
			d.SetBatch(i, max(int(c.batch), 1), fmt.Sprintf("%.0f/s, best %.0f/s", c.x, c.best))
		}
	}
}

// step decides about the next batch.
func (c *climb) step(most float64) {
	switch {
	case c.best > 0 && (c.x < batch2001Low*c.best || c.x >= batch2001High*c.best):
		c.batch, c.best, c.growing = most, c.x, false
	case c.growing && c.batch >= most:
		c.best, c.growing = c.x, false
		c.batch /= batch2001Step
	case c.growing && c.x < batch2001Up*c.best:
		c.batch *= batch2001Step
	case c.growing:
		c.growing = false
		c.batch /= batch2001Step
	case c.x <= batch2001Down*c.best:
		c.growing = true
		c.batch *= batch2001Step
	default:
		c.best = max(c.best, c.x)
		c.batch /= batch2001Step
	}
	c.batch = min(max(c.batch, 1), most)
}
