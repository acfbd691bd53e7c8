package main

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

// pinnedEngine makes an engine of two pinned workers, on the CPUs on which the
// rivals run too.
func pinnedEngine(idle engine.Idle, assign map[string][]int) (*engine.Engine, error) {
	near, far, err := twoCPUs()
	if err != nil {
		return nil, err
	}
	return engine.New(engine.Config{
		Workers: 2, CPUs: affinity.Of(near, far), Kind: engine.Pinned, Idle: idle, Assign: assign, Log: quiet, Policy: still,
	}), nil
}

// still is the policy of engines whose data path is measured: the control loop runs, and decides nothing, so that batches have the size that the
// rivals' have.
func still(*sched.System) (sched.Policy, error) { return sched.Laws{}, nil }

var quiet = slog.New(slog.DiscardHandler)

// patience is how long an engine may take to finish what it has accepted.
const patience = 30 * time.Second

// during starts e, calls f, drains e, and checks that it has kept what it
// accepted: every stage has completed all that entered it, and no edge dropped.
func during(ctx context.Context, e *engine.Engine, f func() error) error {
	if err := e.Start(ctx); err != nil {
		return err
	}
	defer e.Close()
	if err := f(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := e.Drain(ctx); err != nil {
		return err
	}
	for _, s := range e.Stats().Stages {
		if s.Completed != s.Entered || s.Depth != 0 {
			return fmt.Errorf("stage %s: %d entered, %d completed, %d left", s.Name, s.Entered, s.Completed, s.Depth)
		}
		for _, ed := range s.Edges {
			if ed.Dropped != 0 {
				return fmt.Errorf("the edge to %s dropped %d events", ed.To, ed.Dropped)
			}
		}
	}
	return nil
}

// wait waits for done, for as long as an engine may take.
func wait(ctx context.Context, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the last event: %w", ctx.Err())
	}
}
