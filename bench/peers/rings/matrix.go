package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path"
	"strings"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/report"
)

// An entry is one contender in one cell, with what it took in each round.
type entry struct {
	queue  contender
	rounds [][]float64 // nil for a round without a result
	why    string      // there is none, from some round on
}

// A table is one cell and all contenders that can do its work.
type table struct {
	cell      cell
	entries   []*entry
	distances []float64 // between the CPUs, before each round
}

// plan makes the tables of what one of the patterns selects: a pattern of cells, or of cells and contenders with a slash between them.
// Without a pattern it is the whole matrix.
func plan(patterns []string) ([]*table, error) {
	if len(patterns) == 0 {
		patterns = []string{"*"}
	}
	var tables []*table
	used := map[string]bool{}
	for _, c := range candidates(patterns) {
		t := &table{cell: c}
		for _, q := range contenders {
			chosen, err := selecting(patterns, c, q)
			if err != nil {
				return nil, err
			}
			for _, p := range chosen {
				used[p] = true
			}
			if len(chosen) > 0 {
				t.entries = append(t.entries, &entry{queue: q})
			}
		}
		if len(t.entries) > 0 {
			tables = append(tables, t)
		}
	}
	for _, p := range patterns {
		if !used[p] {
			return nil, fmt.Errorf("no cell and queue is like %s", p)
		}
	}
	return tables, nil
}

// candidates are the cells of the matrix, and those that patterns name outside of it.
func candidates(patterns []string) []cell {
	all := cells()
	for _, p := range patterns {
		name, _, _ := strings.Cut(p, "/")
		c, err := parseCell(name)
		if err != nil {
			continue
		}
		known := false
		for _, a := range all {
			known = known || a == c
		}
		if !known {
			all = append(all, c)
		}
	}
	return all
}

// selecting returns those of the patterns that select a contender in a cell whose work it can do.
func selecting(patterns []string, c cell, q contender) (chosen []string, err error) {
	for _, p := range patterns {
		ofCell, ofQueue, named := strings.Cut(p, "/")
		if !named {
			ofQueue = "*"
		}
		cellFits, err := path.Match(ofCell, c.String())
		queueFits, err2 := path.Match(ofQueue, q.name)
		if err = errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("%s: %w", p, err)
		}
		if cellFits && queueFits && q.takes(c) {
			chosen = append(chosen, p)
		}
	}
	return chosen, nil
}

// A bench measures tables, each sample in a process of its own.
type bench struct {
	tables   []*table
	rounds   int
	cpus     [2]int
	time     time.Duration
	near     float64       // wait for a distance of so many nanoseconds; 0: do not
	waits    time.Duration // what is left for that
	progress io.Writer

	self     string            // this program
	programs map[string]string // built ones, by source
}

// run goes through all cells in every round, in an order that is shuffled anew, and through the contenders of a cell one after the other,
// shuffled too: CPUs, and the distance between them, change their speed within seconds, and what is compared should meet the same one.
func (b *bench) run(ctx context.Context) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	b.self = self
	b.build(ctx)
	if err := ctx.Err(); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, uint64(b.rounds)))
	began := time.Now()
	for round := range b.rounds {
		for _, i := range rng.Perm(len(b.tables)) {
			t := b.tables[i]
			d, err := b.nearby(ctx)
			if err != nil {
				return err
			}
			t.distances = append(t.distances, d)
			for _, k := range rng.Perm(len(t.entries)) {
				xs, err := b.sample(ctx, t.entries[k], t.cell)
				if ctx.Err() != nil {
					return ctx.Err() // which says nothing of the contender
				}
				t.entries[k].take(xs, err)
			}
		}
		d := report.QuartilesOf(b.distances(round))
		fmt.Fprintf(b.progress, "round %d of %d, %v, CPUs %s ns apart, quartiles %s and %s\n", round+1, b.rounds,
			time.Since(began).Round(time.Second), number(d.Median), number(d.Low), number(d.High))
	}
	return nil
}

func (b *bench) distances(round int) (all []float64) {
	for _, t := range b.tables {
		all = append(all, t.distances[round])
	}
	return all
}

func (e *entry) take(xs []float64, err error) {
	if err != nil && e.why == "" {
		e.why = err.Error()
	}
	e.rounds = append(e.rounds, xs)
}

// build makes the programs that entries need. Entries whose program cannot be built say why.
func (b *bench) build(ctx context.Context) {
	b.programs = map[string]string{}
	reasons := map[string]string{}
	for _, t := range b.tables {
		for _, e := range t.entries {
			source := e.queue.program
			if source == "" || ctx.Err() != nil {
				continue
			}
			if _, known := b.programs[source]; !known {
				fmt.Fprintf(b.progress, "compile %s.cc\n", source)
				program, err := nativeOf(source).build(ctx)
				b.programs[source] = program
				if err != nil && ctx.Err() == nil {
					reasons[source] = err.Error()
				}
			}
			e.why = reasons[source]
		}
	}
}

var errMissing = errors.New("missing")

func (b *bench) sample(ctx context.Context, e *entry, c cell) ([]float64, error) {
	if e.why != "" {
		return nil, errMissing // it has failed before
	}
	if e.queue.program != "" {
		return runProgram(ctx, b.programs[e.queue.program], e.queue.arguments(c, b.cpus, b.time)...)
	}
	return runProgram(ctx, b.self, "-sample", e.queue.name, "-cpus", affinity.Of(b.cpus[0], b.cpus[1]).String(),
		"-time", b.time.String(), c.String())
}
