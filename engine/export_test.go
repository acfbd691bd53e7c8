package engine

import (
	"testing"
	"time"

	"github.com/seda-go/seda/sched"
)

// What the tests in package engine_test need of the inside.

const Patience = patience

var ErrInTransition = errInTransition

func CheckBooks(t *testing.T, s Stats) { t.Helper(); checkBooks(t, s) }

// Worker returns the index of the worker that runs the handler.
func (c *Context) Worker() int { return c.worker }

// Asleep reports whether worker i has gone past its last look before sleeping.
func (e *Engine) Asleep(i int) bool { return e.parked.has(i) && e.workers[i].state.Load() == asleep }

// Stopping reports whether workers have been told to leave.
func (e *Engine) Stopping() bool { return e.plan.Load().stop }

// InForce reports whether every worker has seen the last plan, or will when it wakes.
func (e *Engine) InForce() bool { return e.inForce(e.plan.Load()) }

// Apply publishes the plan in which each stage is served by the workers given for it; stages that are not named by nobody.
func (e *Engine) Apply(workers map[string][]int) error {
	p := sched.Plan{Serve: make([][]int, len(e.workers))}
	for _, s := range e.stages {
		for _, w := range workers[s.name] {
			p.Serve[w] = append(p.Serve[w], s.id)
		}
	}
	return e.apply(p)
}

// ApplyRaw publishes a plan whatever it says.
func (e *Engine) ApplyRaw(p sched.Plan) error { return e.apply(p) }

// Pin makes a worker for the CPU, named by the user or not, and pins the calling thread as that worker would. It returns the CPU that
// the worker has.
func (e *Engine) Pin(cpu int, named bool) (int, error) {
	w := &worker{e: e, cpu: cpu, named: named}
	w.at.Store(-1)
	err := w.pin()
	return w.place(), err
}

// StartOn is Start with pinned workers on the given CPUs, which are taken as named by the user.
func (e *Engine) StartOn(cpus ...int) error {
	e.cfg.Kind = Pinned
	e.phase.Store(starting)
	e.kind = Pinned
	e.rank()
	var seats []seat
	for _, cpu := range cpus {
		seats = append(seats, seat{cpu: cpu, named: true})
	}
	if err := e.prepare(seats); err != nil {
		return err
	}
	return e.launch()
}

// StandIn is a Submit call that waits in the inlet's line, but does nothing when it is told of room.
type StandIn struct {
	l *line
	w *waiter
}

// Join puts a StandIn at the end of the line.
func (in *Inlet[T]) Join() StandIn {
	w := &waiter{room: make(chan struct{}, 1)}
	in.lines[0].join(w, false)
	return StandIn{&in.lines[0], w}
}

// TellFirst tells the first in line of room.
func (s StandIn) TellFirst() {
	s.l.mu.Lock()
	defer s.l.unlock()
	s.l.tell(1)
}

// Told reports whether s was told of room.
func (s StandIn) Told() bool { return len(s.w.room) > 0 }

// Leave takes s away, as when its context ended.
func (s StandIn) Leave() { s.l.leave(s.w) }

// Inlet0 returns the stage's own inlet.
func (s *Stage[T]) Inlet0() *Inlet[T] { return s.inlet }

// UseClock makes the engine read its time from now. Call it before Start.
func (e *Engine) UseClock(now func() Time) { e.virtual = now }

// Owner returns 1 + the worker that runs the shard of a serial or keyed stage, or 0.
func (s *Stage[T]) Owner(shard int) int { return int(s.tokens[shard].owner.Load()) }

// ShardOf returns the shard that v belongs into.
func (s *Stage[T]) ShardOf(v T) int { return s.shardOf(v) }

// Shards returns how many shards the stage has.
func (s *Stage[T]) Shards() int { return len(s.shards) }

// SetIdleCarrier changes how long a carrier waits for work, and returns what puts it back.
func SetIdleCarrier(d time.Duration) (restore func()) {
	old := idleCarrier
	idleCarrier = d
	return func() { idleCarrier = old }
}

// ControlAsleep reports whether the control loop sleeps.
func (e *Engine) ControlAsleep() bool { return e.controller.asleep.Load() }

// InHandlers returns how many batches of a blocking stage are in its handler.
func (e *Engine) InHandlers(n Node) int {
	var o sched.StageSample
	s := n.core()
	l := s.run.ledger()
	s.run.sample(&o, make([]sched.SourceSample, len(s.inlets)), &l, sched.Set{}, e.now())
	return o.Threads
}

// Asked reports whether a caller of Sample waits for the stage's next batch.
func (s *Stage[T]) Asked() bool { return s.asked.Load() != nil }
