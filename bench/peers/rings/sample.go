package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"time"
)

// patience is how long a process may take for one sample.
const patience = 10 * time.Second

// sample measures one contender in one cell, in this process if it is a Go queue, else by its program. The result is the nanoseconds of an
// item, or the three percentiles of a round trip.
func sample(ctx context.Context, t contender, c cell, cpus [2]int, lasting time.Duration) ([]float64, error) {
	if t.program != "" {
		program, err := nativeOf(t.program).build(ctx)
		if err != nil {
			return nil, err
		}
		return runProgram(ctx, program, t.arguments(c, cpus, lasting)...)
	}
	if c.roundTrip() {
		p, err := roundTrips(c, t.trips8, cpus, lasting)
		return []float64{p.p50, p.p99, p.p999}, err
	}
	ns, err := throughput(c, t.loops(c), cpus, lasting)
	return []float64{ns}, err
}

func (t contender) arguments(c cell, cpus [2]int, lasting time.Duration) []string {
	args := []string{t.name}
	for _, n := range []int{c.producers, c.consumers, c.batch, c.bytes, c.capacity, cpus[0], cpus[1], int(lasting.Milliseconds())} {
		args = append(args, strconv.Itoa(n))
	}
	return args
}

// runProgram runs a program that prints numbers.
func runProgram(ctx context.Context, program string, args ...string) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("no result after %v: %w", patience, ctx.Err())
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	return parseNumbers(string(out))
}

func parseNumbers(out string) ([]float64, error) {
	fields := strings.Fields(out)
	if len(fields) == 0 {
		return nil, errors.New("a sample printed nothing")
	}
	xs := make([]float64, len(fields))
	for i, f := range fields {
		x, err := strconv.ParseFloat(f, 64)
		if err != nil || !(x > 0) {
			return nil, fmt.Errorf("a sample printed %q", out)
		}
		xs[i] = x
	}
	return xs, nil
}

func find(name string) (contender, error) {
	i := slices.IndexFunc(contenders, func(t contender) bool { return t.name == name })
	if i < 0 {
		return contender{}, fmt.Errorf("no queue %q", name)
	}
	return contenders[i], nil
}
