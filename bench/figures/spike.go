package main

import (
	"context"
	"fmt"

	"github.com/seda-go/seda/internal/trial"
	"github.com/seda-go/seda/internal/workload"
)

// spikeRows are of a load that is 0.7 times the peak and, for the second half of each 120 ms, 1.4 times it. Whether the delay at the head of the queue
// is under the target is looked at in slices of a millisecond: recovered is when it was over it for the last time while the spike lasted, the
// strictest reading; first is when it came back for the first time. The p99 is of all that was done, in spikes and between them.
func spikeRows(id, name string, service workload.Service) (runs []experiment, rows []row) {
	most := "spike peak " + name
	runs = append(runs, peak(most, service))
	add := func(suffix, policy string, bound, good float64) (experiment, []row) {
		ours := "spike " + name + suffix
		one := func(id, what string, bound float64, name string) row {
			return row{id: id, of: []string{most, name}, bound: bound, what: what, value: func(r round) float64 { return r[name] }}
		}
		return spike(ours, most, service, policy), []row{
			one(id+suffix, "ms from the start of a spike to the end of the last one over target, median of a round, "+policy, bound, ours),
			inverse(id+suffix+".good", most, ours+" good", good, "peak / goodput while spikes last, "+policy),
			one(id+suffix+".p99", "p99 of what was done, in deadlines", none, ours+" p99"),
			one(id+suffix+".first", "ms until it was under target for the first time again", none, ours+" first"),
			one(id+suffix+".never", "part of the spikes that were over target at their end", none, ours+" never"),
		}
	}
	e, r := add("", law(), spikeBound, goodBound)
	runs, rows = append(runs, e), append(rows, r...)
	for _, policy := range rivals() {
		e, r := add("."+policy, policy, none, none)
		e.few = fewRounds
		runs, rows = append(runs, e), append(rows, seldom(r[:3]...)...)
	}
	return runs, rows
}

func spike(name, most string, service workload.Service, policy string) experiment {
	gives := []string{name, name + " good", name + " p99", name + " first", name + " never"}
	return experiment{gives: gives, unit: "ms, requests/s, deadlines, ms, part", run: func(ctx context.Context, r round) error {
		return placed(r, gives, func(p trial.Place) error {
			c := trial.Spike(p, service, policy, r[most], 0.7, 1.4, spikePeriod)
			c.Warmup, c.Duration = spikePeriod, spikesEach*spikePeriod
			return overloaded(ctx, c, r, gives, func(o trial.Outcome) {
				settled, first, good, never := trial.Spikes(trial.Recoveries(o, c))
				r[name], r[gives[1]], r[gives[3]] = settled.Seconds()*1e3, good, first.Seconds()*1e3
				r[gives[2]] = float64(o.Kinds[0].Sojourn.ValueAtQuantile(99)) / float64(c.Deadline)
				r[gives[4]] = float64(never) / spikesEach
			})
		})
	}}
}

// refusalRows are what it costs a caller to be refused.
func refusalRows() (experiment, []row) {
	const limited, full = "refused by a limit", "refused when full"
	gives := []string{limited, full}
	e := experiment{gives: gives, unit: "ns", run: func(ctx context.Context, r round) (err error) {
		if r[limited], err = refusal(ctx, true); err == nil {
			r[full], err = refusal(ctx, false)
		}
		return err
	}}
	return e, []row{
		plain("sched.overload.refusal", limited, none, "ns per TrySubmit that a limit of the policy refuses"),
		plain("sched.overload.refusal.full", full, none, fmt.Sprintf("ns per TrySubmit into a full ring, %d each", refusals)),
	}
}
