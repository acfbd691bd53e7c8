package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/seda-go/seda/affinity"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := start(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type options struct {
	one  string
	cpus string
	time time.Duration
}

func start(ctx context.Context, args []string, out, errs io.Writer) int {
	var o options
	flags := flag.NewFlagSet("rings", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&o.one, "sample", "", "measure this `queue` once, in the cell that is the only argument, and print the result")
	flags.StringVar(&o.cpus, "cpus", "", "the two CPUs to run on, such as 0,1; chosen if empty")
	flags.DurationVar(&o.time, "time", 40*time.Millisecond, "how long the timed run of a sample is to last")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if err := o.run(ctx, flags.Args(), out); err != nil {
		fmt.Fprintln(errs, "rings:", err)
		return 1
	}
	return 0
}

func (o options) run(ctx context.Context, args []string, out io.Writer) error {
	cpus, err := twoCPUs(o.cpus)
	if err != nil {
		return err
	}
	t, err := find(o.one)
	if err != nil {
		return err
	}
	c, err := parseCell(args[0])
	if err != nil {
		return err
	}
	xs, err := sample(ctx, t, c, cpus, o.time)
	if err != nil {
		return err
	}
	for _, x := range xs {
		fmt.Fprintf(out, "%.4f ", x)
	}
	fmt.Fprintln(out)
	return nil
}

// twoCPUs returns the CPUs that are named, or two of different cores that share a cache, where there are such.
func twoCPUs(named string) (cpus [2]int, err error) {
	set, err := affinity.Parse(named)
	if err != nil {
		return cpus, fmt.Errorf("cpus: %w", err)
	}
	if named != "" && set.Len() != 2 {
		return cpus, fmt.Errorf("cpus %s: want two", named)
	}
	if named == "" {
		if set, err = affinity.Allowed(); err != nil {
			return cpus, err
		}
	}
	if set.Len() < 2 {
		return cpus, errors.New("this needs two CPUs")
	}
	order := set.CPUs()
	if topo, _, err := affinity.System(); err == nil && named == "" {
		order = topo.Place(set, affinity.Compact|affinity.SiblingsLast|affinity.FastFirst)
	}
	return [2]int{min(order[0], order[1]), max(order[0], order[1])}, nil
}
