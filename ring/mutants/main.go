// Mutants shows that the tests of the rings find what they are there to find: it breaks a ring in one place at a time and runs tests that have
// to notice. A mutation that none of them notices survives, and the command fails.
//
//	go run ./ring/mutants               all of them, in some minutes on two CPUs
//	go run ./ring/mutants 'MPMC|SPSC'   those whose line in the table matches
//
// How a mutation is tried is said in internal/mutants. Where it shows by itself it is tried in an ordinary build; what needs goroutines to
// come in between, with the tag yield, in which the schedules are the same each time; the rest under the race detector. A release store made
// a relaxed one shows in no test on amd64, where both are the same instruction, nor under the race detector, for which both are atomic:
// these stand for variants of the model in ring/model; without spin they are skipped.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"slices"
	"time"

	"github.com/seda-go/seda/internal/mutants"
)

// patience bounds the tests of one mutant. All of the longest take a few seconds.
const patience = 40 * time.Second

func main() {
	jobs := flag.Int("j", runtime.NumCPU(), "how many at a time")
	flag.Parse()
	match, err := regexp.Compile(flag.Arg(0))
	ok := false
	if err == nil {
		s := mutants.Suite{Package: "ring", Patience: patience}
		for _, m := range list() {
			if match.MatchString(m.Rule + " " + m.What) {
				s.Mutants = append(s.Mutants, m)
			}
		}
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		ok, err = s.Run(ctx, *jobs, os.Stdout)
		stop()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// list returns all mutants, in the order of the table.
func list() []mutants.Mutant { return slices.Concat(spans, mpmc, mpsc, spsc, slot, events) }
