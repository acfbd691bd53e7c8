package flow

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// Tally is the end of a pipeline that does not keep the order: it notes which events have arrived. Safe for concurrent use.
type Tally struct {
	events  int
	seen    []atomic.Uint64 // a bit for each event
	arrived atomic.Int64
	wrong   atomic.Int64 // events that came twice, or that nobody sent
	failed  atomic.Pointer[error]
	done    chan struct{}
}

// NewTally makes a tally that expects so many events.
func NewTally(events int) *Tally {
	return &Tally{events: events, seen: make([]atomic.Uint64, (events+63)/64), done: make(chan struct{})}
}

// Arrive notes event n, to which two stages have added one each.
func (t *Tally) Arrive(n uint64) {
	n -= 2
	if bit := uint64(1) << (n % 64); n >= uint64(t.events) || t.seen[n/64].Or(bit)&bit != 0 {
		t.wrong.Add(1)
	}
	if t.arrived.Add(1) == int64(t.events) {
		close(t.done)
	}
}

// Fault notes an error of a stage, if it is one.
func (t *Tally) Fault(err error) {
	if err != nil {
		t.failed.CompareAndSwap(nil, &err)
	}
}

// Wait returns when as many events have arrived as are expected.
func (t *Tally) Wait(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	select {
	case <-t.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for the last event: %w", ctx.Err())
	}
}

// Each returns the nanoseconds since began for each event.
func (t *Tally) Each(began time.Time) float64 { return each(began, t.events) }

// Check reports what is wrong with what has arrived by now.
func (t *Tally) Check() error {
	if err := t.failed.Load(); err != nil {
		return *err
	}
	if arrived, wrong := t.arrived.Load(), t.wrong.Load(); arrived != int64(t.events) || wrong != 0 {
		return fmt.Errorf("%d of %d events arrived, %d of them twice or from nowhere", arrived, t.events, wrong)
	}
	return nil
}
