package engine_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

// A stage with a target refuses events before its queue is full, and tells when to come again.
func ExampleRefusedError() {
	ctx, stuck := context.Background(), make(chan struct{})
	e := engine.New(engine.Config{Log: noLog, Workers: 1, Kind: engine.Shared})
	lookup := engine.Add(e, engine.StageConfig[string]{Name: "lookup", Target: 10 * time.Millisecond})
	lookup.Handle(func(*engine.Context, string) error { <-stuck; return nil })
	if err := e.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for { // more than can be done
		err := lookup.TrySubmit("cat")
		if refused := (*engine.RefusedError)(nil); errors.As(err, &refused) {
			fmt.Println(errors.Is(err, engine.ErrRefused), refused.Stage, refused.Inlet, refused.RetryAfter >= 0)
			break
		}
	}
	close(stuck)
	fmt.Println(e.Drain(ctx)) // what was let in is done
	// Output:
	// true lookup submit true
	// <nil>
}

// three lets in events while fewer than three wait, whatever their target.
type three struct{}

func (three) Decide(s *sched.Snapshot, d *sched.Draft) {
	for source := range s.Sources {
		d.SetLimit(source, sched.Limit{Depth: 3, Retry: int64(time.Millisecond)}, "three are enough")
	}
}

// Explain tells what the policy, here one of the program's own, decided and why.
func ExampleEngine_Explain() {
	ctx := context.Background()
	e := engine.New(engine.Config{
		Log: noLog, Workers: 1, Kind: engine.Shared,
		Policy: func(*sched.System) (sched.Policy, error) { return three{}, nil },
	})
	lookup := engine.Add(e, engine.StageConfig[string]{Name: "lookup"})
	lookup.Handle(func(*engine.Context, string) error { return nil })
	if err := e.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for len(e.Explain()) == 0 { // the policy is asked while anything runs
		_ = lookup.TrySubmit("cat")
	}
	for _, d := range e.Explain() {
		fmt.Printf("%s %s: %s -> %s: %s\n", d.What, d.Of, d.From, d.To, d.Why)
	}
	fmt.Println(e.Drain(ctx))
	// Output:
	// admit lookup/submit: all -> depth 3, retry 1ms: three are enough
	// <nil>
}
