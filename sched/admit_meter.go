package sched

import (
	"math"
	"slices"
)

// Constants of what admission measures.
const (
	meterHalf    = 10e6  // ns after which an observation counts half,
	meterBatches = 8     // but no faster than so many batches replace it
	sourceHalf   = 50e6  // ns, the same for what sources offer
	meterFade    = 200e6 // ns after which half is left of a capacity that is not there any more: one batch that takes long says little about it
	meterSpare   = 0.5   // part of the time without a batch from which on a core is spare
	tailEnough   = 500   // batches: fewer say nothing about a percentile
)

// meter is what admission measures: what events of a stage cost, how much of its workers a stage has, where events go from it, and how long they
// wait there. Costs are means of batches as they are; sums are forgotten with a half-life.
type meter struct {
	y       *System
	now     int64
	fade    float64 // what is left of a capacity that was seen at the last look, but is not now
	last    []StageSample
	sources []SourceSample
	resting []int64 // by worker: idle and parked at now
	stages  []stageMeter
	serve   [][]int   // who serves what,
	parts   []float64 // and by two stages: see shared
	spare   []float64 // by worker: part of the time since the last look that it had nothing to do,
	unused  []float64 // and the mean of that with a half-life of sourceHalf
	rates   []sourceRates
	ways    []way     // by stage, found since the last snapshot
	visits  []float64 // scratch, by stage: see reach
	behind  []float64 // scratch, by stage: ns from the end of the stage to that of the last one, but for the time in hands of the same workers
	tails   []float64 // scratch, by stage: ns from the enqueueing at the stage to the end of the last one, as a percentile
}

// sourceRates are what a source does, in events per second.
type sourceRates struct {
	offered, accepted, refused float64
	lately                     float64 // offered since the last snapshot
}

// stageMeter is one stage of a meter.
type stageMeter struct {
	n, b, t       float64 // batches, their events and time, decayed
	entered, done float64 // decayed
	fed           float64 // from sources, decayed
	busy          float64 // workers that it keeps busy: handler time per time, averaged as what sources offer
	gain          float64 // events that enter per event that leaves a stage before it
	workers       Set     // that serve it
	servers       float64 // batches of it that can run at the same time
	wait          float64 // ns that events wait in its rings, as it looks now,
	delay         float64 // and until they are handled
	before        Histogram
	tail          float64 // ns: 99th percentile of the time from enqueueing to the end, of the last tailEnough or more batches; 0: not known
	fresh         bool    // which changed with the last snapshot,
	began         int64   // and is of events since then
	next          int64   // and when those of the next one begin
}

func newMeter(y *System) *meter {
	m := &meter{
		y: y, resting: make([]int64, len(y.Workers)), spare: make([]float64, len(y.Workers)), unused: make([]float64, len(y.Workers)), stages: make([]stageMeter, len(y.Stages)),
		last: make([]StageSample, len(y.Stages)), sources: make([]SourceSample, len(y.Sources)),
		rates: make([]sourceRates, len(y.Sources)), ways: make([]way, len(y.Stages)),
		parts: make([]float64, len(y.Stages)*len(y.Stages)), visits: make([]float64, len(y.Stages)), behind: make([]float64, len(y.Stages)), tails: make([]float64, len(y.Stages)),
	}
	for i := range m.stages {
		m.stages[i].gain = 1
	}
	return m
}

// each returns what an event of the stage costs, in ns of one server; 0: not known.
func (g *stageMeter) each() float64 { return g.t / max(g.b, 1e-9) }

// see takes in a snapshot, made while plan held.
func (m *meter) see(s *Snapshot, plan *Plan) {
	clear(m.ways)
	m.assign(plan)
	if dt := float64(s.Now - m.now); dt > 0 {
		m.count(s, dt)
	}
	for i := range m.stages {
		g, x := &m.stages[i], &s.Stages[i]
		batch := g.b / max(g.n, 1e-9)
		g.wait = max(float64(x.HeadAge), (float64(x.Depth)/g.servers-batch)*g.each())
		g.delay = g.wait + batch*g.each()
		g.percentile(x.Sojourn, s.Now)
	}
	m.now, m.last, m.sources = s.Now, append(m.last[:0], s.Stages...), append(m.sources[:0], s.Sources...)
	for w, x := range s.Workers {
		m.resting[w] = x.Idle + x.Parked
	}
}

// percentile looks at the response times since the last percentile, once there are enough.
func (g *stageMeter) percentile(h *Histogram, now int64) {
	if g.fresh = false; h == nil {
		return
	}
	if d := h.Sub(&g.before); d.Count() >= tailEnough {
		g.tail, g.before, g.fresh = float64(d.Quantile(0.99)), *h, true
		g.began, g.next = g.next, now
	}
}

// assign notes who serves what.
func (m *meter) assign(plan *Plan) {
	if !slices.EqualFunc(m.serve, plan.Serve, slices.Equal[[]int]) {
		m.reassign(plan.Serve)
	}
	for i := range m.stages {
		g, y := &m.stages[i], &m.y.Stages[i]
		n := g.workers.Len()
		if y.Parallel > 0 {
			n = min(n, y.Parallel)
		}
		if y.Threads > 0 {
			if n = y.Threads; i < len(plan.Threads) && plan.Threads[i] > 0 {
				n = plan.Threads[i]
			}
		}
		g.servers = float64(max(n, 1))
	}
}

// reassign finds which workers stages have, and share.
func (m *meter) reassign(serve [][]int) {
	m.serve = serve
	for i := range m.stages {
		m.stages[i].workers = Set{}
	}
	for w, list := range serve {
		for _, i := range list {
			m.stages[i].workers.Add(w)
		}
	}
	for s := range m.stages {
		for i := range m.stages {
			if m.y.Stages[i].Threads > 0 || m.y.Stages[s].Threads > 0 {
				continue
			}
			g := &m.stages[i]
			both := g.workers.And(&m.stages[s].workers)
			m.parts[s*len(m.stages)+i] = float64(both.Len()) / float64(max(g.workers.Len(), 1))
		}
	}
}

// count adds what happened in dt ns.
func (m *meter) count(s *Snapshot, dt float64) {
	fresh := max(1-math.Exp2(-dt/sourceHalf), dt/float64(s.Now)) // at first, means of all there is
	all := math.Exp2(-dt / meterHalf)
	m.fade = math.Exp2(-dt / meterFade)
	for i := range m.stages {
		g, x, last := &m.stages[i], &s.Stages[i], &m.last[i]
		d := x.Batches.Sub(last.Batches)
		keep := max(all, math.Exp2(-float64(d.N)/meterBatches))
		g.n, g.b, g.t = keep*g.n+float64(d.N), keep*g.b+float64(d.B), keep*g.t+float64(d.T)
		g.busy += fresh * (float64(d.T)/dt - g.busy)
		g.entered, g.done = all*g.entered+float64(x.Entered-last.Entered), all*g.done+float64(x.Done-last.Done)
		g.fed *= all
	}
	for k, x := range s.Sources {
		r, last := &m.rates[k], &m.sources[k]
		r.lately = float64(x.Offered-last.Offered) * 1e9 / dt
		r.offered += fresh * (r.lately - r.offered)
		r.accepted += fresh * (float64(x.Accepted-last.Accepted)*1e9/dt - r.accepted)
		r.refused += fresh * (float64(x.Refused-last.Refused)*1e9/dt - r.refused)
		m.stages[m.y.Sources[k].Stage].fed += float64(x.Accepted - last.Accepted)
	}
	for w, x := range s.Workers {
		m.spare[w] = min(max(float64(x.Idle+x.Parked-m.resting[w])/dt, 0), 1)
		if x.Asleep {
			m.spare[w] = 1
		}
		m.unused[w] += fresh * (m.spare[w] - m.unused[w])
	}
	m.gains()
}

// gains finds how many events a stage gets for each that leaves a stage before it. Edges back to a stage of a higher index are not followed,
// here and below: events that go round count as new.
func (m *meter) gains() {
	left := m.visits
	clear(left)
	for i, y := range m.y.Stages {
		for _, n := range y.Next {
			left[n] += m.stages[i].done
		}
	}
	for i := range m.stages {
		if g := &m.stages[i]; left[i] >= 1 {
			g.gain = max(g.entered-g.fed, 0) / left[i]
		}
	}
}

// reach fills visits: how often an event that enters at stage s comes by each stage.
func (m *meter) reach(s int) {
	clear(m.visits)
	m.visits[s] = 1
	for i := s; i >= 0; i-- {
		for _, n := range m.y.Stages[i].Next {
			if n < i {
				m.visits[n] += m.visits[i] * m.stages[n].gain
			}
		}
	}
}

// shared returns the part of stage i's time that the workers of stage s spend; none where one of them blocks.
func (m *meter) shared(s, i int) float64 { return m.parts[s*len(m.stages)+i] }
