package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// loop is a pipeline whose last stage gives every event back to the first.
type loop struct {
	stages, workers, batch int
	turns                  int // of work for an event in each stage
	clients                int // events
	serial                 bool
	split                  bool // the first worker serves the first stage alone, the others the rest
	halves                 bool // the first worker serves the first half of the stages, the second one the others
	footprint              int  // bytes that a stage goes through for every batch
	inlet                  bool // events go back by the way they came in, where policies see them, not over an edge
	policy                 string
	settle                 time.Duration // before the window; 0: a quarter of it
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

// outcome is what a loop did: rounds per second, ns that one took, and how often a policy assigned stages anew, before and in the window.
type outcome struct{ rate, p50, p99, early, late float64 }

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
	var rates, p50s, p99s, early, late []float64
	for left := 10 * rounds; len(rates) < rounds; left-- {
		o, err := l.measure(ctx, length)
		if errors.Is(err, errDisturbed) && left > 0 {
			continue
		}
		if err != nil {
			return o, err
		}
		rates, p50s, p99s = append(rates, o.rate), append(p50s, o.p50), append(p99s, o.p99)
		early, late = append(early, o.early), append(late, o.late)
	}
	return outcome{middle(rates), middle(p50s), middle(p99s), middle(early), middle(late)}, nil
}

func middle(all []float64) float64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// measure runs l on an engine. The time before the last part is warm-up.
func (l loop) measure(ctx context.Context, length time.Duration) (outcome, error) {
	cfg := engine.Config{Workers: l.workers, Kind: engine.Pinned, Log: slog.New(slog.DiscardHandler)}
	for i := 0; i < l.stages && (l.split || l.halves); i++ {
		if i == 0 {
			cfg.Assign = map[string][]int{}
		}
		cfg.Assign[fmt.Sprintf("s%d", i)] = []int{l.place(i)}
	}
	if l.policy != "" {
		maker, err := sched.Find(l.policy)
		if err != nil {
			return outcome{}, err
		}
		cfg.Policy = maker
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
	seen, lost := l.giveBack(e, stages[l.stages-1], stages[0], win)
	if err := e.Start(ctx); err != nil {
		return outcome{}, err
	}
	defer e.Close()
	win.from = time.Since(win.began) + l.warmup(length)
	win.to = win.from + length
	for range l.clients {
		if err := stages[0].Submit(ctx, event{int64(time.Since(win.began))}); err != nil {
			return outcome{}, err
		}
	}
	if l.inlet { // which Drain closes, where it lets edges carry on
		select {
		case <-time.After(win.to + 10*time.Millisecond - time.Since(win.began)):
		case <-ctx.Done():
			return outcome{}, ctx.Err()
		}
	}
	if err := e.Drain(ctx); err != nil {
		return outcome{}, err
	}
	var all sim.Histogram
	for _, h := range *seen {
		all.Join(h)
	}
	if lost() > 0 || all.N == 0 {
		return outcome{}, errDisturbed
	}
	o := outcome{rate: float64(all.N) / length.Seconds(), p50: all.Quantile(0.5), p99: all.Quantile(0.99)}
	for _, d := range e.Explain() {
		switch at := time.Duration(d.At); {
		case d.What != "cores" || at > win.to: // on a clock that began a little earlier
		case at < win.from:
			o.early++
		default:
			o.late++
		}
	}
	return o, nil
}

// warmup is how long a loop runs before it is measured for that long.
func (l loop) warmup(length time.Duration) time.Duration {
	if l.settle > 0 {
		return l.settle
	}
	return length / 4
}

// place returns the worker that stage i has to itself, or shares with others, if they are assigned.
func (l loop) place(i int) int {
	switch {
	case l.split:
		return min(i, 1)
	case l.halves:
		return 2 * i / l.stages
	}
	return 0
}

// memory is what a stage goes through for a batch: lines of memory, each of which says where the next one is, in an order that no CPU foresees.
type memory []struct {
	next uint32
	_    [60]byte
}

func newMemory(bytes int) memory {
	m := make(memory, bytes/64)
	order := rand.New(rand.NewPCG(1, 0)).Perm(len(m))
	for i, k := range order {
		m[k].next = uint32(order[(i+1)%len(order)])
	}
	return m
}

// walk reads every line once.
func (m memory) walk() {
	at := uint32(0)
	for range m {
		at = m[at].next
	}
	runtime.KeepAlive(at)
}

func (l loop) pass(out *engine.Edge[event], from *engine.Stage[event]) {
	mem := newMemory(l.footprint)
	from.HandleBatch(func(c *engine.Context, evs []event) error {
		mem.walk()
		work(l.turns * len(evs))
		out.EmitBatch(c, evs)
		return nil
	})
}

// giveBack makes the last stage: it notes how long each round took that ended within the window, after which there are no more. lost says how many
// events did not come back.
func (l loop) giveBack(e *engine.Engine, last, first *engine.Stage[event], win *window) (all *[]*sim.Histogram, lost func() uint64) {
	seen := new([]*sim.Histogram) // appended to by Start alone
	local := engine.NewLocal(last, func() *sim.Histogram {
		h := new(sim.Histogram)
		*seen = append(*seen, h)
		return h
	})
	back, lost := l.back(e, last, first)
	mem := newMemory(l.footprint)
	last.HandleBatch(func(c *engine.Context, evs []event) error {
		mem.walk()
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
		back(c, evs)
		return nil
	})
	return seen, lost
}

// back is the way from the last stage to the first.
func (l loop) back(e *engine.Engine, last, first *engine.Stage[event]) (send func(*engine.Context, []event), lost func() uint64) {
	if l.inlet {
		in := first.Inlet(engine.InletConfig{Name: "back"})
		send = func(_ *engine.Context, evs []event) { _, _ = in.TrySubmitBatch(evs) } // what is refused is counted
		return send, func() uint64 { return e.Stats().Stage("s0").Inlets[1].Refused }
	}
	edge := engine.Connect(last, first)
	edge.Full = engine.Drop // a cycle needs an edge that does not block
	return edge.EmitBatch, func() uint64 { return e.Stats().Stages[l.stages-1].Edges[0].Dropped }
}
