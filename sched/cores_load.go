package sched

import (
	"math"
)

// Constants of the measuring part of the cores law.
const (
	loadHalf    = 4e6 // ns after which an observation counts half
	loadBatches = 64  // batches, at most, that what was seen before the last decision is worth
	loadPrior   = 6   // batches that what was known before a plan changed is worth after it
	loadQuiet   = 3   // decisions in a row without a standing queue that end the pressure
	standing    = 4   // quanta that the head of a queue may wait before the queue counts as standing
)

// load is what the cores law measures: for every stage how often an event of the input visits it, what a visit costs, and how long it waits.
//
// Sums are forgotten with a half-life, and shrunk to a few batches' worth when a plan comes into force, since costs hold for one assignment.
// The cost of an event is that of a full batch, t(b)/b at the batch's cap by the line through the stage's moments: a stage with spare
// workers runs small batches, which cost more per event and would make it look busy. A worker's time that is in no handler and in no idle loop is overhead,
// shared out by batches.
//
// Visits come from ratios of flows (what entered a stage to what left the stages before it), propagated from what the sources offered rather
// than from what flowed: so a stage behind, or before, a bottleneck is credited with what it will have to do once that is relieved, and
// a stage that waits for room ahead gets nothing for waiting.
type load struct {
	y      *System
	before [][]int // by stage: the stages that lead to it
	cyclic bool    // an edge leads to a stage of a higher index

	now      int64
	last     []StageSample
	sources  []SourceSample
	idle     []int64 // by worker: idle and parked at now
	epoch    uint64
	inForce  bool    // the plan of that epoch was seen in force
	ticks    int     // decisions since then
	wall     float64 // ns, decayed
	pressed  int     // decisions with a standing queue, since there was none for loadQuiet in a row
	quiet    int     // decisions in a row without
	waiting  float64 // events that waited anywhere when the plan came into force
	through  float64 // events of the input served since
	stages   []stageLoad
	flow     flows     // decayed
	served   []int     // by stage: workers
	visit    []float64 // by stage: events per event of the input
	busy     []float64 // by worker: part of its time, decayed
	overhead float64   // ns a batch costs outside of its handler, decayed
	batches  float64   // of all stages, decayed
	outside  float64   // ns outside of handlers and idle loops, decayed
}

// flows are numbers of events by stage in some time.
type flows struct {
	entered, done  []float64
	offered, taken []float64 // by sources
}

// stageLoad is one stage of a load; the sums are decayed.
type stageLoad struct {
	n, b, t, bb, bt float64
	cost            float64 // ns of a worker per event, in full batches
	delay           int64   // ns: the older of the head's age and what the queue takes to serve
	batch           float64 // ns that a batch takes
}

func newLoad(y *System) *load {
	l := &load{
		y: y, before: make([][]int, len(y.Stages)), stages: make([]stageLoad, len(y.Stages)), flow: newFlows(y), visit: make([]float64, len(y.Stages)),
		served: make([]int, len(y.Stages)),
		busy:   make([]float64, len(y.Workers)), idle: make([]int64, len(y.Workers)),
	}
	for s, g := range y.Stages {
		for _, n := range g.Next {
			l.before[n] = append(l.before[n], s)
			l.cyclic = l.cyclic || n >= s
		}
	}
	return l
}

func newFlows(y *System) flows {
	n := len(y.Stages)
	return flows{make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)}
}

// add counts what happened since the readings before, and keeps that part of what was counted.
func (f *flows) add(y *System, keep float64, s *Snapshot, stages []StageSample, sources []SourceSample) {
	for i := range f.done {
		f.entered[i] = keep*f.entered[i] + float64(s.Stages[i].Entered-stages[i].Entered)
		f.done[i] = keep*f.done[i] + float64(s.Stages[i].Done-stages[i].Done)
		f.offered[i] *= keep
		f.taken[i] *= keep
	}
	for k, c := range s.Sources {
		i := y.Sources[k].Stage
		f.offered[i] += float64(c.Offered - sources[k].Offered)
		f.taken[i] += float64(c.Accepted - sources[k].Accepted)
	}
}

// see takes in a snapshot, made while plan held.
func (l *load) see(s *Snapshot, plan *Plan) {
	if l.last != nil && s.Now > l.now {
		l.count(s, float64(s.Now-l.now))
		l.visits(&l.flow, l.visit)
		l.price(plan)
	}
	l.delays(s, plan)
	l.ticks++
	if l.last != nil {
		for _, c := range l.y.Sources {
			l.through += float64(s.Stages[c.Stage].Done - l.last[c.Stage].Done)
		}
	}
	if s.Epoch != l.epoch || !l.inForce {
		l.epoch, l.inForce = s.Epoch, false
		if s.Settled {
			l.inForce, l.ticks, l.through, l.waiting = true, 0, 0, 0
			for i := range s.Stages {
				l.waiting += float64(s.Stages[i].Depth)
			}
			l.shrink()
		}
	}
	l.now = s.Now
	l.last = append(l.last[:0], s.Stages...)
	l.sources = append(l.sources[:0], s.Sources...)
	for w, x := range s.Workers {
		l.idle[w] = x.Idle + x.Parked
	}
}

// count adds what happened in dt ns.
func (l *load) count(s *Snapshot, dt float64) {
	keep := math.Exp2(-dt / loadHalf)
	l.wall = keep*l.wall + dt
	var handlers, batches, busy float64
	for i := range l.stages {
		m, g := s.Stages[i].Batches.Sub(l.last[i].Batches), &l.stages[i]
		f := keep
		if g.n > loadBatches {
			f *= loadBatches / g.n
		}
		g.n, g.b, g.t = f*g.n+float64(m.N), f*g.b+float64(m.B), f*g.t+float64(m.T)
		g.bb, g.bt = f*g.bb+float64(m.BB), f*g.bt+float64(m.BT)
		if l.y.Stages[i].Threads == 0 {
			handlers, batches = handlers+float64(m.T), batches+float64(m.N)
		}
	}
	l.flow.add(l.y, keep, s, l.last, l.sources)
	for w, x := range s.Workers {
		b := dt - float64(x.Idle+x.Parked-l.idle[w])
		l.busy[w] = keep*l.busy[w] + (1-keep)*min(max(b/dt, 0), 1)
		busy += max(b, 0)
	}
	l.outside, l.batches = keep*l.outside+busy-handlers, keep*l.batches+batches
	l.overhead = max(l.outside, 0) / max(l.batches, 1)
}

// visits returns how often an event of the input visits each stage: upstream first, and round some times if there are cycles, from nothing each time. Where events
// go round for ever, it is as many times, which leaves proportions right.
func (l *load) visits(f *flows, v []float64) {
	input := total(f.offered)
	if input == 0 { // nothing was let in lately: what was served came in before
		for _, c := range l.y.Sources {
			f.offered[c.Stage] = f.done[c.Stage]
		}
		if input = total(f.offered); input == 0 {
			return
		}
	}
	clear(v)
	for range 1 + (cyclesRound-1)*btoi(l.cyclic) {
		for i := len(v) - 1; i >= 0; i-- {
			left, through := 0.0, 0.0
			for _, p := range l.before[i] {
				left, through = left+f.done[p], through+v[p]
			}
			if v[i] = f.offered[i] / input; left > 0 {
				v[i] += max(f.entered[i]-f.taken[i], 0) / left * through
			}
		}
	}
}

// cyclesRound leaves 3 % of what goes round with a chance of 0.9.
const cyclesRound = 32

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// price finds what an event costs in a full batch of each stage.
func (l *load) price(plan *Plan) {
	for i := range l.stages {
		g := &l.stages[i]
		if g.n < 0.5 || g.b == 0 {
			continue
		}
		if l.y.Stages[i].Threads > 0 {
			g.cost = l.overhead // its handler runs elsewhere
			continue
		}
		full := float64(l.y.Stages[i].MaxBatch)
		if i < len(plan.Batch) && plan.Batch[i] > 0 {
			full = float64(plan.Batch[i])
		}
		b, t := g.b/g.n, g.t/g.n
		full = max(full, b)
		g.batch = t
		g.cost = (t+g.slope()*(full-b))/full + l.overhead/full
	}
}

// slope returns c of t = a + c·b, one standard error above the fit of least squares, but no more than a line through the origin has: with
// too little to go by, an event costs in a full batch what it costs now.
func (g *stageLoad) slope() float64 {
	b, t := g.b/g.n, g.t/g.n
	spread := g.bb/g.n - b*b
	if g.n < 3 || spread < 0.0025*b*b {
		return t / b
	}
	c := (g.bt/g.n - b*t) / spread
	noise := t * t / (g.n * spread) / 4 // the spread of t about the line is not kept: half of its mean
	return min(max(c, 0)+math.Sqrt(noise), t/b)
}

// delays finds where events wait, and whether workers have no time for them.
func (l *load) delays(s *Snapshot, plan *Plan) {
	limit, pressed := int64(standing)*l.y.Quantum, false
	clear(l.served)
	for _, list := range plan.Serve {
		for _, i := range list {
			l.served[i]++
		}
	}
	for i := range l.stages {
		g, x := &l.stages[i], &s.Stages[i]
		workers := l.served[i]
		if p := l.y.Stages[i].Parallel; p > 0 {
			workers = min(workers, p)
		}
		waiting := float64(x.Depth) - float64(workers)*g.b/max(g.n, 1) // as many are in hand, if all are at it
		g.delay = max(x.HeadAge, int64(max(waiting, 0)*g.cost/float64(max(workers, 1))))
		room := l.y.Stages[i].Capacity * max(l.y.Stages[i].Parallel, 1)
		pressed = pressed || x.Depth > 0 && g.delay > limit || room > 0 && 2*x.Depth > room
	}
	for k, c := range s.Sources {
		pressed = pressed || l.last != nil && c.Refused != l.sources[k].Refused
	}
	switch {
	case pressed:
		l.pressed, l.quiet = l.pressed+1, 0
	case l.quiet >= loadQuiet:
		l.pressed = 0
	default:
		l.quiet++
	}
}

// shrink keeps of the sums what a few batches are worth.
func (l *load) shrink() {
	for i := range l.stages {
		g := &l.stages[i]
		if f := loadPrior / g.n; f < 1 {
			g.n, g.b, g.t, g.bb, g.bt = g.n*f, g.b*f, g.t*f, g.bb*f, g.bt*f
		}
	}
	l.outside, l.batches = l.outside*0.1, l.batches*0.1
}

// demand returns what each stage takes of the workers per event of the input, in ns.
func (l *load) demand() []float64 {
	return l.mix(l.costs())
}

// costs returns what an event takes of a worker, by stage, in ns.
func (l *load) costs() []float64 {
	c := make([]float64, len(l.stages))
	for i, g := range l.stages {
		c[i] = g.cost
	}
	return c
}

// use returns the part of the workers' time that they were busy.
func (l *load) use() float64 {
	sum := 0.0
	for _, b := range l.busy {
		sum += b
	}
	return sum / float64(len(l.busy))
}

// mix returns what stages do per event of the input at given costs.
func (l *load) mix(cost []float64) []float64 {
	d := make([]float64, len(cost))
	for i, c := range cost {
		if x := l.visit[i] * c; x >= 0 && x <= math.MaxFloat64 { // neither of them is, where counters make no sense
			d[i] = x
		}
	}
	return d
}
