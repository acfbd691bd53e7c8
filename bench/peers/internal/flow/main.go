package flow

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/load"
)

// Pipeline sends events through three stages, batch of them to a message, and returns the nanoseconds that each took.
type Pipeline func(ctx context.Context, events, batch int) (ns float64, err error)

// InOrder makes a Pipeline of one that is given its flow, with a window of so many messages.
func InOrder(window int, run func(context.Context, *Flow) (float64, error)) Pipeline {
	return func(ctx context.Context, events, batch int) (float64, error) {
		return run(ctx, New(events, batch, window))
	}
}

// Main is the program of a peer: it measures p once and prints the result.
func Main(p Pipeline) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, p, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, p Pipeline, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("peer", flag.ContinueOnError)
	flags.SetOutput(errs)
	events := flags.Int("events", 1_000_000, "how many events to send")
	batch := flags.Int("batch", 1, "how many events to a message")
	cpus := flags.String("cpus", "", "the CPUs to run on, such as 0,2-3; any, if empty")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 || *events < 1 || *batch < 1 {
		fmt.Fprintln(errs, "peer: no arguments, and positive numbers")
		return 2
	}
	ns, err := sample(ctx, p, *events, *batch, *cpus)
	if err != nil {
		fmt.Fprintf(errs, "peer: %v\n", err)
		return 1
	}
	fmt.Fprintln(out, ns)
	return 0
}

// warmUp is the part of the events that goes through a pipeline before the one that is measured.
const warmUp = 0.1

func sample(ctx context.Context, p Pipeline, events, batch int, cpus string) (float64, error) {
	set, err := affinity.Parse(cpus)
	if err != nil {
		return 0, fmt.Errorf("cpus: %w", err)
	}
	release, err := load.Confine(set)
	if err != nil {
		return 0, err
	}
	if n := set.Len(); n > 0 {
		runtime.GOMAXPROCS(n)
	}
	_, err = p(ctx, max(int(warmUp*float64(events)), 1), batch)
	var ns float64
	if err == nil {
		ns, err = p(ctx, events, batch)
	}
	return ns, errors.Join(err, release())
}
