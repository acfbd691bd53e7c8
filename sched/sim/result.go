package sim

import (
	"slices"

	"github.com/seda-go/seda/sched"
)

// Result is what a simulation found. Counts and times are of the part after the warm-up.
type Result struct {
	Duration  int64 // ns
	Sources   []SourceResult
	Stages    []StageResult
	Workers   []WorkerResult
	Line      []Point // of all of it, the warm-up too
	Decisions []Decision
	Plan      sched.Plan // at the end
	Visits    uint64     // stage visits of an event, in all of it
}

// SourceResult is a source in a Result. Offered = Accepted + Refused; what was accepted is done, expired or in flight.
type SourceResult struct {
	Name                                              string
	Offered, Accepted, Refused, Done, InTime, Expired uint64
	InFlight                                          int       // at the end
	Sojourn                                           Histogram // from the arrival to the end of the last event that came of it
}

// StageResult is a stage in a Result.
type StageResult struct {
	Name                   string
	Entered, Done, Expired uint64 // Done counts those that expired, too
	Direct                 uint64 // of those entered, handed over directly
	Batches                sched.Moments
	Wait                   float64 // ns that an event waited, on average
	Held, Switches         uint64
	Depth                  int // at the end
	waited                 int64
	popped                 uint64
}

// WorkerResult is a worker in a Result.
type WorkerResult struct {
	Busy, Idle, Parked int64 // ns
	Moves, Wakes       uint64
}

// Rate returns how many requests per second were done.
func (r *Result) Rate() float64 {
	n := uint64(0)
	for i := range r.Sources {
		n += r.Sources[i].Done
	}
	return float64(n) * 1e9 / float64(r.Duration)
}

// Goodput returns how many requests per second were done in time.
func (r *Result) Goodput() float64 {
	n := uint64(0)
	for i := range r.Sources {
		n += r.Sources[i].InTime
	}
	return float64(n) * 1e9 / float64(r.Duration)
}

// Point is the time line at one time. Counts are those so far.
type Point struct {
	At      int64
	Stages  []StagePoint
	Sources []SourcePoint
}

// StagePoint is a stage at one time.
type StagePoint struct {
	Cores   int // workers that serve it
	Batch   int // most events of a batch
	Depth   int
	HeadAge int64 // ns
	Done    uint64
}

// SourcePoint is a source at one time.
type SourcePoint struct {
	Offered, Accepted, Done, InTime uint64
	Limit                           sched.Limit
}

func (r *run) point() Point {
	p := Point{At: r.now}
	for i := range r.stages {
		s := &r.stages[i]
		p.Stages = append(p.Stages, StagePoint{r.eligible[i].Len(), s.limit, int(s.entered - s.done), s.headAge(r.now), s.done})
	}
	for i := range r.sources {
		c := &r.sources[i]
		p.Sources = append(p.Sources, SourcePoint{c.offered, c.accepted, c.done, c.inTime, c.limit})
	}
	return p
}

// count returns the counters as they are.
func (r *run) count() *Result {
	res := &Result{Visits: r.visits}
	for i := range r.sources {
		c := &r.sources[i]
		res.Sources = append(res.Sources, SourceResult{
			c.Name, c.offered, c.accepted, c.refused, c.done, c.inTime, c.expired, int(c.accepted - c.done - c.expired), c.sojourn,
		})
	}
	for i := range r.stages {
		s := &r.stages[i]
		res.Stages = append(res.Stages, StageResult{
			Name: s.Name, Entered: s.entered, Done: s.done, Expired: s.expired, Direct: s.direct, Batches: s.batches, Held: s.held, Switches: s.switches,
			Depth: int(s.entered - s.done), waited: s.waited, popped: s.popped,
		})
	}
	for i := range r.workers {
		res.Workers = append(res.Workers, r.workers[i].account(r))
	}
	return res
}

// result returns what happened since the end of the warm-up.
func (r *run) result() *Result {
	res := r.count()
	res.Duration, res.Line, res.Decisions = r.o.Duration, r.line, r.control.decisions
	res.Plan = r.control.plan
	res.Plan.Batch, res.Plan.Admit = slices.Clone(res.Plan.Batch), slices.Clone(res.Plan.Admit)
	for i := range res.Sources {
		c, b := &res.Sources[i], &r.base.Sources[i]
		c.Offered -= b.Offered
		c.Accepted -= b.Accepted
		c.Refused -= b.Refused
		c.Done -= b.Done
		c.InTime -= b.InTime
		c.Expired -= b.Expired
		c.Sojourn = c.Sojourn.less(&b.Sojourn)
	}
	for i := range res.Stages {
		s, b := &res.Stages[i], &r.base.Stages[i]
		s.Entered -= b.Entered
		s.Done -= b.Done
		s.Expired -= b.Expired
		s.Direct -= b.Direct
		s.Batches = s.Batches.Sub(b.Batches)
		s.Held -= b.Held
		s.Switches -= b.Switches
		if n := r.stages[i].popped - b.popped; n > 0 {
			s.Wait = float64(s.waited-b.waited) / float64(n)
		}
	}
	for i := range res.Workers {
		w, b := &res.Workers[i], &r.base.Workers[i]
		w.Busy -= b.Busy
		w.Idle -= b.Idle
		w.Parked -= b.Parked
		w.Moves -= b.Moves
		w.Wakes -= b.Wakes
	}
	return res
}
