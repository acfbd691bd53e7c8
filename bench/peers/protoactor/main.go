// Protoactor is the pipeline on the actors of github.com/asynkron/protoactor-go.
package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/seda-go/seda/bench/peers/internal/flow"
)

const window = 16384

func main() { flow.Main(flow.InOrder(window, actors)) }

func actors(ctx context.Context, f *flow.Flow) (float64, error) {
	system := actor.NewActorSystem(actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger {
		return slog.New(slog.DiscardHandler)
	}))
	defer system.Shutdown()
	spawn := func(handle func(c actor.Context, message any)) *actor.PID {
		return system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			switch m := c.Message().(type) {
			case *flow.Single, *flow.Many:
				handle(c, m)
			}
		}))
	}
	third := spawn(func(_ actor.Context, m any) { f.Arrive(m) })
	second := spawn(func(c actor.Context, m any) { flow.Pass(m); c.Send(third, m) })
	first := spawn(func(c actor.Context, m any) { flow.Pass(m); c.Send(second, m) })
	ns, err := f.Run(ctx, func(m any) error { system.Root.Send(first, m); return nil })
	for _, pid := range []*actor.PID{first, second, third} {
		err = errors.Join(err, system.Root.PoisonFuture(pid).Wait())
	}
	return ns, err
}
