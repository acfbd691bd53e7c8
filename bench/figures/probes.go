package main

import (
	"context"
	"errors"
	"math"
	"os"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/probes/bpf"
)

const (
	probeReads   = 1_000_000
	probeRounds  = 20_000 // of ping-pong
	probeStretch = 300 * time.Millisecond
)

func truthSuite() suite {
	const sleeps, contention, clock = "known sleeps", "forced contention", "CPU clock"
	return suite{
		id: "probes.truth",
		contenders: []contender{
			{name: sleeps, unit: "% off", sample: knownSleeps},
			{name: contention, unit: "% off", sample: forcedContention},
			{name: clock, unit: "% off", sample: cpuByStage},
		},
		rows: []row{
			plain("probes.truth.sleep", sleeps, 5, "% between the time asleep charged to a stage and that it slept"),
			plain("probes.truth.contention", contention, 10, "% between the time off the CPU charged to a stage and its time less that on the thread's CPU clock, beside a hog"),
			plain("probes.truth.cpu", clock, 2, "% between the time on the CPU of two stages, by the stage's time less that off the CPU, and the thread's CPU clock"),
		},
	}
}

func probesCostSuite() suite {
	const read, word, off, foreign, registered = "Read", "Word", "without programs", "of a foreign process", "registered"
	const engineOn, engineOff, trickleOn, trickleOff = "engine, watched", "engine", "10k events/s, watched", "10k events/s"
	round3 := circle{stages: 3, batch: fusedBatch, work: fusedWork, blocks: fusedBlocks, size: 100}
	round3on := round3
	round3on.probed = true
	return suite{
		id: "probes.cost",
		contenders: []contender{
			{name: engineOn, unit: "ns/round", sample: round3on.engine},
			{name: engineOff, unit: "ns/round", sample: round3.engine},
			{name: trickleOn, unit: "ns/event", sample: func(ctx context.Context) (float64, error) { return trickle(ctx, true) }},
			{name: trickleOff, unit: "ns/event", sample: func(ctx context.Context) (float64, error) { return trickle(ctx, false) }},
			{name: read, unit: "ns", sample: readCost},
			{name: word, unit: "ns", sample: wordCost},
			{name: off, unit: "ns/round", sample: func(context.Context) (float64, error) { return pipes(nil) }},
			{name: foreign, unit: "ns/round", sample: func(context.Context) (float64, error) { return pipesWatched(false) }},
			{name: registered, unit: "ns/round", sample: func(context.Context) (float64, error) { return pipesWatched(true) }},
		},
		rows: []row{
			plain("probes.cost.read", read, 10, "ns to read one thread"),
			ratio("probes.cost.engine", engineOn, engineOff, 1/0.99),
			ratio("probes.cost.cpu", trickleOn, trickleOff, 1.05),
			plain("probes.cost.word", word, none, "ns to say what a thread is at"),
			ratio("probes.cost.pingpong", registered, off, none),
			{
				id: "probes.cost.foreign", of: []string{foreign, off}, bound: none, what: "ns that a foreign process pays for two switches and two wakeups",
				value: func(r round) float64 { return r[foreign] - r[off] },
			},
		},
	}
}

// trickle returns the CPU time per event of a process whose worker parks between events, of which 10,000 come in a second.
func trickle(ctx context.Context, probed bool) (float64, error) {
	const events, apart = 5000, 100 * time.Microsecond
	_, cpu, err := twoCPUs()
	if err != nil {
		return 0, err
	}
	config := engine.Config{Workers: 1, CPUs: affinity.Of(cpu), Kind: engine.Pinned, Idle: engine.Park, Log: quiet, Policy: still}
	closed, err := watch(&config, probed)
	if err != nil {
		return 0, err
	}
	defer closed()
	e := engine.New(config)
	s := engine.Add(e, engine.StageConfig[event[small]]{Name: "s"})
	s.Handle(func(*engine.Context, event[small]) error { return nil })
	var spent time.Duration
	err = during(ctx, e, func() error {
		before, err := cpuTime()
		if err != nil {
			return err
		}
		began := time.Now()
		for i := range events {
			if err := s.TrySubmit(event[small]{n: uint64(i)}); err != nil {
				return err
			}
			if err := pauseFor(ctx, time.Until(began.Add(time.Duration(i+1)*apart))); err != nil {
				return err
			}
		}
		after, err := cpuTime()
		spent = after - before
		return err
	})
	return float64(spent.Nanoseconds()) / events, err
}

// watched runs f on a thread of its own that programs in the kernel watch.
func watched(f func(probes.Thread) (float64, error)) (float64, error) {
	source, err := bpf.Open(bpf.Config{})
	if err != nil {
		return 0, unavailable(err.Error())
	}
	cpu, _, err := twoCPUs()
	if err != nil {
		return 0, errors.Join(err, source.Close())
	}
	var x float64
	err = <-onCPU(cpu, func() error {
		th, err := source.Register()
		if err != nil {
			return err
		}
		x, err = f(th)
		return errors.Join(err, th.Close())
	})
	return x, errors.Join(err, source.Close())
}

// besideHog runs f on a thread that shares its CPU with one that never sleeps.
func besideHog(f func(probes.Thread) (float64, error)) (float64, error) {
	leaveRoom(2)
	cpu, _, err := twoCPUs() // that of the watched thread
	if err != nil {
		return 0, err
	}
	return watched(func(th probes.Thread) (float64, error) {
		n, err := newNeighbour(cpu)
		if err != nil {
			return 0, err
		}
		defer n.end()
		return f(th)
	})
}

// stageOf runs f at a stage and returns how long that took, and how much of it the thread was off its CPU.
func stageOf(th probes.Thread, stage uint32, f func()) (wall int64, off probes.StageValues) {
	var before, after probes.StageValues
	th.AddStage(stage, &before)
	th.Word().Store(stage)
	began := probes.Now()
	f()
	wall = probes.Now() - began
	th.Word().Store(0)
	th.AddStage(stage, &after)
	after.Blocked -= before.Blocked
	after.RunQueue -= before.RunQueue
	after.Preempted -= before.Preempted
	return wall, after
}

func spinFor(d time.Duration) {
	for end := probes.Now() + int64(d); probes.Now() < end; {
	}
}

// percentOff is how far x is from what it should be.
func percentOff(x, should int64) float64 { return 100 * math.Abs(float64(x)/float64(should)-1) }

func knownSleeps(context.Context) (float64, error) {
	return watched(func(th probes.Thread) (float64, error) {
		var slept, charged int64
		for range 30 {
			wall, off := stageOf(th, 1, func() { time.Sleep(5 * time.Millisecond) })
			slept, charged = slept+wall, charged+off.Off()
			stageOf(th, 2, func() { spinFor(time.Millisecond) })
		}
		return percentOff(charged, slept), nil
	})
}

func forcedContention(context.Context) (float64, error) {
	return besideHog(func(th probes.Thread) (float64, error) {
		before, err := threadTime()
		if err != nil {
			return 0, err
		}
		wall, off := stageOf(th, 1, func() { spinFor(probeStretch) })
		after, err := threadTime()
		return percentOff(off.Off(), wall-int64(after-before)), err
	})
}

func cpuByStage(context.Context) (float64, error) {
	return besideHog(func(th probes.Thread) (float64, error) {
		before, err := threadTime()
		if err != nil {
			return 0, err
		}
		var on int64
		for range 50 {
			wall, off := stageOf(th, 1, func() { spinFor(2 * time.Millisecond) })
			on += wall - off.Off()
			wall, off = stageOf(th, 2, func() { time.Sleep(time.Millisecond); spinFor(3 * time.Millisecond) })
			on += wall - off.Off()
		}
		after, err := threadTime()
		return percentOff(on, int64(after-before)), err
	})
}

func readCost(context.Context) (float64, error) {
	return watched(func(th probes.Thread) (float64, error) {
		var v probes.Values
		now, began := probes.Now(), time.Now()
		for range probeReads {
			th.Read(now, &v)
		}
		return nsPer(began, probeReads), nil
	})
}

func wordCost(context.Context) (float64, error) {
	return watched(func(th probes.Thread) (float64, error) {
		word, began := th.Word(), time.Now()
		for i := range uint32(probeReads) {
			word.Store(i & 1)
		}
		return nsPer(began, probeReads), nil
	})
}

func pipesWatched(register bool) (float64, error) {
	source, err := bpf.Open(bpf.Config{})
	if err != nil {
		return 0, unavailable(err.Error())
	}
	var each begin
	if register {
		each = registering(source)
	}
	ns, err := pipes(each)
	return ns, errors.Join(err, source.Close())
}

// pipes has two threads on one CPU wake each other, and returns the time of a round. Each registers, if there is anything to register with.
func pipes(each begin) (float64, error) {
	cpu, _, err := twoCPUs()
	if err != nil {
		return 0, err
	}
	fromA, toB, err := rawPipe()
	if err != nil {
		return 0, err
	}
	fromB, toA, err := rawPipe()
	if err != nil {
		return 0, errors.Join(err, closeAll(fromA, toB))
	}
	side := func(in, out *os.File, first bool) func() error {
		return func() error {
			if each == nil {
				return bounce(in, out, first)
			}
			end, err := each()
			if err != nil {
				return err
			}
			return errors.Join(bounce(in, out, first), end())
		}
	}
	began := time.Now()
	a, b := onCPU(cpu, side(fromB, toB, true)), onCPU(cpu, side(fromA, toA, false))
	err = errors.Join(<-a, <-b)
	return nsPer(began, probeRounds), errors.Join(err, closeAll(fromA, toB, fromB, toA))
}

func closeAll(files ...*os.File) error {
	var errs []error
	for _, f := range files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}
