package trial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/probes"
)

// Place is where trials run, the same for all that are compared.
type Place struct {
	CPUs    load.CPUs
	Workers int
	// ByWorkers lets the workers make the load, in closed loop: there is no CPU for a generator.
	ByWorkers bool
	// Alone lets the generator be that of load.Config where a run is short enough for it.
	Alone bool
	Spin  workload.Spin
	Park  bool
	Awake bool // the engine's workers never sleep
	// Probes watches the workers' threads; nil: nobody does. Whoever opened it closes it.
	Probes probes.Source
	Log    *slog.Logger
}

// Config is one run. Warmup and Duration are of the load, which is made from the start of the engine on: so that a warm-up of 0 shows a cold start.
type Config struct {
	Place
	Seed     uint64
	Graph    *workload.Graph
	Service  workload.Service // of each stage and request
	Means    *workload.Means  // with which it is spent; nil: stages spin
	Threads  int              // where stages may block: how many requests of each may do so at the same time
	Cost     workload.Cost    // of each batch
	Change   time.Duration    // if not 0, the cost is Then from so long after the start on
	Then     workload.Cost
	Scale    func(since time.Duration, stage int) float64 // as in load.Config
	Kinds    []Kind                                       // nil: one
	Arrival  load.Arrival
	Rate     float64 // per second, of all kinds together
	Profile  load.Profile
	Clients  int // in closed loop
	Warmup   time.Duration
	Duration time.Duration
	Deadline time.Duration // what takes longer is not good; 0: everything done is
	Slice    time.Duration // of the record; default 1 ms
	Each     bool          // what was done is counted client by client; in closed loop, and not if the workers make the load
	Parts    int           // into which the window is divided for sojourn times; 0: they are not taken by part
	Timeline time.Duration // as in staged.Config
	TraceAll bool          // as in load.Config
	Heap     bool          // looks at it
	Policy   string
	Capacity int // default 1024
	MaxBatch int // default 64
	// Start, unless nil, starts another service than the engine, which then has neither costs of batches nor a time line; Spare is how many processors
	// it wants beyond the workers and the generator.
	Start func(c Config, h *workload.Handler) (Service, error)
	Spare int
	// ExactTimers are those of load.ExactTimers, unless the workers make the load: for comparing architectures, some of which sleep while others spin.
	ExactTimers bool
}

// Service is what a trial can be made of.
type Service interface {
	load.Target
	// Stop waits for what was accepted and ends the service; then Batches returns how many requests each stage handled at once, in the mean.
	Stop(ctx context.Context) error
	Batches() []float64
}

// Kind is one kind of request.
type Kind struct {
	staged.Kind
	Share float64 // of all requests
}

// Outcome is what came of a run.
type Outcome struct {
	load.Result
	Kinds     []Counts                  // of the window
	Slices    []Slice                   // from the start on, the warm-up included; nil if the workers made the load
	Parts     []*hdrhistogram.Histogram // sojourn times of the parts of the window
	Clients   []int64                   // what was done within the window for each client; nil: nobody counted
	Batches   []float64
	Stats     engine.Stats // at the end
	HeapMost  uint64       // bytes of objects, garbage included, the most that was seen; 0: nobody looked
	Timeline  []report.Moment
	Decisions []report.Decision
}

// Good is how many requests of all kinds were done within the deadline.
func (o *Outcome) Good() (sum int64) {
	for _, k := range o.Kinds {
		sum += k.Good
	}
	return sum
}

func (c *Config) setDefaults() {
	if c.Slice == 0 {
		c.Slice = time.Millisecond
	}
	if c.Capacity == 0 {
		c.Capacity = 1024
	}
	if c.MaxBatch == 0 {
		c.MaxBatch = 64
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Start == nil {
		c.Spare = 2
	}
	if len(c.Kinds) == 0 {
		c.Kinds = []Kind{{Kind: staged.Kind{Name: "load"}, Share: 1}}
	}
}

// Run makes one run. The error says that it failed: requests were lost, or books do not balance. Whether the generator was too late to rely on
// the figures is for the caller to ask (Outcome.Valid).
func Run(ctx context.Context, c Config) (o Outcome, err error) {
	c.setDefaults()
	restore, err := c.prepare()
	if err != nil {
		return o, err
	}
	defer func() { err = errors.Join(err, restore()) }()
	rec := newRecorder(&c)
	made, err := load.New(c.load(rec))
	if err != nil {
		return o, err
	}
	service, err := c.start(made.Handler())
	if err != nil {
		return o, fmt.Errorf("start: %w", err)
	}
	own, ours := service.(*staged.Service)
	if ours && c.Change > 0 {
		defer time.AfterFunc(c.Change, func() { own.SetCost(c.Then) }).Stop()
	}
	if c.Heap {
		most := watchHeap()
		defer func() { o.HeapMost = most() }()
	}
	o.Result, err = made.Do(ctx, service)
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), patience)
	defer cancel()
	if err = errors.Join(err, service.Stop(limit), o.Check()); err != nil {
		return o, fmt.Errorf("%s: %w", c.Policy, err)
	}
	o.Kinds, o.Slices, o.Parts, o.Clients = rec.kinds, rec.slices, rec.parts, rec.eachClient()
	if o.Batches = service.Batches(); ours {
		o.Stats, o.Timeline, o.Decisions = own.Stats(), own.Timeline(), own.Decisions()
	}
	return o, nil
}

func (c *Config) start(h *workload.Handler) (Service, error) {
	if c.Start != nil {
		return c.Start(*c, h)
	}
	s, err := staged.Start(c.staged(h))
	if err != nil {
		return nil, err // and not a nil *staged.Service
	}
	return s, nil
}

// busy is the part of its CPU that a worker with more than enough to do must have had: else others had the rest.
const busy = 0.95

// Counts reports whether figures can be about the run. In open loop the generator must have been in time: by 50 us or, where requests have a
// deadline, a tenth of that, the same for all policies. It is not compared with what requests took, which would pardon those that let them wait, and would
// keep just the runs in which somebody else had the worker's CPU. In closed loop it must have kept up, and workers that always have something to
// compute must have had their CPUs; where they make the load themselves nothing tells whether they did. Something must have been done.
func (o *Outcome) Counts(c Config) bool {
	if c.Arrival != load.Closed {
		return o.Window.Offered > 0 && (c.Deadline > 0 || o.Done > 0) && !load.Late(time.Duration(o.Lateness.ValueAtQuantile(99)), c.Deadline)
	}
	starved := c.saturates() && o.CPU > 0 && o.CPU.Seconds() < busy*float64(c.Workers)*c.Duration.Seconds()
	return o.Done > 0 && !starved && (c.ByWorkers || !o.GeneratorBound())
}

// saturates reports whether workers always have something to compute in a closed loop by a generator: not with fewer clients than two for each, of whom the generator
// has some in hand while who sleeps when there is nothing to do sleeps, and not if stages may block. Who spins then uses its CPU, and must not be the only one that counts.
func (c *Config) saturates() bool {
	return !c.ByWorkers && !c.Means.Blocks() && c.Clients >= 2*c.Workers
}

// patience is how long emptying the queues may take.
const patience = 30 * time.Second

// aloneMost is for how long a generator may be alone.
const aloneMost = 900 * time.Millisecond

// prepare gives the run its CPUs, and as many processors as threads spin, and two.
func (c *Config) prepare() (restore func() error, err error) {
	runtime.GC()
	release, err := load.Confine(c.CPUs.Workers)
	if err != nil {
		return nil, err
	}
	timers := func() {}
	if c.ExactTimers && !c.ByWorkers {
		timers = load.ExactTimers()
	}
	procs := c.Workers + c.Spare
	if !c.ByWorkers {
		procs++
	}
	before := runtime.GOMAXPROCS(procs)
	return func() error {
		runtime.GOMAXPROCS(before)
		timers()
		return release()
	}, nil
}

func (c *Config) load(watch load.Watch) load.Config {
	l := load.Config{
		Arrival: c.Arrival, Rate: c.Rate, Clients: c.Clients, Batch: c.MaxBatch,
		Warmup: c.Warmup, Duration: c.Duration, Patience: patience, Seed: c.Seed,
		Graph: c.Graph, Service: c.Service, Spin: c.Spin, Means: c.Means, Profile: c.Profile, Scale: c.Scale,
		CPU: c.CPUs.Generator, Alone: c.Alone && c.Arrival != load.Closed && c.Warmup+c.Duration <= aloneMost, ByWorkers: c.ByWorkers, TraceAll: c.TraceAll,
		InFlight: 2*c.Capacity*(c.Graph.Stages()+len(c.Kinds)) + 2*c.Graph.Stages()*c.MaxBatch*(c.Workers+c.Threads),
	}
	if !c.ByWorkers {
		l.Watch = watch
	}
	if len(c.Kinds) > 1 {
		l.Batch = 1 // one that is refused must not keep others out
		for _, k := range c.Kinds {
			l.Shares = append(l.Shares, k.Share)
		}
	}
	return l
}

func (c *Config) staged(h *workload.Handler) staged.Config {
	s := staged.Config{
		Handler: h, Workers: c.Workers, CPUs: c.CPUs.Workers, Capacity: c.Capacity, MaxBatch: c.MaxBatch, Threads: c.Threads,
		Cost: c.Cost, Spin: c.Spin, Policy: c.Policy, Timeline: c.Timeline, Park: c.Park, Awake: c.Awake, Probes: c.Probes, Log: c.Log,
	}
	for _, k := range c.Kinds {
		s.Kinds = append(s.Kinds, k.Kind)
	}
	return s
}
