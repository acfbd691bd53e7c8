package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/internal/trial"
	"github.com/seda-go/seda/internal/workload"
)

// An experiment is one run that gives several values of a round.
type experiment struct {
	gives []string
	unit  string
	early bool // it is run before the others of its round, which use what it gives
	few   int  // in so many of the rounds that count only; 0: in all, also in the one that is thrown away
	run   func(ctx context.Context, r round) error
}

// counted is every round that counts.
const counted = math.MaxInt

// experiments returns a suite made of these.
func experiments(id string, all []experiment, rows []row) suite {
	s := suite{id: id, rows: rows, half: true, collect: func(ctx context.Context, names []string, rounds int) ([]round, map[string]string, error) {
		return collectExperiments(ctx, all, names, rounds)
	}}
	for _, e := range all {
		for _, name := range e.gives {
			s.contenders = append(s.contenders, contender{name: name, unit: e.unit})
		}
	}
	return s
}

// collectExperiments makes n rounds of those that give what is wanted, in an order that is shuffled anew in every round.
func collectExperiments(ctx context.Context, all []experiment, names []string, n int) ([]round, map[string]string, error) {
	wanted := slices.DeleteFunc(slices.Clone(all), func(e experiment) bool {
		return !slices.ContainsFunc(e.gives, func(name string) bool { return slices.Contains(names, name) })
	})
	rounds := make([]round, 0, n)
	rng := rand.New(rand.NewPCG(3, uint64(n)))
	for at := range n {
		r := round{ordinal: float64(at)}
		for _, early := range []bool{true, false} {
			for _, i := range rng.Perm(len(wanted)) {
				e := wanted[i]
				if e.early != early || e.few > 0 && (at == 0 || at > e.few) {
					continue
				}
				if err := e.run(ctx, r); err != nil {
					return nil, nil, fmt.Errorf("%s: %w", e.gives[0], err)
				}
			}
		}
		rounds = append(rounds, r)
	}
	return rounds, nil, nil
}

// ordinal is the name under which a round of experiments has its own.
const ordinal = "round"

// arrivals is of what all arrivals are drawn.
const arrivals = 6

// seeded gives a run the arrivals of the round: the same for all that are compared in it, and others than in the rounds before, so that an interval over
// rounds is about arrivals as well.
func (r round) seeded(c trial.Config) trial.Config {
	c.Seed = load.Seed(arrivals, int(r[ordinal]))
	return c
}

// tries is how often a run is made again whose load generator was too late, as where something else had its CPU.
const tries = 3

// try makes a run that counts. What comes of it is put into r by take; if none counts, the values are NaN and the round says nothing.
func try(ctx context.Context, c trial.Config, r round, gives []string, take func(o trial.Outcome)) error {
	for _, name := range gives {
		r[name] = math.NaN()
	}
	for range tries {
		if err := ctx.Err(); err != nil {
			return err
		}
		o, err := trial.Run(ctx, r.seeded(c))
		if err != nil {
			return err
		}
		if o.Counts(c) {
			take(o)
			return nil
		}
		r[again(gives[0])]++
	}
	return nil
}

// again is under which name a round has the number of runs that were thrown away before one gave a value of that name.
func again(name string) string { return name + " again" }

// sum adds up what rounds have of a name.
func sum(rounds []round, name string) (x float64) {
	for _, r := range rounds {
		x += r[name]
	}
	return x
}

var calibrated = sync.OnceValue(workload.Calibrate)

// onePlace is a generator on one CPU and a worker on the other.
func onePlace() (trial.Place, error) {
	near, far, err := twoCPUs()
	if err != nil {
		return trial.Place{}, err
	}
	return trial.Place{CPUs: load.CPUs{Workers: affinity.Of(far), Generator: near}, Workers: 1, Alone: true, Spin: calibrated(), Log: quiet}, nil
}

// placed calls f with the place, or leaves NaN where there are not two CPUs.
func placed(r round, gives []string, f func(p trial.Place) error) error {
	p, err := onePlace()
	if err != nil {
		for _, name := range gives {
			r[name] = math.NaN()
		}
		return nil
	}
	return f(p)
}

// law is the policy whose figures have bounds: what the engine does by itself.
func law() string { return staged.DefaultPolicy() }

// seldom makes rows of experiments that are in few rounds: where they are not, there is no value.
func seldom(rows ...row) []row {
	for i := range rows {
		of := rows[i].of
		rows[i].when = func(r round) bool {
			return !slices.ContainsFunc(of, func(name string) bool { _, ok := r[name]; return !ok })
		}
	}
	return rows
}

// inverse is a row that divides what is best by ours, where more is better.
func inverse(id, best, ours string, bound float64, what string) row {
	return row{id: id, of: []string{best, ours}, bound: bound, what: what, value: func(r round) float64 { return r[best] / r[ours] }}
}
