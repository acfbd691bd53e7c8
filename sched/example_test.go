package sched_test

import (
	"fmt"

	"github.com/seda-go/seda/sched"
)

// patience is a law of one's own: a source lets in as many events as are done within its target, going by how many were done since the last look.
type patience struct {
	y    *sched.System
	now  int64 // of the last snapshot
	done []uint64
}

func newPatience(y *sched.System) (sched.Policy, error) {
	return &patience{y: y, done: make([]uint64, len(y.Stages))}, nil
}

func (p *patience) Decide(s *sched.Snapshot, d *sched.Draft) {
	for k, from := range p.y.Sources {
		done, took := s.Stages[from.Stage].Done-p.done[from.Stage], s.Now-p.now
		if from.Target == 0 || done == 0 || took <= 0 {
			continue
		}
		each := took / int64(done)
		d.SetLimit(k, sched.Limit{Depth: int(max(from.Target/each, 1)), Retry: each}, fmt.Sprintf("%d were done in %d ms", done, took/1e6))
	}
	p.now = s.Now // a snapshot is not kept: its slices are used again
	for i := range p.done {
		p.done[i] = s.Stages[i].Done
	}
}

// A policy sees numbers and decides numbers, so it runs without an engine: here beside the law of batches, on snapshots made by hand.
func ExamplePolicy() {
	y := &sched.System{
		Workers: []sched.Seat{{CPU: 0}},
		Stages:  []sched.Stage{{Name: "lookup", Capacity: 1024, MaxBatch: 64}},
		Sources: []sched.Source{{Name: "lookup/submit", Stage: 0, Capacity: 1024, Target: 10e6}},
		Quantum: 100_000,
	}
	var laws sched.Laws
	for _, maker := range []sched.Maker{sched.Batch, newPatience} {
		law, err := maker(y)
		if err != nil {
			fmt.Println(err)
			return
		}
		laws = append(laws, law)
	}
	plan := sched.ServeAll(len(y.Workers), len(y.Stages))
	for tick := range int64(3) {
		s := &sched.Snapshot{
			Now: tick * 5e6, Settled: true, Workers: make([]sched.WorkerSample, 1),
			Stages:  []sched.StageSample{{Entered: 600, Done: uint64(tick * 20), Depth: 600 - int(tick)*20}},
			Sources: []sched.SourceSample{{Offered: 600, Accepted: 600, Depth: 600 - int(tick)*20}},
		}
		d := sched.NewDraft(y, plan)
		laws.Decide(s, d)
		if err := d.Plan.Check(y); err != nil { // as an engine does
			fmt.Println(err)
			return
		}
		for _, ch := range d.Changes {
			fmt.Printf("%d ms: %s %s: %s -> %s: %s\n", s.Now/1e6, ch.What, ch.Of, ch.From, ch.To, ch.Why)
		}
		plan = d.Plan
	}
	// Output:
	// 0 ms: batch lookup: 0 -> 64: to begin with
	// 5 ms: admit lookup/submit: all -> depth 40, retry 250µs: 20 were done in 5 ms
}
