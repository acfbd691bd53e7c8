package flow

import (
	"context"
	"fmt"
	"time"
)

// Single is a message of one event.
type Single struct{ N uint64 }

// Many is a message of several events.
type Many struct{ Events []uint64 }

// Pass is what the first two stages do to a message: they add one to each event.
func Pass(message any) {
	switch m := message.(type) {
	case *Single:
		m.N++
	case *Many:
		for i := range m.Events {
			m.Events[i]++
		}
	}
}

// Flow is the source and the end of a pipeline of three stages that keeps the order: events are numbered from 0, and each has to arrive
// once, in its turn, with 2 added by the stages in between.
//
// No more than a window of messages is under way. The source takes a permit for every grain of them, and the last stage gives it back when so
// many have arrived. So memory is bounded whatever queues lie in between, and the messages can be the same ones again and again: whoever is
// measured need not allocate them.
type Flow struct {
	events   int
	messages []any // a window of them
	grain    int
	permits  chan struct{}

	begun    time.Time
	arrived  int // messages
	next     int // event
	disorder int
	done     chan struct{}
}

// grains is how many permits there are to a window.
const grains = 16

// New makes a flow of events in messages of batch each, with a window of so many messages, a multiple of 16.
func New(events, batch, window int) *Flow {
	f := &Flow{
		events: events, messages: make([]any, window), grain: window / grains,
		permits: make(chan struct{}, grains), done: make(chan struct{}),
	}
	for i := range f.messages {
		if f.messages[i] = new(Single); batch > 1 {
			f.messages[i] = &Many{make([]uint64, batch)}
		}
	}
	for range grains {
		f.permits <- struct{}{}
	}
	return f
}

// Window is how many messages may be under way.
func (f *Flow) Window() int { return len(f.messages) }

// Run gives all messages to send, the first stage, in a goroutine of its own, waits until the last event has arrived, and returns the
// nanoseconds that each took.
func (f *Flow) Run(ctx context.Context, send func(message any) error) (float64, error) {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	sent := make(chan error, 1)
	f.begun = time.Now()
	go func() { sent <- f.source(ctx, send) }()
	err := <-sent
	if err != nil {
		return 0, err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return 0, fmt.Errorf("wait for the last event: %w", ctx.Err())
	}
	ns := each(f.begun, f.events)
	if f.disorder > 0 {
		return 0, fmt.Errorf("%d of %d events out of order", f.disorder, f.events)
	}
	return ns, nil
}

// Patience is how long a pipeline may take for all events.
const Patience = time.Minute

func (f *Flow) source(ctx context.Context, send func(message any) error) error {
	for i, n := 0, 0; n < f.events; i++ {
		if i%f.grain == 0 {
			select {
			case <-f.permits:
			case <-ctx.Done():
				return fmt.Errorf("wait for room before event %d: %w", n, ctx.Err())
			}
		}
		message := f.messages[i%len(f.messages)]
		switch m := message.(type) {
		case *Single:
			m.N = uint64(n)
			n++
		case *Many:
			m.Events = m.Events[:min(cap(m.Events), f.events-n)]
			for k := range m.Events {
				m.Events[k] = uint64(n)
				n++
			}
		}
		if err := send(message); err != nil {
			return fmt.Errorf("send event %d: %w", n-1, err)
		}
	}
	return nil
}

// Arrive is the last stage. One goroutine at a time may call it.
func (f *Flow) Arrive(message any) {
	switch m := message.(type) {
	case *Single:
		f.count(m.N)
	case *Many:
		for _, n := range m.Events {
			f.count(n)
		}
	}
	if f.arrived++; f.arrived%f.grain == 0 {
		select {
		case f.permits <- struct{}{}:
		default: // more arrives than was sent; count has noticed
		}
	}
	if f.next == f.events {
		close(f.done)
	}
}

func (f *Flow) count(n uint64) {
	if n != uint64(f.next)+2 {
		f.disorder++
	}
	f.next++
}

func each(began time.Time, events int) float64 {
	return float64(time.Since(began).Nanoseconds()) / float64(events)
}
