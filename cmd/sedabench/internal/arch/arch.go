package arch

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/probes"
)

// Config is what every architecture is given.
type Config struct {
	Handler  *workload.Handler
	Workers  int          // threads' worth of handlers that may run at once
	CPUs     affinity.Set // where they run, as many as Workers; empty: anywhere
	Capacity int          // requests that queues hold, times the number of stages; a power of two
	Batch    int          // the most requests that are moved at once, where an architecture batches
	Threads  int          // if stages may block: how many requests of each stage may do so at the same time
	Policy   string       // what decides in the staged engine while it runs: one of staged.Policies
	// Target is how long a request may take, for the policy to know; 0: any time.
	Target time.Duration
	// Timeline is how often staged looks at itself; 0: never.
	Timeline time.Duration
	Probes   probes.Source // watches the threads of staged; nil: nobody does
	Park     bool          // staged sleeps as soon as it is idle, which it must under a CPU quota
	Log      *slog.Logger  // for what an operator should know
}

// MaxThreads is how many threads there are at most: the Go runtime ends a program with 10,000.
const MaxThreads = 4096

// room is how many requests all queues together hold.
func (c Config) room() int { return c.Capacity * c.Handler.Graph().Stages() }

// blocks reports whether stages may block.
func (c Config) blocks() bool { return c.Handler.Means.Blocks() }

// crew is how many goroutines take turns at one stage: a processor's worth for each worker, or as many as may block.
func (c Config) crew() int {
	if c.blocks() {
		return c.Threads
	}
	return c.Workers
}

// hands is how many goroutines take turns at all stages.
func (c Config) hands() int {
	if c.blocks() {
		return c.Threads * c.Handler.Graph().Stages()
	}
	return c.Workers
}

// queue is how many requests the queue of a stage holds: where requests go round, all there are, see workload.Gate.
func (c Config) queue() int {
	if c.Handler.Graph().Loops() {
		return c.room()
	}
	return c.Capacity
}

// parts is how many queues a stage has: a keyed one has one for each of its goroutines, which are the only ones that have requests of their keys.
func (c Config) parts(stage int) int {
	if c.Handler.Graph().Keyed(stage) {
		return c.crew()
	}
	return 1
}

// part is how many requests each of them holds. Where requests go round all may have keys of one part.
func (c Config) part(stage int) int {
	if c.Handler.Graph().Loops() {
		return c.queue()
	}
	return max(c.Capacity/c.parts(stage), 1)
}

// Service is an architecture that runs.
type Service interface {
	// Submit offers requests in order and returns how many, from the first, were accepted. It never waits. Handlers may call it too.
	Submit(requests []*workload.Request) int
	// Stop waits for what was accepted, ends all goroutines of the service, and returns an error if its books do not balance or if
	// ctx ended first. Submit must not be called any more.
	Stop(ctx context.Context) error
	// Batches returns, by stage and after Stop, how many requests were handled at once, in the mean; 0 where none was.
	Batches() []float64
}

// Losses is what a Service can tell besides that keeps books of it.
type Losses interface {
	// Losses returns, after Stop, how many handlings of requests failed, and how many requests were dropped on the way.
	Losses() (failed, dropped int64)
}

// Watched is what a Service can tell besides that has an engine of this module.
type Watched interface {
	// Stats returns, after Stop, what the engine counted.
	Stats() engine.Stats
}

// Observed is what a Service can tell besides that is controlled while it runs.
type Observed interface {
	// Timeline returns, after Stop, what was seen of it meanwhile; nil if Config.Timeline was 0.
	Timeline() []report.Moment
	// Decisions returns, after Stop, what was decided, and why.
	Decisions() []report.Decision
}

// Architecture is a way to build a service.
type Architecture struct {
	Name  string
	About string
	// SpareProcs is by how much GOMAXPROCS must exceed the number of workers: threads that spin leave nothing to timers and to the
	// collector, goroutines that block do.
	SpareProcs int
	Start      func(Config) (Service, error)
}

// All returns every architecture, the engine of this module first.
func All() []Architecture {
	return []Architecture{
		{"staged", "stages on pinned workers, joined by batch rings (this module)", 2, startStaged},
		{"goroutine", "one goroutine per request", 0, startPerRequest},
		{"thread", "one goroutine per request, locked to a thread of its own", 0, startThreads},
		{"pool", "a bounded pool of goroutines, each handles a request from start to end", 0, startPool},
		{"eventloop", "one loop per core, requests are state machines that never block", 2, startEventLoops},
		{"channels", "goroutines per stage, joined by channels of requests", 0, startChannels},
		{"channels-batched", "goroutines per stage, joined by channels of recycled slices", 0, startBatched},
	}
}

// Names returns the names of all architectures.
func Names() []string {
	var names []string
	for _, a := range All() {
		names = append(names, a.Name)
	}
	return names
}

// Find returns the architecture of the given name.
func Find(name string) (Architecture, error) {
	for _, a := range All() {
		if a.Name == name {
			return a, nil
		}
	}
	return Architecture{}, fmt.Errorf("unknown architecture %q, want %s", name, strings.Join(Names(), ", "))
}

// wait returns nil when done is closed, and an error if ctx ends first.
func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("requests still in flight: %w", ctx.Err())
	}
}

// single is the batch of an architecture that handles requests one by one.
func single(g *workload.Graph) []float64 {
	ones := make([]float64, g.Stages())
	for i := range ones {
		ones[i] = 1
	}
	return ones
}
