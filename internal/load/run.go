package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/workload"
)

// Target is a service that takes requests.
type Target interface {
	// Submit offers requests, at least one, and returns how many of them, from the first, were accepted. It never waits. The generator calls it
	// from one goroutine; when the workers make the load, each calls it, also from within a handler. Requests that were accepted
	// may be done before it returns.
	Submit(requests []*workload.Request) int
}

// Config describes a load. All fields but CPU must be set that the arrival needs.
type Config struct {
	Arrival  Arrival
	Rate     float64          // open loop: requests per second
	Clients  int              // closed loop: requests kept outstanding
	Think    workload.Service // closed loop, not ByWorkers: time from the end of a client's request until its next one is due
	Batch    int              // the most requests offered in one call
	InFlight int              // open loop: at least as many requests as the target can hold
	Warmup   time.Duration    // before the window that is measured
	Duration time.Duration    // of the window
	Patience time.Duration    // for accepted requests to be done after the end; what is then left counts as lost
	Seed     uint64

	Graph   *workload.Graph
	Service workload.Service
	Spin    workload.Spin
	// Services and Spins, unless nil, are those of each stage instead.
	Services []workload.Service
	Spins    []workload.Spin
	Means    *workload.Means // nil: stages spin

	Keys *workload.Keys // of requests, where a stage is keyed

	Profile Profile   // open loop: how the rate changes
	Trace   *Trace    // open loop: unless nil, when requests are due, at Rate in the mean
	Shares  []float64 // of each kind of request; nil: there is one
	// Scale, unless nil, says how many times as long a stage takes with a request that is due so long after the start.
	Scale func(since time.Duration, stage int) float64
	Watch Watch // unless nil; not ByWorkers
	// TraceAll lets the stages note their times in every request, and not in one of many: for services of many microseconds.
	TraceAll bool

	// CPU is where the generator runs; negative: anywhere.
	CPU int
	// Alone puts the generator before all ordinary threads of its CPU, where it may (SCHED_FIFO). That is for runs of less than 0.9 s: by then others want their
	// part, and the kernel gives it to them in one piece.
	Alone bool
	// ByWorkers lets the workers make the load. Closed loop only.
	ByWorkers bool
}

// Watch is told what becomes of each request, by the generator's thread, which
// waits meanwhile: it must be quick.
type Watch interface {
	// Begin is called before the first request, with the time from which on the load is made.
	Begin(at int64)
	// Offered is called when a request was submitted. If it was accepted it may be under way.
	Offered(r *workload.Request, accepted bool)
	// Done is called when the generator has noticed that a request was done at that time.
	Done(r *workload.Request, at int64)
	// Expired is called when it has noticed that one was discarded.
	Expired(r *workload.Request)
}

// Grace is how long Do waits for what is in flight after its context ended.
const Grace = time.Second

// traceEvery is how many requests there are for one whose stages note their
// times: four clock readings and more for each stage would be felt in all.
const traceEvery = 61

// Run is one measurement. Make it with New, start the service with its
// Handler, then call Do, once.
type Run struct {
	cfg     Config
	clock   workload.Clock
	handler *workload.Handler
	stopped atomic.Bool  // set when the context ends; read by whoever makes the load
	giveUp  atomic.Int64 // when to wait no longer for what is in flight, whatever the patience; set before stopped
	drive   func(Target) (Result, error)
	began   int64 // when the load began; set before the first request
}

// New prepares a run. It fails when the workers are to make a load that only a
// generator can.
func New(cfg Config) (*Run, error) {
	if cfg.ByWorkers && cfg.Arrival != Closed {
		return nil, fmt.Errorf("%s arrivals need a generator, and there is no CPU for one", cfg.Arrival)
	}
	if cfg.ByWorkers && cfg.Think.Mean() > 0 {
		return nil, errors.New("clients who think need a generator, and there is no CPU for one")
	}
	if err := cfg.Profile.Validate(); err != nil {
		return nil, err
	}
	r := &Run{cfg: cfg, clock: workload.NewClock()}
	r.giveUp.Store(math.MaxInt64)
	if cfg.ByWorkers {
		crowd := newCrowd(r)
		r.handler = workload.NewHandler(cfg.Graph, r.clock, crowd.ended)
		r.drive = crowd.drive
	} else {
		r.handler = workload.NewHandler(cfg.Graph, r.clock, nil)
		r.drive = newGenerator(r).drive
	}
	r.handler.Means = cfg.Means
	if cfg.Graph.AnyKeyed() {
		r.handler.Keep(cfg.Keys)
	}
	return r, nil
}

// Handler returns the code of the stages, for the target to run.
func (r *Run) Handler() *workload.Handler { return r.handler }

// Do makes the load and waits until what was accepted is done, or the
// patience is at an end. When ctx ends it stops offering, waits no longer than
// Grace, and returns what was measured with the context's error. What stages read and was not
// what had been written is an error, too.
func (r *Run) Do(ctx context.Context, target Target) (Result, error) {
	defer context.AfterFunc(ctx, func() {
		r.giveUp.Store(r.clock.Now() + int64(Grace))
		r.stopped.Store(true)
	})()
	result, err := r.drive(target)
	result.Duration = r.cfg.Duration
	result.Doubled, result.Skipped = r.handler.Doubled(), r.handler.Skipped()
	if result.Total.InFlight() == 0 {
		result.Overlapped = r.handler.Overlapped()
	}
	if err == nil {
		err = ctx.Err()
	}
	return result, errors.Join(err, r.cfg.Means.Err())
}

// source returns the work of one stream of requests, drawn by numbers.
func (r *Run) source(numbers rand.Source) *workload.Source {
	random := rand.New(numbers)
	every := traceEvery
	if r.cfg.TraceAll {
		every = 1
	}
	s := workload.NewSource(r.cfg.Graph, r.cfg.Service, r.cfg.Spin, random, every)
	s.Own(r.cfg.Services, r.cfg.Spins)
	s.Shares, s.Keys = r.cfg.Shares, r.cfg.Keys
	if r.cfg.Scale != nil {
		s.Scale = func(due int64, stage int) float64 { return r.cfg.Scale(time.Duration(due-r.began), stage) }
	}
	return s
}

// window is the part of a run that is measured.
type window struct{ start, end int64 }

// window begins the load.
func (r *Run) window() window {
	r.began = r.clock.Now()
	if r.cfg.Watch != nil {
		r.cfg.Watch.Begin(r.began)
	}
	start := r.began + int64(r.cfg.Warmup)
	return window{start, start + int64(r.cfg.Duration)}
}

func (w window) has(at int64) bool { return at >= w.start && at < w.end }
