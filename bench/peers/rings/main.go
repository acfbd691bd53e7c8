package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
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
	sample  string
	rounds  int
	time    time.Duration
	cpus    string
	near    time.Duration
	format  string
	list    bool
	install bool
}

func start(ctx context.Context, args []string, out, errs io.Writer) int {
	var o options
	flags := flag.NewFlagSet("rings", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.IntVar(&o.rounds, "rounds", 10, "how often everything is measured")
	flags.DurationVar(&o.time, "time", 40*time.Millisecond, "how long what is timed is to last, after a quarter of that to warm up")
	flags.StringVar(&o.cpus, "cpus", "", "the two CPUs to run on, such as 0,1; chosen if empty")
	near, _ := time.ParseDuration(os.Getenv("RINGS_NEAR")) // for those who do not start this themselves
	flags.DurationVar(&o.near, "near", near, "before a cell is measured, wait up to 20 s until a word goes to the other CPU and back in this time")
	flags.StringVar(&o.format, "o", "text", "text or json")
	flags.BoolVar(&o.list, "list", false, "print cells and queues, and measure nothing")
	flags.BoolVar(&o.install, "install", true, "install missing packages, where this is possible")
	flags.StringVar(&o.sample, "sample", "", "measure this `queue` once, in the cell that is the only argument, and print nothing but the result")
	flags.Usage = func() {
		fmt.Fprintln(errs, "Usage: rings [flags] [cell or cell/queue]..., with * for anything; all of them if there is none")
		flags.PrintDefaults()
	}
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if o.rounds < 1 || o.time < time.Millisecond || o.format != "text" && o.format != "json" || o.sample != "" && flags.NArg() != 1 {
		fmt.Fprintln(errs, "rings: at least one round, a millisecond, text or json, and one cell for a sample")
		return 2
	}
	if err := o.run(ctx, flags.Args(), out, errs); err != nil {
		fmt.Fprintln(errs, "rings:", err)
		if errors.As(err, new(usageError)) {
			return 2
		}
		return 1
	}
	return 0
}

// usageError is what is wrong with the words of the command line.
type usageError struct{ error }

func (o options) run(ctx context.Context, args []string, out, errs io.Writer) error {
	if o.sample != "" {
		return o.measureOnce(ctx, args[0], out)
	}
	tables, err := plan(args)
	if err != nil {
		return usageError{err}
	}
	if o.list {
		list(tables, out)
		return nil
	}
	cpus, err := twoCPUs(o.cpus)
	if err != nil {
		return err
	}
	if o.install {
		install(ctx, errs)
	}
	b := &bench{tables: tables, rounds: o.rounds, cpus: cpus, time: o.time, near: float64(o.near), waits: waitInAll, progress: errs}
	m := describe(ctx, cpus)
	if o.near > 0 {
		m.Near = o.near.String()
	}
	err = b.run(ctx)
	m.After = load()
	write := b.result(m).writeText
	if o.format == "json" {
		write = b.result(m).writeJSON
	}
	return errors.Join(err, write(out))
}

// measureOnce is what a process that takes one sample does.
func (o options) measureOnce(ctx context.Context, name string, out io.Writer) error {
	t, err := find(o.sample)
	if err != nil {
		return usageError{err}
	}
	c, err := parseCell(name)
	if err != nil {
		return usageError{err}
	}
	if !t.takes(c) {
		return usageError{fmt.Errorf("%s cannot do the work of %s", t.name, c)}
	}
	cpus, err := twoCPUs(o.cpus)
	if err != nil {
		return err
	}
	xs, err := sample(ctx, t, c, cpus, o.time)
	if err == nil {
		_, err = fmt.Fprintln(out, strings.Trim(fmt.Sprint(xs), "[]"))
	}
	return err
}

func list(tables []*table, out io.Writer) {
	for _, t := range tables {
		fmt.Fprint(out, t.cell)
		for _, e := range t.entries {
			fmt.Fprint(out, " ", e.queue.name)
		}
		fmt.Fprintln(out)
	}
}

// twoCPUs returns the CPUs that are named, or two of different cores that share a cache, where there are such.
func twoCPUs(named string) (cpus [2]int, err error) {
	set, err := affinity.Parse(named)
	if err != nil {
		return cpus, usageError{fmt.Errorf("cpus: %w", err)}
	}
	if named != "" && set.Len() != 2 {
		return cpus, usageError{fmt.Errorf("cpus %s: want two", named)}
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
