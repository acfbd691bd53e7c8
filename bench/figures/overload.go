package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/seda-go/seda/internal/trial"
	"github.com/seda-go/seda/internal/workload"
)

const (
	goodBound    = 1 / 0.95 // peak to goodput
	overloadWarm = 300 * time.Millisecond
	overloadTime = 500 * time.Millisecond
	peakTime     = 300 * time.Millisecond
	spikePeriod  = 120 * time.Millisecond
	spikeBound   = 20 // ms
	spikesEach   = 6  // in a round, so that ten rounds have more than 50
)

// overloadSuite measures admission on the real engine: generator on one CPU, worker on the other, Poisson arrivals, deadlines of ten service times from
// when a request was due. What is done later is not goodput. The peak is that of the same generator in closed loop, in the same round. Ours is what the
// engine does by itself, with batches of up to 64, as they are by default; the other policies, and none (static), have batches of one, which is
// the best for them. A generator that was too late makes a run invalid: it is made again, and left out if that happens three times.
func overloadSuite() suite {
	var all []experiment
	var rows []row
	for _, at := range []struct {
		name    string
		service time.Duration
		bounded float64 // the factor for which the design has a bound
	}{{"100us", 100 * time.Microsecond, 2}, {"1ms", time.Millisecond, 4}} {
		e, r := overloadRows("sched.overload."+at.name, at.name, workload.Constant(at.service), at.bounded)
		all, rows = append(all, e...), append(rows, r...)
	}
	for _, at := range []struct {
		name    string
		service time.Duration
	}{{"10us", 10 * time.Microsecond}, {"50us", 50 * time.Microsecond}, {"100us", 100 * time.Microsecond}} {
		e, r := spikeRows("sched.overload.spike."+at.name, at.name, workload.Constant(at.service), at.name == "50us")
		all, rows = append(all, e...), append(rows, r...)
	}
	refused, r := refusalRows()
	return experiments("sched.overload", append(all, refused), append(rows, r...))
}

// peak gives the requests per second that the service can do at most.
func peak(name string, service workload.Service) experiment {
	gives := []string{name}
	return experiment{gives: gives, unit: "requests/s", early: true, run: func(ctx context.Context, r round) error {
		return placed(r, gives, func(p trial.Place) error {
			c := trial.Peak(p, service)
			c.Warmup, c.Duration = batchWarm, peakTime
			return try(ctx, c, r, gives, func(o trial.Outcome) { r[name] = o.PerSecond(o.Good()) })
		})
	}}
}

// offered gives, of a load of so many times the peak, the goodput, the p99 of what was done in deadlines, and how late the generator was.
func offered(name, peak string, service workload.Service, policy string, factor float64) experiment {
	gives := []string{name, name + " p99", name + " late"}
	return experiment{gives: gives, unit: "requests/s, deadlines, us", run: func(ctx context.Context, r round) error {
		return placed(r, gives, func(p trial.Place) error {
			c := trial.Overload(p, service, policy, factor*r[peak])
			return overloaded(ctx, c, r, gives, func(o trial.Outcome) {
				r[name] = o.PerSecond(o.Good())
				r[gives[1]] = float64(o.Kinds[0].Sojourn.ValueAtQuantile(99)) / float64(c.Deadline)
				r[gives[2]] = float64(o.Lateness.ValueAtQuantile(99)) / 1e3
			})
		})
	}}
}

// overloaded makes a run of a load that is a part of a peak, which may not be known.
func overloaded(ctx context.Context, c trial.Config, r round, gives []string, take func(o trial.Outcome)) error {
	if c.Warmup == 0 {
		c.Warmup, c.Duration = overloadWarm, overloadTime
	}
	if !(c.Rate > 0) {
		for _, name := range gives {
			r[name] = math.NaN()
		}
		return nil
	}
	return try(ctx, c, r, gives, take)
}

func overloadRows(id, name string, service workload.Service, bounded float64) (all []experiment, rows []row) {
	most := name + " peak"
	all = append(all, peak(most, service))
	add := func(suffix, policy string, factor, bound float64) {
		ours := name + suffix
		all = append(all, offered(ours, most, service, policy, factor))
		rows = append(rows,
			inverse(id+suffix, most, ours, bound, fmt.Sprintf("peak / goodput at %gx, %s", factor, policy)),
			row{
				id: id + suffix + ".p99", of: []string{most, ours + " p99"}, bound: none, what: "p99 of what was done, in deadlines",
				value: func(r round) float64 { return r[ours+" p99"] },
			})
	}
	for _, factor := range []float64{1, 2, 4} {
		bound := none
		if factor == bounded {
			bound = goodBound
		}
		add(fmt.Sprintf(".x%g", factor), law(), factor, bound)
	}
	for _, policy := range others() {
		add(fmt.Sprintf(".x%g.%s", bounded, policy), policy, bounded, none)
	}
	e, r := classRows(id+".classes", most, service)
	return append(all, e), append(rows, r...)
}

// classRows are of three classes that together ask for four times the peak, the highest for half of it.
func classRows(id, most string, service workload.Service) (experiment, []row) {
	gives := []string{id + " low", id + " middle", id + " high"}
	e := experiment{gives: gives, unit: "of the demand", run: func(ctx context.Context, r round) error {
		return placed(r, gives, func(p trial.Place) error {
			c := trial.Overload(p, service, law(), 4*r[most]).Classes()
			return overloaded(ctx, c, r, gives, func(o trial.Outcome) {
				for i, k := range o.Kinds {
					r[gives[i]] = float64(k.Good) / float64(k.Offered)
				}
			})
		})
	}}
	var rows []row
	for i, class := range []string{"low", "middle", "high"} {
		rows = append(rows, row{
			id: id + "." + class, of: []string{most, gives[i]}, bound: none, what: "goodput of what the class asks for, all together for 4x the peak",
			value: func(r round) float64 { return r[gives[i]] },
		})
	}
	return e, rows
}
