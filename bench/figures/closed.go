package main

import (
	"context"
	"errors"
	"time"

	"github.com/seda-go/seda/engine"
)

// closedPipeline is the pipeline whose first stage makes the events: what
// circulates comes back to it over an edge and is numbered anew. As many circulate
// as in the rival of channels. Nanoseconds per event.
func closedPipeline[L any](events, batch int) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		e, err := pinnedEngine(engine.Adaptive, nil)
		if err != nil {
			return 0, err
		}
		circulating := 4 * chanBuffers * batch
		stage := func(name string) *engine.Stage[event[L]] {
			return engine.Add(e, engine.StageConfig[event[L]]{Name: name, Capacity: max(depth, circulating), MaxBatch: batch, Serial: true})
		}
		first, second, third := stage("first"), stage("second"), stage("third")
		out, back := engine.Connect(first, second), engine.Connect(third, first)
		passBatch(second, third)
		back.Full = engine.Drop // a cycle needs an edge that does not block; all that circulates fits into one ring
		made := 0
		first.HandleBatch(func(c *engine.Context, evs []event[L]) error {
			evs = evs[:min(len(evs), events-made)]
			renew(evs, made+1)
			made += len(evs)
			out.EmitBatch(c, evs)
			return nil
		})
		var s sink
		done := make(chan struct{})
		third.HandleBatch(func(c *engine.Context, evs []event[L]) error {
			if addAll(&s, evs); s.arrived == events {
				close(done)
			}
			back.EmitBatch(c, evs)
			return nil
		})
		in := first.Inlet(engine.InletConfig{Name: "start"})
		var ns float64
		err = during(ctx, e, func() error {
			began := time.Now()
			if _, err := in.TrySubmitBatch(make([]event[L], circulating)); err != nil {
				return err
			}
			err := wait(ctx, done)
			ns = nsPer(began, events)
			return err
		})
		return ns, errors.Join(err, s.check(events))
	}
}
