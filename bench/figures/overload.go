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
	slowToSettle = 20 * spikePeriod // after which a law that adjusts slowly is measured
	peakTime     = 300 * time.Millisecond
	spikePeriod  = 120 * time.Millisecond
	spikeBound   = 20 // ms
	spikesEach   = 6  // in a round, so that ten rounds have more than 50
	fewRounds    = 3  // for what is there to compare with
)

// overloadSuite measures admission on the real engine: generator on one CPU, worker on the other, Poisson arrivals, deadlines of ten service times from
// when a request was due. What is done later is not goodput. The peak is that of the same generator in closed loop, in the same round. Ours is what the
// engine does by itself, with batches of up to 64, as they are by default; the published laws, and none (static), have batches of one, which is
// the best for them, and are measured in three rounds; the law of SEDA 2003, which adjusts slowly, after 2.4 s. A generator that was too late makes a run invalid: it is made again, and left out if that happens
// three times. Ten rounds take five minutes.
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
		e, r := spikeRows("sched.overload.spike."+at.name, at.name, workload.Constant(at.service))
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

// offered gives, of a load of so many times the peak, the goodput, the p99 of what was done in deadlines, what part was let in and discarded, how late the
// generator was, and how much of its CPU it had.
func offered(name, peak string, service workload.Service, policy string, factor float64) experiment {
	gives := []string{name, name + " p99", name + " dropped", name + " late", name + " cpu"}
	return experiment{gives: gives, unit: "requests/s, deadlines, part, us, part", run: func(ctx context.Context, r round) error {
		return placed(r, gives, func(p trial.Place) error {
			c := trial.Overload(p, service, policy, factor*r[peak])
			return overloaded(ctx, c, r, gives, func(o trial.Outcome) {
				r[name] = o.PerSecond(o.Good())
				r[gives[1]] = float64(o.Kinds[0].Sojourn.ValueAtQuantile(99)) / float64(c.Deadline)
				r[gives[2]] = float64(o.Kinds[0].Expired) / float64(o.Kinds[0].Offered)
				r[gives[3]] = float64(o.Lateness.ValueAtQuantile(99)) / 1e3
				r[gives[4]] = o.GeneratorCPU.Seconds() / o.Duration.Seconds()
			})
		})
	}}
}

// overloaded makes a run of a load that is a part of a peak, which may not be known. The law of SEDA 2003 corrects itself once in 100 requests, and is
// asked later.
func overloaded(ctx context.Context, c trial.Config, r round, gives []string, take func(o trial.Outcome)) error {
	if c.Warmup == 0 {
		c.Warmup, c.Duration = overloadWarm, overloadTime
	}
	if c.Policy == "seda-2003" {
		c.Warmup = slowToSettle
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
	add := func(suffix, policy string, factor, bound float64) (experiment, []row) {
		ours := name + suffix
		info := func(of, what string) row {
			r := plain(id+suffix+"."+of, ours+" "+of, none, what)
			r.of = append(r.of, most)
			return r
		}
		return offered(ours, most, service, policy, factor), []row{
			inverse(id+suffix, most, ours, bound, fmt.Sprintf("peak / goodput at %gx, %s", factor, policy)),
			info("p99", "p99 of what was done, in deadlines"),
			info("dropped", "part of what was offered that was let in and discarded"),
			info("late", "us by which the generator was late, p99"),
			info("cpu", "part of its CPU that the generator had"),
		}
	}
	for _, factor := range []float64{1, 2, 4} {
		bound := none
		if factor == bounded {
			bound = goodBound
		}
		e, r := add(fmt.Sprintf(".x%g", factor), law(), factor, bound)
		all, rows = append(all, e), append(rows, r...)
	}
	for _, policy := range rivals() {
		e, r := add(fmt.Sprintf(".x%g.%s", bounded, policy), policy, bounded, none)
		e.few = fewRounds
		all, rows = append(all, e), append(rows, seldom(r[:3]...)...)
	}
	e, r := classRows(id+".classes", most, service, law())
	all, rows = append(all, e), append(rows, r...)
	for _, policy := range rivals() {
		e, r := classRows(id+".classes."+policy, most, service, policy)
		e.few = fewRounds
		all, rows = append(all, e), append(rows, seldom(r...)...)
	}
	return all, rows
}

// rivals are none and the published laws of admission.
func rivals() []string {
	return []string{"static", "seda-2003", "codel", "queue-timeout", "breakwater", "dagor"}
}

// classRows are of three classes that together ask for four times the peak, the highest for half of it, the middle one for all.
func classRows(id, most string, service workload.Service, policy string) (experiment, []row) {
	gives := []string{id + " low", id + " middle", id + " high", id + " left"}
	e := experiment{gives: gives, unit: "of the demand", run: func(ctx context.Context, r round) error {
		return placed(r, gives, func(p trial.Place) error {
			c := trial.Overload(p, service, policy, 4*r[most]).Classes()
			return overloaded(ctx, c, r, gives, func(o trial.Outcome) {
				for i, k := range o.Kinds {
					r[gives[i]] = float64(k.Good) / float64(k.Offered)
				}
				r[gives[3]] = o.PerSecond(o.Kinds[1].Good) / (r[most] - o.PerSecond(o.Kinds[2].Good))
			})
		})
	}}
	var rows []row
	for i, class := range []string{"low", "middle", "high", "middle.left"} {
		what := "goodput of what the class asks for, all together for 4x the peak, " + policy
		if class == "middle.left" {
			what = "goodput of the middle class to what the highest leaves of the peak, " + policy
		}
		rows = append(rows, row{
			id: id + "." + class, of: []string{most, gives[i]}, bound: none, what: what, value: func(r round) float64 { return r[gives[i]] },
		})
	}
	return e, rows
}
