//go:build linux

// Soak runs engines under random load and trouble for as long as it is asked to, and fails when an event is lost, doubled or out of order, when
// a call is not answered, when the books do not balance, or when goroutines, threads, descriptors or memory grow.
//
//	go run ./engine/soak                  for a minute
//	go run ./engine/soak -for 8h
//	go run ./engine/soak -seed 7          makes the decisions of an earlier run again; only their times differ
//	go run -race ./engine/soak -for 10m
//
// It goes in cycles of some seconds. Each makes a graph of every kind of stage, edge and inlet (graph.go), sends events in bursts, in trickles
// and more than can be served (load.go), changes plans, stops the whole process, leaves it one CPU, allocates and collects (trouble.go), while
// handlers fail, panic, leave their goroutine and run long; now and then everything else halts, and the engine has to come to rest. In the
// end it is drained or closed, and the books (books.go) and what the process holds (growth.go) are checked.
//
// The command is two processes: one that soaks, and its keeper, which stops and continues it, changes its cpuset if the user may do that
// (keeper.go, cpuset.go), and ends it when it hangs.
// Progress goes to standard error, a table to standard output. The exit status is 0 if all is well, 1 if not, and 2 for a usage error.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"
)

// inside tells the process that soaks from its keeper.
const inside = "SEDA_SOAK_INSIDE"

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(errs)
	length := flags.Duration("for", time.Minute, "how long")
	seed := flags.Uint64("seed", rand.Uint64N(1_000_000), "what to do")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 || *length <= 0 {
		fmt.Fprintln(errs, "soak: there are no arguments but -for, more than 0, and -seed")
		return 2
	}
	work := func() error { return keep(*length, *seed, out, errs) }
	if os.Getenv(inside) != "" {
		work = func() error { return soak(*length, *seed, newWisher(), out, errs) }
	}
	if err := work(); err != nil {
		fmt.Fprintf(errs, "soak: -seed %d: %v\n", *seed, err)
		return 1
	}
	return 0
}
