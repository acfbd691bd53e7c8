package engine

import (
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/sched"
)

// sampler reads the counters of an engine into a snapshot, which it uses again for each reading: it allocates nothing. Counters of different
// workers are read at slightly different times, and of a batch that is entered just now a part may be missing.
type sampler struct {
	e         *Engine
	snapshot  sched.Snapshot
	sojourns  []sched.Histogram // by stage
	sojourned Time              // when they were read last
	folder    folder
}

// sojournEvery is the time between two readings of the histograms, which are most of what there is to read.
const sojournEvery = 50 * time.Millisecond

func (p *sampler) open(e *Engine) {
	p.e = e
	p.snapshot.Workers = make([]sched.WorkerSample, len(e.workers))
	p.snapshot.Stages = make([]sched.StageSample, len(e.stages))
	p.snapshot.Sources = make([]sched.SourceSample, len(e.sources()))
	p.sojourns = make([]sched.Histogram, len(e.stages))
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
	sojourn := now.Sub(p.sojourned) >= sojournEvery
	if sojourn {
		p.sojourned = now
	}
	sources := s.Sources
	for i, st := range p.e.stages {
		o := &s.Stages[i]
		*o = sched.StageSample{}
		if sojourn {
			o.Sojourn = &p.sojourns[i]
			*o.Sojourn = sched.Histogram{}
		}
		st.run.sample(o, sources[:len(st.inlets)], now)
		sources = sources[len(st.inlets):]
	}
	p.folder.fold(s, now)
	return s
}

// sample reads what the worker did. What it has not accounted for yet, the sleep that goes on, counts as well; should it end meanwhile it could
// count twice, and a counter may not fall.
func (w *worker) sample(o *sched.WorkerSample, now Time) {
	o.Asleep = w.e.parked.has(w.id) && w.state.Load() == asleep
	parked := int64(w.slept.Load())
	if o.Asleep {
		parked += max(int64(now)-w.dry.Load(), 0)
	}
	o.Parked, o.Idle = max(o.Parked, parked), int64(w.searched.Load())
}

// sample reads what is done before what came in, as collect does.
func (s *Stage[T]) sample(o *sched.StageSample, sources []sched.SourceSample, now Time) {
	var completed, failed uint64
	for i := range s.hands {
		n := &s.hands[i].count
		completed += n.completed.Load()
		failed += n.failed.Load()
		o.Expired += n.expired.Load()
		o.Batches.N += n.batches.Load()
		o.Batches.T += n.busy.Load()
		o.Batches.BB += n.squares.Load()
		o.Batches.BT += n.products.Load()
		o.Wait += int64(n.wait.Load())
		o.Held += n.held.Load()
		if h := s.hands[i].sojourn; o.Sojourn != nil && h != nil {
			h.addTo(o.Sojourn)
		}
	}
	o.Batches.B = completed + failed
	o.Done = o.Batches.B + o.Expired
	for k, in := range s.inlets {
		c := &sources[k]
		c.Refused = in.refused.Load()
		c.Accepted, c.Depth = s.accepted(k)
		c.Offered, c.HeadAge = c.Accepted+c.Refused, in.run.headAge(now)
		o.Entered += c.Accepted
	}
	for _, ed := range s.ins {
		o.Entered += ed.entered()
	}
	o.Entered = max(o.Entered, o.Done)
	o.Depth = int(o.Entered - o.Done)
	if t, ok := s.headTime(); ok {
		o.HeadAge = max(int64(now-t), 0)
	}
	if s.blocking {
		o.Threads = max(s.awaited()-s.outside.done.len(), 0)
	}
}

// accepted returns how many events inlet k has accepted, and how many of them are in its rings.
func (s *Stage[T]) accepted(k int) (n uint64, queued int) {
	in := s.inlets[k]
	for i := range s.hands {
		n += s.hands[i].popped[k+1].Load()
	}
	queued = in.run.queued()
	return raise(&in.accepted, n+uint64(queued)), queued
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

func (h *histogram) addTo(sum *sched.Histogram) {
	for i := range h {
		sum[i] += h[i].Load()
	}
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
