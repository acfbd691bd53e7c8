package sim

import (
	"errors"
	"fmt"
	"math"

	"github.com/seda-go/seda/sched"
)

// System is a machine and the graph that it runs. Stages are numbered downstream first, as in the engine: an edge leads to a stage with
// a lower number, or it is a feedback edge.
type System struct {
	Workers []sched.Seat
	Stages  []Stage
	Sources []Source
	Costs   Costs
	Quantum int64 // time a stage may use in one round of a worker, ns; 0: 100,000, as in the engine
	Apart   bool  // no batch is handed over directly: every one goes through a ring
}

// Stage is a stage and what it costs. A batch of b events takes Batch, and Event for each, and Beyond for each after the first Knee, and what the
// machine's Costs add.
type Stage struct {
	Name      string
	Batch     float64 // ns for a batch, whatever its size
	Event     Service // for each of its events
	Knee      int     // 0: none
	Beyond    float64 // ns
	Scale     []Step  // factors on Event, each from a time on
	Footprint int     // bytes it has to find in the cache of a core
	Capacity  int     // events that a ring holds; 0: 1024
	MaxBatch  int     // 0: 64
	Shards    int     // 0: runs on any number of workers; 1: serial; more: keyed
	Hot       float64 // keyed: the part of the events that have one and the same key
	Classes   int     // 0: 1
	MinCores  int
	MaxCores  int
	Edges     []Edge
	OneOf     bool // an event takes one of the edges, with their Ratio as probability, or leaves; else it takes all
}

// Edge leads to a stage. A full ring ahead holds the stage that the edge comes from, unless it is a feedback edge, one to a stage that is not
// further downstream.
type Edge struct {
	To    int
	Ratio float64 // events emitted for an event, on average
}

// Source is one way in.
type Source struct {
	Name     string
	Stage    int
	Class    int   // 0 is the lowest
	Capacity int   // 0: that of the stage
	Target   int64 // ns, for the policy; 0: none
	Deadline int64 // ns after which an event is not in time any more; 0: Target
	Arrivals Arrivals
}

// Costs are what a machine adds to a stage's own costs, in ns. The zero value is a machine that costs nothing.
type Costs struct {
	Ring    float64 // to pop a batch out of a ring and push what it emits; a batch that is handed over directly saves it
	Contend float64 // for a batch, for each other worker that has a batch out of the same ring in hand
	Look    float64 // until a searching worker sees what was published
	Wake    float64 // until a worker that sleeps runs
	Signal  float64 // to wake somebody, for the worker that does it
	Move    float64 // to take notice of another plan
	Cache   int     // bytes of footprint that stay warm on a core; 0: those of the stage that ran last
	Refill  float64 // for each KiB of footprint that is not warm
	Far     float64 // for a batch that comes from another worker
	Core    float64 // for an event that comes from another worker
	LLC     float64 // more for an event that comes from a worker with another last-level cache
	Node    float64 // instead of that for one on another NUMA node
	SMT     float64 // factor on a batch that begins while a sibling has one in hand; 0: 1
	Idle    Idle
}

// Idle says what a worker without work does, as the engine's.
type Idle uint8

const (
	Adaptive Idle = iota // spins where events come closer together than a wake-up takes
	Park
	Spin
)

// Step is a value from a time on.
type Step struct {
	At    int64 // ns
	Value float64
	Ramp  bool // rates of arrivals: the value before changes evenly into this one, which it reaches at At
}

const (
	defaultQuantum  = 100_000
	defaultCapacity = 1024
	defaultMaxBatch = 64
	maxClasses      = 4
)

func (y *System) quantum() int64 { return orElse(y.Quantum, defaultQuantum) }

func orElse[T comparable](v, byDefault T) T {
	var zero T
	if v == zero {
		return byDefault
	}
	return v
}

// Sched returns y as a policy sees it.
func (y *System) Sched() *sched.System {
	q := &sched.System{Workers: y.Workers, Quantum: y.quantum()}
	for i := range y.Stages {
		s := &y.Stages[i]
		t := sched.Stage{
			Name: s.Name, Capacity: orElse(s.Capacity, defaultCapacity), MaxBatch: orElse(s.MaxBatch, defaultMaxBatch),
			MinCores: s.MinCores, MaxCores: s.MaxCores, Parallel: s.Shards,
		}
		for _, e := range s.Edges {
			t.Next = append(t.Next, e.To)
		}
		q.Stages = append(q.Stages, t)
	}
	for i := range y.Sources {
		c := &y.Sources[i]
		t := sched.Source{Name: c.Name, Stage: c.Stage, Class: c.Class, Capacity: c.Capacity, Target: c.Target}
		if t.Capacity == 0 && c.Stage >= 0 && c.Stage < len(q.Stages) {
			t.Capacity = q.Stages[c.Stage].Capacity
		}
		q.Sources = append(q.Sources, t)
	}
	return q
}

// Validate reports every reason why y cannot be simulated.
func (y *System) Validate() error {
	errs := []error{y.Sched().Validate()}
	for i := range y.Stages {
		s := &y.Stages[i]
		for _, err := range s.check(i, y) {
			errs = append(errs, fmt.Errorf("stage %q: %w", s.Name, err))
		}
	}
	if len(y.Sources) == 0 {
		errs = append(errs, errors.New("system: no source"))
	}
	for i := range y.Sources {
		c := &y.Sources[i]
		for _, err := range c.check(y) {
			errs = append(errs, fmt.Errorf("source %q: %w", c.Name, err))
		}
	}
	errs = append(errs, y.Costs.check())
	return errors.Join(errs...)
}

func (s *Stage) check(at int, y *System) (errs []error) {
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if !finite(s.Batch) || !finite(s.Beyond) || s.Knee < 0 || s.Footprint < 0 {
		bad("Batch %g, Knee %d, Beyond %g, Footprint %d, want none below 0", s.Batch, s.Knee, s.Beyond, s.Footprint)
	}
	if err := s.Event.check(); err != nil {
		bad("Event: %w", err)
	}
	if s.Shards < 0 || s.Shards > sched.MaxSet {
		bad("Shards is %d, want 0 to %d", s.Shards, sched.MaxSet)
	}
	if s.Classes < 0 || s.Classes > maxClasses {
		bad("Classes is %d, want 0 to %d", s.Classes, maxClasses)
	}
	if !(s.Hot >= 0 && s.Hot <= 1) {
		bad("Hot is %g, want 0 to 1", s.Hot)
	}
	if err := checkSteps(s.Scale); err != nil {
		bad("Scale: %w", err)
	}
	sum := 0.0
	for _, e := range s.Edges {
		sum += e.Ratio
		switch {
		case !finite(e.Ratio):
			bad("Ratio of the edge to %d is %g, want 0 or more", e.To, e.Ratio)
		case e.To >= 0 && e.To < at && math.Ceil(e.Ratio) > float64(orElse(y.Stages[e.To].Capacity, defaultCapacity)):
			bad("Ratio of the edge to %q is %g, want at most its Capacity", y.Stages[e.To].Name, e.Ratio)
		}
	}
	if s.OneOf && sum > 1+1e-9 {
		bad("Ratios of OneOf edges add up to %g, want at most 1", sum)
	}
	return errs
}

func (c *Source) check(y *System) (errs []error) {
	if c.Stage < 0 || c.Stage >= len(y.Stages) {
		return nil // sched says so
	}
	if classes := orElse(y.Stages[c.Stage].Classes, 1); c.Class < 0 || c.Class >= classes {
		errs = append(errs, fmt.Errorf("the Class is %d, want 0 to %d", c.Class, classes-1))
	}
	if c.Capacity < 0 || c.Deadline < 0 {
		errs = append(errs, fmt.Errorf("a Capacity of %d and a Deadline of %d, want none below 0", c.Capacity, c.Deadline))
	}
	if err := c.Arrivals.check(); err != nil {
		errs = append(errs, fmt.Errorf("of the Arrivals, %w", err))
	}
	return errs
}

func (c *Costs) check() error {
	for _, v := range []float64{c.Ring, c.Contend, c.Look, c.Wake, c.Signal, c.Move, c.Refill, c.Far, c.Core, c.LLC, c.Node, c.SMT, float64(c.Cache)} {
		if !finite(v) {
			return fmt.Errorf("costs: %+v, want none below 0", *c)
		}
	}
	if c.Idle > Spin {
		return fmt.Errorf("costs: Idle is %d", c.Idle)
	}
	return nil
}

// finite reports whether v is a number from 0.
func finite(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }

func checkSteps(steps []Step) error {
	last := int64(-1)
	for _, s := range steps {
		if s.At <= last && !(s.At == 0 && last < 0) || !finite(s.Value) {
			return fmt.Errorf("step %+v, want times that grow and values from 0", s)
		}
		last = s.At
	}
	return nil
}
