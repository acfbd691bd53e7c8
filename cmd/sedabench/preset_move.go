package main

import (
	"context"
	"fmt"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/trial"
)

// askShift compares the policies before and after the work moves: the goodput of the last half of each half of a run.
func askShift(ctx context.Context, a *asking) error {
	s := a.sheet(fmt.Sprintf("Work that moves from the first of two stages to the second, 3:1 to 1:3, %s in all", a.service),
		column{name: "before/s", unit: report.Count}, column{name: "just after/s", unit: report.Count}, column{name: "after/s", unit: report.Count},
		column{name: "moves", unit: whole}, column{name: "of them late", unit: whole})
	var entries []entry
	for _, policy := range a.policies {
		c := trial.Shift(a.place, a.service, policy, a.warmup, a.duration)
		half := a.warmup + a.duration/2
		end, quarter := a.warmup+a.duration, a.duration/4
		entries = append(entries, entry{s, policy, c, func(o trial.Outcome) {
			s.put(policy, "before/s", trial.SeenRate(o.Timeline, half-quarter, half))
			s.put(policy, "just after/s", trial.SeenRate(o.Timeline, half, half+quarter/2))
			s.put(policy, "after/s", trial.SeenRate(o.Timeline, end-quarter, end))
			s.put(policy, "moves", float64(trial.Moves(o.Decisions, 0, end)))
			s.put(policy, "of them late", float64(trial.Moves(o.Decisions, end-quarter, end)))
		}})
	}
	return a.repeat(ctx, entries)
}

// askPair counts the moves of cores that a load which does not change brings about once it has settled.
func askPair(ctx context.Context, a *asking) error {
	s := a.sheet(fmt.Sprintf("Two equal stages of %s, %s, a load that does not change", a.service, report.Plural(a.place.Workers, "worker")),
		column{name: "goodput/s", unit: report.Count}, column{name: "moves in the warm-up", unit: whole},
		column{name: "moves after it", unit: whole, bound: bound(0)})
	var entries []entry
	for _, policy := range a.policies {
		c := trial.TwoStages(a.place, a.service, policy, a.warmup, a.duration)
		entries = append(entries, entry{s, policy, c, func(o trial.Outcome) {
			s.put(policy, "goodput/s", o.PerSecond(o.Done))
			s.put(policy, "moves in the warm-up", float64(trial.Moves(o.Decisions, 0, a.warmup)))
			s.put(policy, "moves after it", float64(trial.Moves(o.Decisions, a.warmup, a.warmup+a.duration)))
		}})
	}
	return a.repeat(ctx, entries)
}

// trickle is how many requests per second the stage gets that must not starve.
const trickle = 200

// askStarve asks how long the few wait that go to a stage of their own, where all others are flooded. In the worst case a worker comes to every
// stage once for a quantum, or a batch if that is longer, before it is their turn.
func askStarve(ctx context.Context, a *asking) error {
	stages := a.place.Workers + 3
	const quantum = 100e3
	turn := max(quantum, 64*a.service.Mean())
	worst := float64(stages)*turn + turn
	s := a.sheet(fmt.Sprintf("A stage that gets %d/s beside %d flooded ones, service %s", trickle, stages-1, a.service),
		column{name: "goodput/s", unit: report.Count}, column{name: "flood refused", unit: report.Share},
		column{name: "trickle p50", unit: report.Time},
		column{name: "trickle p99", unit: report.Time, bound: bound(worst)}, column{name: "trickle max", unit: report.Time})
	var entries []entry
	for _, policy := range a.policies {
		c, err := trial.Starve(a.place, a.service, policy, trickle)
		if err != nil {
			return err
		}
		entries = append(entries, entry{s, policy, a.timed(c), func(o trial.Outcome) {
			last := o.Kinds[len(o.Kinds)-1]
			var offered, refused int64
			for _, k := range o.Kinds[:len(o.Kinds)-1] {
				offered, refused = offered+k.Offered, refused+k.Refused
			}
			s.put(policy, "goodput/s", o.PerSecond(o.Done))
			s.put(policy, "flood refused", float64(refused)/float64(max(offered, 1)))
			s.put(policy, "trickle p50", float64(last.Sojourn.ValueAtQuantile(50)))
			s.put(policy, "trickle p99", float64(last.Sojourn.ValueAtQuantile(99)))
			s.put(policy, "trickle max", float64(last.Sojourn.Max()))
		}})
	}
	return a.repeat(ctx, entries)
}
