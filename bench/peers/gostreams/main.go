// Gostreams is the pipeline on github.com/reugn/go-streams.
package main

import (
	"context"

	"github.com/reugn/go-streams/extension"
	streams "github.com/reugn/go-streams/flow"

	"github.com/seda-go/seda/bench/peers/internal/flow"
)

const window = 1024

func main() { flow.Main(flow.InOrder(window, maps)) }

// maps has channels with room for a window at both ends; those in between the library makes, without a buffer.
func maps(ctx context.Context, f *flow.Flow) (float64, error) {
	in, out := make(chan any, f.Window()), make(chan any, f.Window())
	pass := func(m any) any { flow.Pass(m); return m }
	go extension.NewChanSource(in).Via(streams.NewMap(pass, 1)).Via(streams.NewMap(pass, 1)).To(extension.NewChanSink(out))
	ended := make(chan struct{})
	go func() {
		for m := range out {
			f.Arrive(m)
		}
		close(ended)
	}()
	ns, err := f.Run(ctx, func(m any) error { in <- m; return nil })
	close(in)
	<-ended
	return ns, err
}
