package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched/sim"
)

// loop is a pipeline whose last stage gives every event back to the first.
type loop struct {
	stages, workers, batch int
	turns                  int // of work for an event in each stage
	clients                int // events
	serial                 bool
	split                  bool // the first worker serves the first stage alone, the others the rest
}

func (l loop) name() string {
	how := "serve-all"
	switch {
	case l.serial:
		how = "serial"
	case l.split:
		how = "split"
	}
	return fmt.Sprintf("%dw %s b%d n%d work%d", l.workers, how, l.batch, l.clients, l.turns)
}

// outcome is what a loop did: rounds per second, and ns that one took.
type outcome struct{ rate, p50, p99 float64 }

type event struct{ since int64 }

// window is when rounds count. It is set before the first event is submitted.
type window struct {
	began    time.Time
	from, to time.Duration // since then
}

// work does n turns, each waiting for the one before.
//
//go:noinline
func work(n int) {
	x := uint64(n)
	for ; n > 0; n-- {
		x = x*6364136223846793005 + 1442695040888963407
	}
	runtime.KeepAlive(x)
}

// All events fit into a ring many times. But while a worker is stopped in the middle of taking a batch its slots are not free, and if that takes long the others
// come round to them: then the edge back, which cannot wait, drops events.
const capacity = 1 << 15

var errDisturbed = errors.New("a worker was stopped for so long that events were dropped, or none was handled, again and again")

// median runs l some times. Runs that lost events, or did nothing, do not count.
func (l loop) median(ctx context.Context, length time.Duration, rounds int) (outcome, error) {
	var rates, p50s, p99s []float64
	for left := 10 * rounds; len(rates) < rounds; left-- {
		o, err := l.measure(ctx, length)
		if errors.Is(err, errDisturbed) && left > 0 {
			continue
		}
		if err != nil {
			return o, err
		}
		rates, p50s, p99s = append(rates, o.rate), append(p50s, o.p50), append(p99s, o.p99)
	}
	return outcome{middle(rates), middle(p50s), middle(p99s)}, nil
}

func middle(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// measure runs l on an engine. The time before the last part is warm-up.
func (l loop) measure(ctx context.Context, length time.Duration) (outcome, error) {
	cfg := engine.Config{Workers: l.workers, Kind: engine.Pinned, Log: slog.New(slog.DiscardHandler)}
	if l.split {
		cfg.Assign = map[string][]int{"s0": {0}}
		for i := 1; i < l.stages; i++ {
			cfg.Assign[fmt.Sprintf("s%d", i)] = []int{1}
		}
	}
	e := engine.New(cfg)
	stages := make([]*engine.Stage[event], l.stages)
	for i := range stages {
		stages[i] = engine.Add(e, engine.StageConfig[event]{Name: fmt.Sprintf("s%d", i), MaxBatch: l.batch, Capacity: capacity, Serial: l.serial})
	}
	for i := range stages[1:] {
		l.pass(engine.Connect(stages[i], stages[i+1]), stages[i])
	}
	win := &window{began: time.Now()}
	seen := l.giveBack(stages[l.stages-1], stages[0], win)
	if err := e.Start(ctx); err != nil {
		return outcome{}, err
	}
	defer e.Close()
	win.from = time.Since(win.began) + length/4
	win.to = win.from + length
	for range l.clients {
		if err := stages[0].Submit(ctx, event{int64(time.Since(win.began))}); err != nil {
			return outcome{}, err
		}
	}
	if err := e.Drain(ctx); err != nil {
		return outcome{}, err
	}
	var all sim.Histogram
	for _, h := range *seen {
		all.Join(h)
	}
	if lost := e.Stats().Stages[l.stages-1].Edges[0].Dropped; lost > 0 || all.N == 0 {
		return outcome{}, errDisturbed
	}
	return outcome{float64(all.N) / length.Seconds(), all.Quantile(0.5), all.Quantile(0.99)}, nil
}

func (l loop) pass(out *engine.Edge[event], from *engine.Stage[event]) {
	from.HandleBatch(func(c *engine.Context, evs []event) error {
		work(l.turns * len(evs))
		out.EmitBatch(c, evs)
		return nil
	})
}

// giveBack makes the last stage: it notes how long each round took that ended within the window, after which there are no more.
func (l loop) giveBack(last, first *engine.Stage[event], win *window) *[]*sim.Histogram {
	seen := new([]*sim.Histogram) // appended to by Start alone
	local := engine.NewLocal(last, func() *sim.Histogram {
		h := new(sim.Histogram)
		*seen = append(*seen, h)
		return h
	})
	back := engine.Connect(last, first)
	back.Full = engine.Drop // a cycle needs an edge that does not block
	last.HandleBatch(func(c *engine.Context, evs []event) error {
		work(l.turns * len(evs))
		now := time.Since(win.began)
		if now > win.to {
			return nil
		}
		for i := range evs {
			if now >= win.from {
				(*local.Get(c)).Add(int64(now) - evs[i].since)
			}
			evs[i].since = int64(now)
		}
		back.EmitBatch(c, evs)
		return nil
	})
	return seen
}
