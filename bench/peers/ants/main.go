// Ants is the pipeline on github.com/panjf2000/ants: a pool for each stage.
package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/panjf2000/ants/v2"

	"github.com/seda-go/seda/bench/peers/internal/flow"
)

// size is how many goroutines a pool has: more brought nothing here.
const size = 1

func main() { flow.Main(pools) }

// pools sends each message to a pool that calls a function, as the library advises for many tasks of one kind; the function sends it to
// the next pool. A pool blocks who sends while all its goroutines are busy, which bounds what is under way. Pools do not keep the order. Events travel by
// value, batches in slices that are used again.
func pools(ctx context.Context, events, batch int) (float64, error) {
	t := flow.NewTally(events)
	if batch == 1 {
		return run(ctx, t, events, func(i int) uint64 { return uint64(i) }, func(n uint64) uint64 { return n + 1 }, t.Arrive)
	}
	spare := sync.Pool{New: func() any { return &flow.Many{Events: make([]uint64, 0, batch)} }}
	fill := func(i int) *flow.Many {
		m := spare.Get().(*flow.Many)
		m.Events = m.Events[:0]
		for n := i * batch; n < min((i+1)*batch, events); n++ {
			m.Events = append(m.Events, uint64(n))
		}
		return m
	}
	pass := func(m *flow.Many) *flow.Many { flow.Pass(m); return m }
	return run(ctx, t, (events+batch-1)/batch, fill, pass, func(m *flow.Many) {
		for _, n := range m.Events {
			t.Arrive(n)
		}
		spare.Put(m)
	})
}

// run sends so many messages through three pools.
func run[T any](ctx context.Context, t *flow.Tally, messages int, fill func(i int) T, pass func(T) T, arrive func(T)) (float64, error) {
	third, err := ants.NewPoolWithFuncGeneric(size, arrive, ants.WithDisablePurge(true))
	if err != nil {
		return 0, err
	}
	second, err := ants.NewPoolWithFuncGeneric(size, func(m T) { t.Fault(third.Invoke(pass(m))) }, ants.WithDisablePurge(true))
	if err != nil {
		return 0, err
	}
	first, err := ants.NewPoolWithFuncGeneric(size, func(m T) { t.Fault(second.Invoke(pass(m))) }, ants.WithDisablePurge(true))
	if err != nil {
		return 0, err
	}
	began := time.Now()
	for i := range messages {
		if err := first.Invoke(fill(i)); err != nil {
			return 0, err
		}
	}
	err = t.Wait(ctx)
	ns := t.Each(began)
	for _, release := range []func(time.Duration) error{first.ReleaseTimeout, second.ReleaseTimeout, third.ReleaseTimeout} {
		err = errors.Join(err, release(flow.Patience))
	}
	return ns, errors.Join(err, t.Check())
}
