package engine

import (
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/sched"
)

// sampler reads the counters of an engine into a snapshot, which it uses again for each reading: it allocates nothing. Counters of different
// workers are read at slightly different times, and of a batch that is entered just now a part may be missing.
type sampler struct {
	e         *Engine
	snapshot  sched.Snapshot
	ledgers   []ledger // by stage
	naps      naps
	sojourned Time // when histograms were read last
	folder    folder
}

// sojournEvery is the time between two readings of the histograms, which are most of what there is to read.
const sojournEvery = 50 * time.Millisecond

func (p *sampler) open(e *Engine) {
	p.e = e
	p.snapshot.Workers = make([]sched.WorkerSample, len(e.workers))
	p.snapshot.Stages = make([]sched.StageSample, len(e.stages))
	p.snapshot.Sources = make([]sched.SourceSample, len(e.sources()))
	for _, st := range e.stages {
		p.ledgers = append(p.ledgers, st.run.ledger())
	}
	p.naps = make(naps, len(e.workers))
	p.sojourned = e.now()
	p.folder.open(e)
}

// read takes a reading, which holds until the next one.
func (p *sampler) read(now Time) *sched.Snapshot {
	s, pl := &p.snapshot, p.e.plan.Load()
	s.Now, s.Epoch, s.Settled = int64(now), pl.Epoch, p.e.inForce(pl) && !pl.draining
	for i, w := range p.e.workers {
		w.sample(&s.Workers[i], now)
	}
	rest, sources := p.naps.rest(p.e.workers), s.Sources
	for i, st := range p.e.stages {
		st.run.sample(&s.Stages[i], sources[:len(st.inlets)], &p.ledgers[i], rest, now)
		sources = sources[len(st.inlets):]
	}
	p.folder.fold(s, p.ledgers, now)
	if invariant.Enabled {
		p.checkRest(rest)
	}
	if now.Sub(p.sojourned) < sojournEvery {
		return s
	}
	p.sojourned = now
	for i, st := range p.e.stages {
		s.Stages[i].Sojourn = st.run.sojourns(&p.ledgers[i])
	}
	return s
}

// sample reads what the worker did. What it has not accounted for yet, the sleep that goes on, counts as well; should it end meanwhile it could
// count twice, and a counter may not fall.
func (w *worker) sample(o *sched.WorkerSample, now Time) {
	var sleep time.Duration
	sleep, o.Asleep = w.sleeping(now)
	o.Parked, o.Idle = max(o.Parked, int64(w.slept.Load())+int64(sleep)), int64(w.searched.Load())
}

// sleeping reports whether w sleeps, and for how long it has had nothing to do.
func (w *worker) sleeping(now Time) (time.Duration, bool) {
	if !w.e.parked.has(w.id) || w.state.Load() != asleep {
		return 0, false
	}
	return max(now.Sub(Time(w.dry.Load())), 0), true
}

// The columns of ledger.hands.
const (
	tallyDone = iota // without those that expired
	tallyExpired
	tallyBatches
	tallyBusy
	tallyLost
	tallySquares
	tallyProducts
	tallyWait
	tallyHeld
	tallies
)

// sample reads what is done before what came in, as collect does. It leaves out workers that rest.
func (s *Stage[T]) sample(o *sched.StageSample, sources []sched.SourceSample, l *ledger, rest sched.Set, now Time) {
	for i := range s.hands {
		if i >= len(s.e.workers) || !rest.Has(i) {
			s.hands[i].tell(&l.hands, l.hands.rows[i])
		}
	}
	n := l.hands.sums
	*o = sched.StageSample{
		Done: n[tallyDone] + n[tallyExpired], Expired: n[tallyExpired], Wait: int64(n[tallyWait]), Held: n[tallyHeld],
		Batches: sched.Moments{N: n[tallyBatches], B: n[tallyDone], T: n[tallyBusy], BB: n[tallySquares], BT: n[tallyProducts]},
	}
	for k, in := range s.inlets {
		c := &sources[k]
		*c = sched.SourceSample{Refused: in.refused.Load(), Depth: in.run.queued()}
		c.Accepted = raise(&in.accepted, n[tallies+k]+uint64(c.Depth))
		c.Offered = c.Accepted + c.Refused
		if c.Depth > 0 {
			c.HeadAge = in.run.headAge(now)
		}
		o.Entered += c.Accepted
		o.HeadAge = max(o.HeadAge, c.HeadAge)
	}
	for k, ed := range s.ins {
		o.Entered += ed.enter(&l.edges[k], rest)
	}
	o.Entered = max(o.Entered, o.Done)
	o.Depth = int(o.Entered - o.Done)
	if o.Depth > 0 { // else there is nothing in the rings either
		for i := range s.shards {
			for c := range s.shards[i].rings {
				if !s.mayHave(i) {
					break
				}
				if t, some := s.shards[i].rings[c].HeadTime(); some {
					o.HeadAge = max(o.HeadAge, int64(now)-t)
				}
			}
		}
	}
	if s.blocking {
		o.Threads = max(s.awaited()-s.outside.done.len(), 0)
	}
}

// tell puts the counters of a hand into its row: what it has done before what it has taken.
func (h *hand[T]) tell(t *table, row []uint64) {
	n := &h.count
	t.put(row, tallyDone, n.completed.Load()+n.failed.Load())
	t.put(row, tallyExpired, n.expired.Load())
	t.put(row, tallyBatches, n.batches.Load())
	t.put(row, tallyBusy, n.busy.Load())
	t.put(row, tallyLost, n.lost.Load())
	t.put(row, tallySquares, n.squares.Load())
	t.put(row, tallyProducts, n.products.Load())
	t.put(row, tallyWait, n.wait.Load())
	t.put(row, tallyHeld, n.held.Load())
	for k := range row[tallies:] {
		t.put(row, tallies+k, h.popped[k+1].Load())
	}
}

// sojourns reads the histograms of the hands that have ended a batch since they were read last.
func (s *Stage[T]) sojourns(l *ledger) *sched.Histogram {
	t := &l.sojourn
	for i := range s.hands {
		h, row, done := s.hands[i].sojourn, t.rows[i], l.hands.rows[i][tallyDone]
		if h == nil || row[sched.Buckets] == done {
			continue
		}
		row[sched.Buckets] = done // which a worker counts last
		for k := range h {
			t.put(row, k, h[k].Load())
		}
	}
	return (*sched.Histogram)(t.sums[:sched.Buckets])
}

func (ed *Edge[T]) hands() int { return len(ed.asked) }

// enter puts the events that have entered the target over the edge into t, and returns how many those are.
func (ed *Edge[T]) enter(t *table, rest sched.Set) uint64 {
	for i, row := range t.rows {
		if i < len(ed.later) && rest.Has(i) {
			continue
		}
		n := ed.out[i*ed.parts].entered.Load()
		if i < len(ed.later) {
			n += ed.later[i].entered.Load()
		}
		t.put(row, 0, n)
	}
	return t.sums[0]
}

// accepted returns how many events inlet k has accepted.
func (s *Stage[T]) accepted(k int) (n uint64) {
	in := s.inlets[k]
	for i := range s.hands {
		n += s.hands[i].popped[k+1].Load()
	}
	return raise(&in.accepted, n+uint64(in.run.queued()))
}

// headAge returns how long the oldest event in the inlet's lanes has waited, in nanoseconds.
func (in *Inlet[T]) headAge(now Time) (age int64) {
	for i := range in.lanes {
		if t, ok := in.lanes[i].HeadTime(); ok {
			age = max(age, int64(now)-t)
		}
	}
	return age
}

// sources lists the inlets in the order in which a policy sees them.
func (e *Engine) sources() (all []*inletCore) {
	for _, s := range e.stages {
		all = append(all, s.inlets...)
	}
	return all
}

// describeSystem returns what a policy decides about.
func (e *Engine) describeSystem() sched.System {
	y := sched.System{Quantum: quantum}
	for _, w := range e.workers {
		y.Workers = append(y.Workers, seatOf(e.topo, w.cpu))
	}
	for _, s := range e.stages {
		stage := sched.Stage{
			Name: s.name, Capacity: s.capacity, MaxBatch: s.maxBatch,
			MinCores: s.minCores, MaxCores: s.maxCores, Parallel: s.parallel(), Threads: s.threads,
		}
		for _, ed := range s.outs {
			stage.Next = append(stage.Next, ed.core().target.id)
		}
		y.Stages = append(y.Stages, stage)
		for _, in := range s.inlets {
			y.Sources = append(y.Sources, sched.Source{
				Name: s.name + "/" + in.name, Stage: s.id, Class: in.class, Capacity: in.room, Target: int64(in.target),
			})
		}
	}
	return y
}

// parallel returns how many workers can run the stage at the same time, 0 for any number.
func (s *stageCore) parallel() int {
	if !s.guarded {
		return 0
	}
	return len(s.tokens)
}

// seatOf returns where a CPU is in the machine; -1: anywhere.
func seatOf(topo *affinity.Topology, cpu int) sched.Seat {
	seat := sched.Seat{CPU: cpu, Core: -1, LLC: -1, Node: -1}
	if topo == nil || cpu < 0 {
		return seat
	}
	if c, ok := topo.Lookup(cpu); ok {
		seat.Core, seat.LLC, seat.Node = c.Core, c.LLC, c.Node
	}
	return seat
}
