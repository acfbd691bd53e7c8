package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
)

// refusals are timed at once.
const refusals = 1_000_000

// gate is a policy that lets one event wait at each source.
type gate struct{}

func (gate) Decide(_ *sched.Snapshot, d *sched.Draft) {
	for k := range d.Plan.Admit {
		d.SetLimit(k, sched.Limit{Depth: 1, Retry: 1e6}, "one may wait")
	}
}

// refusal times TrySubmit calls that are all refused: by a policy's limit, or since the ring is full. The only worker is held in the handler.
func refusal(ctx context.Context, limited bool) (ns float64, err error) {
	policy := func(*sched.System) (sched.Policy, error) { return sched.Laws{}, nil }
	want := engine.ErrFull
	if limited {
		policy = func(*sched.System) (sched.Policy, error) { return gate{}, nil }
		want = engine.ErrRefused
	}
	e := engine.New(engine.Config{Workers: 1, Kind: engine.Shared, Policy: policy, Log: quiet})
	stage := engine.Add(e, engine.StageConfig[uint64]{Name: "held", Capacity: 4, MaxBatch: 1})
	release := make(chan struct{})
	stage.Handle(func(*engine.Context, uint64) error {
		<-release
		return nil
	})
	err = during(ctx, e, func() error {
		defer close(release)
		if err := untilRefused(ctx, stage, want); err != nil {
			return err
		}
		began := time.Now()
		var last error
		for i := range uint64(refusals) {
			if last = stage.TrySubmit(i); last == nil {
				return errors.New("an event was let in")
			}
		}
		ns = nsPer(began, refusals)
		if !errors.Is(last, want) {
			return fmt.Errorf("want %w, got %w", want, last)
		}
		return nil
	})
	return ns, err
}

// untilRefused submits until the limit, which the control loop sets, or the ring refuses.
func untilRefused(ctx context.Context, stage *engine.Stage[uint64], want error) error {
	for {
		err := stage.TrySubmit(0)
		switch {
		case errors.Is(err, want):
			return nil
		case err != nil && !errors.Is(err, engine.ErrFull):
			return err
		}
		select {
		case <-time.After(time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
