// Goakt is the pipeline on the actors of github.com/tochemey/goakt.
package main

import (
	"context"
	"errors"

	"github.com/tochemey/goakt/v4/actor"
	"github.com/tochemey/goakt/v4/log"

	"github.com/seda-go/seda/bench/peers/internal/flow"
)

const (
	window = 1024
	budget = 256 // messages an actor handles in a row: what the documentation names for benchmarks
)

func main() { flow.Main(flow.InOrder(window, actors)) }

// A stage is an actor.
type stage func(c *actor.ReceiveContext, message any)

func (stage) PreStart(*actor.Context) error { return nil }
func (stage) PostStop(*actor.Context) error { return nil }

func (s stage) Receive(c *actor.ReceiveContext) {
	switch m := c.Message().(type) {
	case *flow.Single, *flow.Many:
		s(c, m)
	}
}

func actors(ctx context.Context, f *flow.Flow) (ns float64, err error) {
	system, err := actor.NewActorSystem("peer", actor.WithLogger(log.DiscardLogger), actor.WithThroughputBudget(budget))
	if err != nil {
		return 0, err
	}
	if err := system.Start(ctx); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, system.Stop(ctx)) }()
	var errs []error
	spawn := func(name string, s stage) *actor.PID {
		pid, err := system.Spawn(ctx, name, s, actor.WithLongLived())
		errs = append(errs, err)
		return pid
	}
	third := spawn("third", func(_ *actor.ReceiveContext, m any) { f.Arrive(m) })
	second := spawn("second", func(c *actor.ReceiveContext, m any) { flow.Pass(m); c.Tell(third, m) })
	first := spawn("first", func(c *actor.ReceiveContext, m any) { flow.Pass(m); c.Tell(second, m) })
	source := spawn("source", func(*actor.ReceiveContext, any) {}) // only sends: telling is faster from an actor than from outside
	if err := errors.Join(errs...); err != nil {
		return 0, err
	}
	return f.Run(ctx, func(m any) error { return source.Tell(ctx, first, m) })
}
