// Goaktstream is the pipeline as a stream of github.com/tochemey/goakt.
package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/tochemey/goakt/v4/actor"
	"github.com/tochemey/goakt/v4/log"
	"github.com/tochemey/goakt/v4/stream"

	"github.com/seda-go/seda/bench/peers/internal/flow"
)

const (
	window = 1024
	budget = 256 // messages an actor handles in a row
)

func main() { flow.Main(flow.InOrder(window, maps)) }

func maps(ctx context.Context, f *flow.Flow) (ns float64, err error) {
	system, err := actor.NewActorSystem("peer", actor.WithLogger(log.DiscardLogger), actor.WithThroughputBudget(budget))
	if err != nil {
		return 0, err
	}
	if err := system.Start(ctx); err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, system.Stop(ctx)) }()
	messages := make(chan any, f.Window())
	pass := stream.Map(func(m any) any { flow.Pass(m); return m })
	running, err := stream.FromChannel(messages).WithOverflowStrategy(stream.BackpressureSource).
		Via(pass).Via(pass).To(stream.ForEach(f.Arrive)).Run(ctx, system)
	if err != nil {
		return 0, err
	}
	ns, err = f.Run(ctx, func(m any) error { messages <- m; return nil })
	close(messages)
	select {
	case <-running.Done():
		return ns, errors.Join(err, running.Err())
	case <-ctx.Done():
		return 0, errors.Join(err, fmt.Errorf("wait for the end of the stream: %w", ctx.Err()))
	}
}
