package main

import (
	"context"
	"fmt"
	"time"
)

// An event is what the pipelines carry: a number, and a load that makes it as
// large as is asked for. The load comes first since a last field of size zero
// would be padded.
type event[L any] struct {
	//lint:ignore U1000 only its size counts
	load L
	n    uint64
}

// renew makes the events anew, numbered from first. Both sides fill their batches
// with it: a loop of their own is compiled differently in each closure of a generic
// function, and in one of them cost as much as the rest of the pipeline.
func renew[L any](evs []event[L], first int) {
	for i := range evs {
		evs[i] = event[L]{n: uint64(first + i)}
	}
}

type (
	small = struct{}  // an event of 8 bytes
	large = [7]uint64 // an event of 64 bytes
)

// A sink counts what arrives at the end of a pipeline in which two stages have
// added one to each number, in order from 0.
type sink struct {
	arrived  int
	disorder int
}

func (s *sink) add(n uint64) {
	if n != uint64(s.arrived)+2 {
		s.disorder++
	}
	s.arrived++
}

// addAll is what the last stage does with a batch, on both sides.
func addAll[L any](s *sink, evs []event[L]) {
	for i := range evs {
		s.add(evs[i].n)
	}
}

func (s *sink) check(want int) error {
	if s.arrived != want || s.disorder != 0 {
		return fmt.Errorf("%d of %d events arrived, %d out of order", s.arrived, want, s.disorder)
	}
	return nil
}

// depth is the capacity of each channel of events, and of each stage of the
// engine beside it: from here on more helped neither. This and the other
// capacities of the rivals were chosen by the sweep in
// bench/results/2026-11-23-2cpu-x86_64/channel-capacity.txt, and again on another
// machine beside 2026-11-28.
const depth = 16384

// chanPipeline is the rival that one would write first: a goroutine per stage
// and a channel of events between each two. Nanoseconds per event.
func chanPipeline[L any](events int) func(context.Context) (float64, error) {
	return func(context.Context) (float64, error) {
		var s sink
		first, second, third := make(chan event[L], depth), make(chan event[L], depth), make(chan event[L], depth)
		done := make(chan struct{})
		pass := func(in <-chan event[L], out chan<- event[L]) {
			for e := range in {
				e.n++
				out <- e
			}
			close(out)
		}
		go pass(first, second)
		go pass(second, third)
		go func() {
			for e := range third {
				s.add(e.n)
			}
			close(done)
		}()
		began := time.Now()
		for i := range events {
			first <- event[L]{n: uint64(i)}
		}
		close(first)
		<-done
		return nsPer(began, events), s.check(events)
	}
}

// chanBuffers is how many batches circulate in chanBatchPipeline for each of its
// channels.
const chanBuffers = 32

// chanBatchPipeline is the rival an expert would write: whole batches move
// through the channels without being copied, each stage works on them in place,
// and the last one returns them to the source, so that nothing is allocated.
// The source is a goroutine before the three stages, or, if closed, the first of
// them. Nanoseconds per event.
func chanBatchPipeline[L any](events, batch int, closed bool) func(context.Context) (float64, error) {
	return func(context.Context) (float64, error) {
		var s sink
		const total = 4 * chanBuffers
		free := make(chan []event[L], total)
		for range total {
			free <- make([]event[L], batch)
		}
		done := make(chan struct{})
		second, third := make(chan []event[L], chanBuffers), make(chan []event[L], chanBuffers)
		first, from := second, 1 // the first stage has added one
		if !closed {
			first, from = make(chan []event[L], chanBuffers), 0
			go passChan(first, second)
		}
		go passChan(second, third)
		go func() {
			for b := range third {
				addAll(&s, b)
				free <- b
			}
			close(done)
		}()
		began := time.Now()
		for sent := 0; sent < events; {
			b := (<-free)[:min(batch, events-sent)]
			renew(b, from+sent)
			sent += len(b)
			first <- b
		}
		close(first)
		<-done
		return nsPer(began, events), s.check(events)
	}
}

// addOne is what the stages in between do to a batch, on both sides.
func addOne[L any](evs []event[L]) {
	for i := range evs {
		evs[i].n++
	}
}

func passChan[L any](in <-chan []event[L], out chan<- []event[L]) {
	for b := range in {
		addOne(b)
		out <- b
	}
	close(out)
}
