package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
)

const (
	stwFor    = time.Second // a sample lasts, at least
	stwPauses = 100         // and has, at least
	stwBound  = 0.3         // ms
)

// stwSuite measures for how long the collector stops the world while pinned workers are busy and a goroutine beside them allocates as fast
// as it can, from the runtime's own histogram of pauses. A pause begins with the wish to stop, so it contains the time until the last worker
// has noticed; it ends when the world runs again. The quantile is the upper end of the bucket that it falls into, up to a quarter too much.
//
// Workers are busy in two ways: with batches that circulate through three stages, or with spinning for work that never comes, which
// is where a loop in assembly would keep the world waiting. There are as many as by default, one less than there are CPUs. For comparison the
// same handlers run in ordinary goroutines of the same number, without an engine.
func stwSuite() suite {
	s := suite{id: "engine.stw"}
	add := func(name string, busy func(context.Context, func() error) error, metric string, q float64) string {
		s.contenders = append(s.contenders, contender{name: name, unit: "ms", sample: func(ctx context.Context) (ms float64, err error) {
			err = busy(ctx, func() error {
				ms, err = pause(ctx, metric, q)
				return err
			})
			return ms, err
		}})
		return name
	}
	const total, stopping = "/sched/pauses/total/gc:seconds", "/sched/pauses/stopping/gc:seconds"
	for _, at := range []struct {
		id, name string
		busy     func(context.Context, func() error) error
		bound    float64
	}{
		{"engine.stw", "working", workingEngine, stwBound},
		{"engine.stw.spin", "spinning", spinningEngine, stwBound},
		{"engine.stw.none", "no engine", workingGoroutines, none},
	} {
		s.rows = append(s.rows,
			plain(at.id, add(at.name+" p50", at.busy, total, 0.5), at.bound, "ms, p50 of pauses, "+at.name),
			plain(at.id+".p99", add(at.name+" p99", at.busy, total, 0.99), none, "ms, p99 of pauses, "+at.name),
			plain(at.id+".stopping", add(at.name+" stopping p50", at.busy, stopping, 0.5), none, "ms, p50 until all have stopped, "+at.name))
	}
	return s
}

// workingEngine calls f while every worker handles batches that circulate.
func workingEngine(ctx context.Context, f func() error) error {
	if _, _, err := twoCPUs(); err != nil {
		return err
	}
	e := engine.New(engine.Config{Kind: engine.Pinned, Log: quiet})
	c := circle{stages: 3, batch: fusedBatch, work: fusedWork}
	in := c.build(e, func() bool { return true }, nil)
	if err := e.Start(ctx); err != nil {
		return err
	}
	defer e.Close() // what circulates never ends
	for range e.Stats().Workers {
		if _, err := in.TrySubmitBatch(c.events()); err != nil {
			return err
		}
	}
	return f()
}

// spinningEngine calls f while every worker looks for events.
func spinningEngine(ctx context.Context, f func() error) error {
	if _, _, err := twoCPUs(); err != nil {
		return err
	}
	e := engine.New(engine.Config{Kind: engine.Pinned, Idle: engine.Spin, Log: quiet})
	s := engine.Add(e, engine.StageConfig[uint64]{Name: "stage"})
	s.HandleBatch(func(*engine.Context, []uint64) error { return nil })
	return during(ctx, e, f)
}

// workingGoroutines calls f while as many goroutines as there would be workers do the same work.
func workingGoroutines(_ context.Context, f func() error) error {
	c := circle{stages: 3, batch: fusedBatch, work: fusedWork}
	allowed, err := affinity.Allowed()
	if err != nil {
		return unavailable(err.Error())
	}
	workers := max(allowed.Len()-1, 1)
	leaveRoom(workers)
	stop, ended := make(chan struct{}), make(chan struct{})
	for range workers {
		go func() {
			evs, steps := c.events(), stepsFor(c.work)
			for {
				select {
				case <-stop:
					ended <- struct{}{}
					return
				default:
				}
				for range c.stages {
					workAll(evs, steps)
				}
			}
		}()
	}
	err = f()
	close(stop)
	for range workers {
		<-ended
	}
	return err
}

// pause allocates for a while, and on until there were enough pauses of the collector, and returns their q-quantile in milliseconds.
func pause(ctx context.Context, metric string, q float64) (float64, error) {
	before, err := pauses(metric)
	if err != nil {
		return 0, err
	}
	for began := time.Now(); time.Since(began) < patience; {
		if err := allocate(ctx, stwFor); err != nil {
			return 0, err
		}
		after, err := pauses(metric)
		if err != nil {
			return 0, err
		}
		total := uint64(0)
		for i, n := range before.Counts {
			after.Counts[i] -= n
			total += after.Counts[i]
		}
		if total >= stwPauses {
			return 1000 * upper(after.Counts, after.Buckets, q), nil
		}
	}
	return 0, fmt.Errorf("fewer than %d pauses in %v", stwPauses, patience)
}

// pauses reads a histogram of the runtime.
func pauses(metric string) (*metrics.Float64Histogram, error) {
	s := []metrics.Sample{{Name: metric}}
	metrics.Read(s)
	if s[0].Value.Kind() != metrics.KindFloat64Histogram {
		return nil, unavailable("this runtime does not measure " + metric)
	}
	return s[0].Value.Float64Histogram(), nil
}

// upper returns the upper end of the bucket in which the q-quantile lies, or its lower end if it has no upper one. Bucket i reaches from
// bounds[i] to bounds[i+1].
func upper(counts []uint64, bounds []float64, q float64) float64 {
	total := uint64(0)
	for _, n := range counts {
		total += n
	}
	rank := max(uint64(math.Ceil(q*float64(total))), 1)
	for i, n := range counts {
		if n >= rank {
			if math.IsInf(bounds[i+1], 1) {
				return bounds[i]
			}
			return bounds[i+1]
		}
		rank -= n
	}
	return math.NaN()
}

// A node gives the collector pointers to follow.
type node struct {
	next *node
	_    [6]uint64
}

// allocate makes short lists of nodes and forgets them, for a while.
func allocate(ctx context.Context, d time.Duration) error {
	const length = 1000
	for began := time.Now(); time.Since(began) < d; {
		if err := ctx.Err(); err != nil {
			return err
		}
		var list *node
		for range length {
			list = &node{next: list}
		}
		runtime.KeepAlive(list)
	}
	return nil
}
