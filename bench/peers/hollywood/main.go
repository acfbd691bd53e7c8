// Hollywood is the pipeline on the actors of github.com/anthdm/hollywood.
package main

import (
	"context"

	"github.com/anthdm/hollywood/actor"

	"github.com/seda-go/seda/bench/peers/internal/flow"
)

const window = 1024

func main() { flow.Main(flow.InOrder(window, actors)) }

func actors(ctx context.Context, f *flow.Flow) (float64, error) {
	e, err := actor.NewEngine(actor.NewEngineConfig())
	if err != nil {
		return 0, err
	}
	spawn := func(name string, handle func(c *actor.Context, message any)) *actor.PID {
		return e.SpawnFunc(func(c *actor.Context) {
			switch m := c.Message().(type) {
			case *flow.Single, *flow.Many:
				handle(c, m)
			}
		}, name, actor.WithInboxSize(2*f.Window())) // a full one grows
	}
	third := spawn("third", func(_ *actor.Context, m any) { f.Arrive(m) })
	second := spawn("second", func(c *actor.Context, m any) { flow.Pass(m); c.Send(third, m) })
	first := spawn("first", func(c *actor.Context, m any) { flow.Pass(m); c.Send(second, m) })
	ns, err := f.Run(ctx, func(m any) error { e.Send(first, m); return nil })
	for _, pid := range []*actor.PID{first, second, third} {
		<-e.Poison(pid).Done()
	}
	return ns, err
}
