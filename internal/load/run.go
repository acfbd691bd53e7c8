package load

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/workload"
)

// Target is a service that takes requests.
type Target interface {
	// Submit offers requests and returns how many of them, from the first, were accepted. It never waits. The generator calls it
	// from one goroutine; when the workers make the load, each calls it, also from within a handler. Requests that were accepted
	// may be done before it returns.
	Submit(requests []*workload.Request) int
}

// Config describes a load. All fields but CPU must be set that the arrival needs.
type Config struct {
	Arrival  Arrival
	Rate     float64       // open loop: requests per second
	Clients  int           // closed loop: requests kept outstanding
	Batch    int           // the most requests offered in one call
	InFlight int           // open loop: at least as many requests as the target can hold
	Warmup   time.Duration // before the window that is measured
	Duration time.Duration // of the window
	Patience time.Duration // for accepted requests to be done after the end; what is then left counts as lost
	Seed     uint64

	Graph   *workload.Graph
	Service workload.Service
	Spin    workload.Spin

	// CPU is where the generator runs; negative: anywhere.
	CPU int
	// ByWorkers lets the workers make the load. Closed loop only.
	ByWorkers bool
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
}

// New prepares a run. It fails when the workers are to make a load that only a
// generator can.
func New(cfg Config) (*Run, error) {
	if cfg.ByWorkers && cfg.Arrival != Closed {
		return nil, fmt.Errorf("%s arrivals need a generator, and there is no CPU for one", cfg.Arrival)
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
	return r, nil
}

// Handler returns the code of the stages, for the target to run.
func (r *Run) Handler() *workload.Handler { return r.handler }

// Do makes the load and waits until what was accepted is done, or the
// patience is at an end. When ctx ends it stops offering, waits no longer than
// Grace, and returns what was measured with the context's error.
func (r *Run) Do(ctx context.Context, target Target) (Result, error) {
	defer context.AfterFunc(ctx, func() {
		r.giveUp.Store(r.clock.Now() + int64(Grace))
		r.stopped.Store(true)
	})()
	result, err := r.drive(target)
	result.Duration = r.cfg.Duration
	result.Doubled, result.Skipped = r.handler.Doubled(), r.handler.Skipped()
	if err == nil {
		err = ctx.Err()
	}
	return result, err
}

// source returns the work of one stream of requests. Streams of one seed and
// different numbers are independent.
func (r *Run) source(stream uint64) *workload.Source {
	random := rand.New(rand.NewPCG(r.cfg.Seed, stream))
	return workload.NewSource(r.cfg.Graph, r.cfg.Service, r.cfg.Spin, random, traceEvery)
}

// window is the part of a run that is measured.
type window struct{ start, end int64 }

func (r *Run) window() window {
	start := r.clock.Now() + int64(r.cfg.Warmup)
	return window{start, start + int64(r.cfg.Duration)}
}

func (w window) has(at int64) bool { return at >= w.start && at < w.end }
