package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
)

// A contender is one of the things that are measured side by side.
type contender struct {
	name string
	unit string
	// sample measures once and checks the result of what it timed. An error
	// that is unavailable says why it cannot be measured here.
	sample func(ctx context.Context) (float64, error)
}

// unavailable is the reason why something cannot be measured on this machine.
type unavailable string

func (u unavailable) Error() string { return string(u) }

// A round has one sample of each contender, by name.
type round map[string]float64

// A row is one line of the result: a value computed in every round, whose
// median is compared with a bound.
type row struct {
	id    string
	of    []string // the contenders that value needs
	value func(r round) float64
	bound float64 // NaN: none
	what  string
}

var none = math.NaN()

// ratio is a row that divides the time of ours by the time of theirs.
func ratio(id, ours, theirs string, bound float64) row {
	return row{
		id: id, of: []string{ours, theirs}, bound: bound, what: ours + " / " + theirs,
		value: func(r round) float64 { return r[ours] / r[theirs] },
	}
}

// plain is a row that prints the sample of one contender.
func plain(id, name string, bound float64, what string) row {
	return row{
		id: id, of: []string{name}, bound: bound, what: what,
		value: func(r round) float64 { return r[name] },
	}
}

// A suite is a set of contenders that are measured in interleaved rounds, and
// the rows that follow from them.
type suite struct {
	id         string
	contenders []contender
	rows       []row
}

// only reduces s to the rows that begin with one of the prefixes, and to the
// contenders they need. No prefix means all.
func (s suite) only(prefixes []string) suite {
	if len(prefixes) == 0 {
		return s
	}
	r := suite{id: s.id}
	for _, row := range s.rows {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(row.id, p) }) {
			r.rows = append(r.rows, row)
		}
	}
	for _, c := range s.contenders {
		if slices.ContainsFunc(r.rows, func(row row) bool { return slices.Contains(row.of, c.name) }) {
			r.contenders = append(r.contenders, c)
		}
	}
	return r
}

// run measures n rounds after one that is thrown away, in an order that is
// shuffled anew in every round, and returns the figures of the rows. What it
// learns on the way goes to notes.
func (s suite) run(ctx context.Context, n int, notes io.Writer) ([]figure, error) {
	missing := map[string]string{}
	rounds := make([]round, 0, n)
	rng := rand.New(rand.NewPCG(2, uint64(n)))
	for i := range n + 1 {
		r := round{}
		for _, at := range rng.Perm(len(s.contenders)) {
			c := s.contenders[at]
			if _, ok := missing[c.name]; ok {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			x, err := c.measure(ctx)
			if why := unavailable(""); errors.As(err, &why) {
				missing[c.name] = err.Error()
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", s.id, c.name, err)
			}
			r[c.name] = x
		}
		if i > 0 {
			rounds = append(rounds, r)
		}
	}
	s.describe(rounds, missing, notes)
	return s.figures(rounds, missing), nil
}

// measure takes one sample from a quiet start: garbage collected, and GOMAXPROCS
// as the program found it.
func (c contender) measure(ctx context.Context) (float64, error) {
	procs := runtime.GOMAXPROCS(0)
	runtime.GC()
	x, err := c.sample(ctx)
	if runtime.GOMAXPROCS(0) != procs {
		runtime.GOMAXPROCS(procs)
	}
	return x, err
}

func (s suite) figures(rounds []round, missing map[string]string) []figure {
	var all []figure
	for _, row := range s.rows {
		if i := slices.IndexFunc(row.of, func(name string) bool { return missing[name] != "" }); i >= 0 {
			all = append(all, skipped(row.id, row.bound, row.of[i]+": "+missing[row.of[i]]))
			continue
		}
		values := make([]float64, len(rounds))
		for i, r := range rounds {
			values[i] = row.value(r)
		}
		all = append(all, judge(row.id, values, row.bound, row.what))
	}
	return all
}

// describe notes the quartiles of every contender and what it took in each round, in order: a contender with two speeds, or one that got slower
// meanwhile, does not show in quartiles, and the ratios can be computed again.
func (s suite) describe(rounds []round, missing map[string]string, notes io.Writer) {
	for _, c := range s.contenders {
		if why, ok := missing[c.name]; ok {
			fmt.Fprintf(notes, "# %s %s: %s\n", s.id, c.name, why)
			continue
		}
		var xs []float64
		for _, r := range rounds {
			xs = append(xs, r[c.name])
		}
		fmt.Fprintf(notes, "# %s %s: median %s, quartiles %s and %s %s; rounds", s.id, c.name,
			number(median(xs)), number(quantile(xs, 0.25)), number(quantile(xs, 0.75)), c.unit)
		for _, x := range xs {
			fmt.Fprint(notes, " ", number(x))
		}
		fmt.Fprintln(notes)
	}
}
