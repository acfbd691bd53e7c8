package sim

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/seda-go/seda/sched"
)

// Options are how a system is run. A policy that panics ends the simulation.
type Options struct {
	Policy   sched.Maker // nil: the plan stays as it is
	Plan     sched.Plan  // to begin with; no Serve: every worker serves every stage
	Tick     int64       // ns between two decisions; 0: 5,000,000
	Seed     uint64
	Warmup   int64 // ns before the counting starts
	Duration int64 // ns after that
	Sample   int64 // ns between two points of the time line; 0: no time line
}

const defaultTick = 5_000_000

// Run simulates y.
func Run(y *System, o Options) (*Result, error) {
	r, err := newRun(y, o)
	if err != nil {
		return nil, err
	}
	return r.run(), nil
}

// run is a simulation on its way.
type run struct {
	y       *System
	o       Options
	now     int64
	end     int64
	cal     calendar // workers, then sources, then the three below
	workers []worker
	stages  []stage
	sources []source
	reqs    []request
	freed   []int32 // of reqs
	visits  uint64  // stage visits of an event so far

	serve     []sched.Set // by worker: stages, by the plan that was published last
	eligible  []sched.Set // by stage: workers, by the same
	epoch     uint64
	ready     sched.Set // stages with events in a ring
	searching sched.Set // workers that spin
	waking    sched.Set // workers that were woken and do not run yet
	parked    sched.Set // workers asleep
	brisk     sched.Set // workers that may be left events while they have a batch in hand
	ages      bool      // a limit lets events expire
	crossing  bool      // events cost more where they come from far away

	control control
	line    []Point
	base    *Result // counters at the end of the warm-up
}

// request is what a source brought in, until the last event that came of it is done.
type request struct {
	born   int64
	left   int32 // events of it that are somewhere
	source int32
}

// The slots of the calendar behind workers and sources.
const (
	slotDecide = iota
	slotSample
	slotWarm
	slotsMore
)

func newRun(y *System, o Options) (*run, error) {
	if err := y.Validate(); err != nil {
		return nil, err
	}
	q := y.Sched()
	if o.Plan.Serve == nil {
		o.Plan.Serve = sched.ServeAll(len(y.Workers), len(y.Stages)).Serve
	}
	if err := o.Plan.Check(q); err != nil {
		return nil, err
	}
	if o.Duration < 1 || o.Warmup < 0 || o.Tick < 0 || o.Sample < 0 {
		return nil, fmt.Errorf("options: Duration %d, Warmup %d, Tick %d, Sample %d, want at least 1, and none below 0",
			o.Duration, o.Warmup, o.Tick, o.Sample)
	}
	if o.Warmup > math.MaxInt64/2 || o.Duration > math.MaxInt64/2 {
		return nil, errors.New("options: Warmup or Duration is too long")
	}
	o.Tick = orElse(o.Tick, defaultTick)
	r := &run{y: y, o: o, end: o.Warmup + o.Duration}
	r.cal = newCalendar(len(y.Workers) + len(y.Sources) + slotsMore)
	r.crossing = y.Costs.Far+y.Costs.Core+y.Costs.LLC+y.Costs.Node > 0
	r.addStages()
	r.addWorkers()
	r.addSources()
	if err := r.control.open(r, q); err != nil {
		return nil, err
	}
	r.publish(o.Plan.Serve)
	for i := range r.workers {
		r.cal.set(i, 0) // looks around, and goes to sleep if there is nothing
	}
	for i := range r.sources {
		r.start(&r.sources[i])
	}
	r.set(slotWarm, o.Warmup)
	if o.Sample > 0 {
		r.set(slotSample, o.Sample)
	}
	return r, nil
}

// stream returns random numbers of their own for what has this number.
func (r *run) stream(kind, i int) *rand.Rand {
	return rand.New(rand.NewPCG(r.o.Seed, uint64(kind)<<32|uint64(i)))
}

func (r *run) set(slot int, t int64) { r.cal.set(len(r.workers)+len(r.sources)+slot, t) }

// run goes from one time of the calendar to the next until the end.
func (r *run) run() *Result {
	for {
		slot, t := r.cal.first()
		if t > r.end {
			break
		}
		r.now = t
		if slot < len(r.workers) {
			r.workers[slot].due(r)
			continue
		}
		if slot -= len(r.workers); slot < len(r.sources) {
			r.arrive(&r.sources[slot])
			continue
		}
		switch slot - len(r.sources) {
		case slotDecide:
			r.decide()
		case slotSample:
			r.line = append(r.line, r.point())
			r.set(slotSample, r.now+r.o.Sample)
		case slotWarm:
			r.set(slotWarm, never)
			r.base = r.count()
			for i := range r.sources {
				r.sources[i].sojourn.Max = 0
			}
		}
	}
	r.now = r.end
	return r.result()
}
