// Soak moves events through rings, as many as it is asked to, and fails when one is lost, doubled or out of the order of its producer, when a
// stamp is not that of its push, when a ring stands still, or when goroutines, threads or memory grow.
//
//	go run ./ring/soak                    10^9 events
//	go run ./ring/soak -items 1e10
//	go run ./ring/soak -for 10s           for as long as that
//	go run ./ring/soak -seed 7 -first 120 begins with round 120 of an earlier run
//	go run -race ./ring/soak -for 1m
//
// It goes in rounds. Each makes a ring of some type, capacity and event, and has some producers and consumers use it in batches of some size
// on some number of CPUs, all drawn from the seed and the number of the round (round.go). What came out is compared with what was accepted to
// the last event (books.go). Progress goes to standard error, a table to standard output. The exit status is 0 if all is well, 1 if not, and
// 2 for a usage error.
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

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("soak", flag.ContinueOnError)
	flags.SetOutput(errs)
	items := flags.Float64("items", 1e9, "how many events")
	length := flags.Duration("for", 0, "how long; then -items does not count")
	seed := flags.Uint64("seed", rand.Uint64N(1_000_000), "what to do")
	first := flags.Uint64("first", 0, "the round to begin with")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 || !(*items >= 1) || *items > 1e18 || *length < 0 {
		fmt.Fprintln(errs, "soak: there are no arguments but -items, from 1 to 1e18, -for, -seed and -first")
		return 2
	}
	s := soak{seed: *seed, most: uint64(*items), length: *length, errs: errs, began: time.Now()}
	if err := s.run(*first); err != nil {
		fmt.Fprintf(errs, "soak: -seed %d -first %d: %v\n", *seed, s.at, err)
		return 1
	}
	s.print(out)
	return 0
}
