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

	"github.com/seda-go/seda/internal/report"
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
	among []string // contenders of which it needs one
	value func(r round) float64
	// pick makes value and what, where it takes all rounds to know which contenders to compare.
	pick  func(rounds []round) (value func(r round) float64, what string)
	when  func(r round) bool // in which rounds there is a value; nil: all
	bound float64            // NaN: none
	what  string
}

func (r row) needs(name string) bool {
	return slices.Contains(r.of, name) || slices.Contains(r.among, name)
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
	// collect measures the contenders of these names, which have no sample of their own, in so many interleaved rounds, and says why some
	// are missing. Nil: each contender is sampled.
	collect func(ctx context.Context, names []string, rounds int) (measured []round, missing map[string]string, err error)
	// half of the rounds at least must be valid for a figure: what is left of fewer was chosen by what disturbed the others.
	half bool
}

// only reduces s to the rows that begin with one of the prefixes, and to the
// contenders they need. No prefix means all.
func (s suite) only(prefixes []string) suite {
	if len(prefixes) == 0 {
		return s
	}
	r := suite{id: s.id, collect: s.collect, half: s.half}
	for _, row := range s.rows {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(row.id, p) }) {
			r.rows = append(r.rows, row)
		}
	}
	for _, c := range s.contenders {
		if slices.ContainsFunc(r.rows, func(row row) bool { return row.needs(c.name) }) {
			r.contenders = append(r.contenders, c)
		}
	}
	return r
}

// run measures n rounds after one that is thrown away, and returns the figures
// of the rows. What it learns on the way goes to notes.
func (s suite) run(ctx context.Context, n int, notes io.Writer) ([]figure, error) {
	measure := s.sampleAll
	if s.collect != nil {
		measure = s.collectAll
	}
	rounds, missing, err := measure(ctx, n+1)
	if ctx.Err() != nil {
		err = ctx.Err() // what was not measured is not missing
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.id, err)
	}
	rounds = rounds[1:]
	s.describe(rounds, missing, notes)
	return s.figures(rounds, missing), nil
}

func (s suite) collectAll(ctx context.Context, n int) ([]round, map[string]string, error) {
	names := make([]string, len(s.contenders))
	for i, c := range s.contenders {
		names[i] = c.name
	}
	return s.collect(ctx, names, n)
}

// sampleAll takes n samples of each contender, in an order that is shuffled
// anew in every round.
func (s suite) sampleAll(ctx context.Context, n int) ([]round, map[string]string, error) {
	missing := map[string]string{}
	rounds := make([]round, 0, n)
	rng := rand.New(rand.NewPCG(2, uint64(n-1)))
	for range n {
		r := round{}
		for _, at := range rng.Perm(len(s.contenders)) {
			c := s.contenders[at]
			if _, ok := missing[c.name]; ok {
				continue
			}
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			x, err := c.measure(ctx)
			if why := unavailable(""); errors.As(err, &why) {
				missing[c.name] = err.Error()
				continue
			}
			if err != nil {
				return nil, nil, fmt.Errorf("%s: %w", c.name, err)
			}
			r[c.name] = x
		}
		rounds = append(rounds, r)
	}
	return rounds, missing, nil
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
		if name := row.lacks(missing); name != "" {
			all = append(all, skipped(row.id, row.bound, name+": "+missing[name]))
			continue
		}
		rounds := rounds
		if row.when != nil {
			rounds = slices.DeleteFunc(slices.Clone(rounds), func(r round) bool { return !row.when(r) })
		}
		if len(rounds) == 0 {
			all = append(all, skipped(row.id, row.bound, "no such round"))
			continue
		}
		value, what := row.value, row.what
		if row.pick != nil {
			value, what = row.pick(rounds)
		}
		values := make([]float64, len(rounds))
		for i, r := range rounds {
			values[i] = value(r)
		}
		if values = valid(values); len(values) == 0 {
			all = append(all, skipped(row.id, row.bound, "no round was valid"))
			continue
		}
		if n := len(values); s.half && 2*n < len(rounds) {
			all = append(all, skipped(row.id, row.bound, fmt.Sprintf("%d of %d rounds were valid, median %s", n, len(rounds), number(median(values)))))
			continue
		}
		all = append(all, judge(row.id, values, row.bound, what))
	}
	return all
}

// valid returns xs without NaN: what rounds say in which the measurement was not valid.
func valid(xs []float64) []float64 { return slices.DeleteFunc(slices.Clone(xs), math.IsNaN) }

// lacks names a contender without which there is no value, if one is missing.
func (r row) lacks(missing map[string]string) string {
	for _, name := range r.of {
		if missing[name] != "" {
			return name
		}
	}
	for _, name := range r.among {
		if missing[name] == "" {
			return ""
		}
	}
	if len(r.among) > 0 {
		return r.among[0]
	}
	return ""
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
			if x, ok := r[c.name]; ok {
				xs = append(xs, x)
			}
		}
		q := report.QuartilesOf(valid(xs))
		fmt.Fprintf(notes, "# %s %s: median %s, quartiles %s and %s %s; rounds", s.id, c.name,
			number(q.Median), number(q.Low), number(q.High), c.unit)
		for _, x := range xs {
			fmt.Fprint(notes, " ", number(x))
		}
		if n := sum(rounds, again(c.name)); n > 0 {
			fmt.Fprintf(notes, "; %.0f runs thrown away", n)
		}
		fmt.Fprintln(notes)
	}
}
