package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/seda-go/seda/engine"
)

const pipeEvents = 2_000_000

// pipeSuite compares pipelines of three stages. All of them keep the order of
// the events: a channel that one goroutine reads does, and so do serial stages.
//
// The events of the bounded rows come from a goroutine of their own, which with
// two CPUs and two pinned workers has to share a CPU. So there are rows, closed,
// in which the first stage makes the events, for both sides.
func pipeSuite() suite {
	s := suite{id: "engine.pipe"}
	addPipe[small](&s, "8B")
	addPipe[large](&s, "64B")
	return s
}

// addPipe adds the pipelines of one size of event.
func addPipe[L any](s *suite, size string) {
	add := func(name string, sample func(context.Context) (float64, error)) string {
		name += " " + size
		s.contenders = append(s.contenders, contender{name: name, unit: "ns/event", sample: onTwoCPUs(sample)})
		return name
	}
	id := "engine.pipe." + size
	chans := add("chan T", chanPipeline[L](pipeEvents))
	for _, at := range []struct {
		batch int
		bound float64
	}{{8, 0.5}, {32, 1}, {64, 1}, {256, 1}} {
		b := fmt.Sprintf("b%d", at.batch)
		events := pipeEvents * max(at.batch/32, 1) // or a sample of large batches would be over in a few ms
		ours := add("engine "+b, enginePipeline[L](events, at.batch, at.batch, chanBuffers*at.batch, false))
		theirs := add("chan []T "+b, chanBatchPipeline[L](events, at.batch, false))
		s.rows = append(s.rows,
			ratio(id+"."+b, ours, theirs, at.bound),
			ratio(id+"."+b+".closed", add("closed engine "+b, closedPipeline[L](events, at.batch)),
				add("closed chan []T "+b, chanBatchPipeline[L](events, at.batch, true)), none))
		if at.batch == 64 { // the default
			deep := add("engine deep "+b, enginePipeline[L](events, at.batch, at.batch, depth, false))
			each := add("engine Handle deep "+b, enginePipeline[L](events, at.batch, at.batch, depth, true))
			s.rows = append(s.rows,
				ratio(id+".chan", deep, chans, 0.125),
				ratio(id+".chan.handle", each, chans, none),
				ratio(id+"."+b+".deep", deep, theirs, none),
				plain(id+".ns", deep, none, "ns per event, engine at batch 64"))
		}
	}
}

// enginePipeline is the pipeline on two workers, with handlers of batches or,
// if each, of single events. The source submits so many at once, and every queue
// holds capacity events. Nanoseconds per event.
func enginePipeline[L any](events, submit, batch, capacity int, each bool) func(context.Context) (float64, error) {
	return func(ctx context.Context) (float64, error) {
		e, err := pinnedEngine(engine.Adaptive, nil)
		if err != nil {
			return 0, err
		}
		var s sink
		done := make(chan struct{})
		stage := func(name string) *engine.Stage[event[L]] {
			return engine.Add(e, engine.StageConfig[event[L]]{Name: name, Capacity: capacity, MaxBatch: batch, Serial: true})
		}
		first, second, third := stage("first"), stage("second"), stage("third")
		if each {
			pass(first, second)
			pass(second, third)
			third.Handle(func(_ *engine.Context, ev event[L]) error {
				if s.add(ev.n); s.arrived == events {
					close(done)
				}
				return nil
			})
		} else {
			passBatch(first, second)
			passBatch(second, third)
			third.HandleBatch(func(_ *engine.Context, evs []event[L]) error {
				if addAll(&s, evs); s.arrived == events {
					close(done)
				}
				return nil
			})
		}
		in := first.Inlet(engine.InletConfig{Name: "source"})
		var ns float64
		err = during(ctx, e, func() error {
			began := time.Now()
			if err := feed(ctx, in, events, submit); err != nil {
				return err
			}
			err := wait(ctx, done)
			ns = nsPer(began, events)
			return err
		})
		return ns, errors.Join(err, s.check(events))
	}
}

func pass[L any](from, to *engine.Stage[event[L]]) {
	out := engine.Connect(from, to)
	from.Handle(func(c *engine.Context, ev event[L]) error {
		ev.n++
		out.Emit(c, ev)
		return nil
	})
}

func passBatch[L any](from, to *engine.Stage[event[L]]) {
	out := engine.Connect(from, to)
	from.HandleBatch(func(c *engine.Context, evs []event[L]) error {
		addOne(evs)
		out.EmitBatch(c, evs)
		return nil
	})
}

// feed submits events from the calling goroutine, batch by batch, and waits in
// line when there is no room.
func feed[L any](ctx context.Context, in *engine.Inlet[event[L]], events, batch int) error {
	buf := make([]event[L], batch)
	for sent := 0; sent < events; {
		rest := buf[:min(batch, events-sent)]
		renew(rest, sent)
		sent += len(rest)
		for len(rest) > 0 {
			n, err := in.TrySubmitBatch(rest)
			rest = rest[n:]
			if errors.Is(err, engine.ErrFull) {
				err = in.Submit(ctx, rest[0])
				rest = rest[1:]
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}
