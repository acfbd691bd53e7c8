package engine_test

import (
	"bytes"
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

// atMost lets in events while fewer than so many wait, whatever their target.
type atMost int

func (n atMost) Decide(s *sched.Snapshot, d *sched.Draft) {
	for source := range s.Sources {
		d.SetLimit(source, sched.Limit{Depth: int(n), Retry: int64(time.Millisecond)}, fmt.Sprintf("%d are enough", int(n)))
	}
}

// policy makes one that has no need to know the system.
func (n atMost) policy(*sched.System) (sched.Policy, error) { return n, nil }

// Explain tells what the policy, here one of the program's own, decided and why.
func ExampleEngine_Explain() {
	ctx := context.Background()
	e := engine.New(engine.Config{
		Log: noLog, Workers: 1, Kind: engine.Shared,
		Policy: atMost(3).policy,
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
	// admit lookup/submit: all -> depth 3, retry 1ms: 3 are enough
	// <nil>
}

// Replay asks another policy what it would have decided on what a running engine's policy was shown.
func ExampleReplay() {
	ctx, trace := context.Background(), new(bytes.Buffer)
	e := engine.New(engine.Config{Log: noLog, Workers: 1, Kind: engine.Shared, Policy: atMost(3).policy, Trace: trace})
	lookup := engine.Add(e, engine.StageConfig[string]{Name: "lookup"})
	lookup.Handle(func(*engine.Context, string) error { return nil })
	if err := e.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for len(e.Explain()) == 0 {
		_ = lookup.TrySubmit("cat")
	}
	fmt.Println(e.Drain(ctx)) // the trace is whole when the engine has ended
	looks, err := engine.Replay(trace, atMost(5).policy)
	for _, l := range looks {
		fmt.Printf("then %s, now %s: %s\n", l.Then[0].To, l.Now[0].To, l.Now[0].Why)
	}
	fmt.Println(err)
	// Output:
	// <nil>
	// then depth 3, retry 1ms, now depth 5, retry 1ms: 5 are enough
	// <nil>
}
