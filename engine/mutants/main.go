// Mutants shows what each rule of the engine is good for: it breaks the engine in one place at a time and runs the tests that stand for
// the rule. A mutation that no test notices survives; then a rule can be broken unnoticed, and the command fails.
//
//	go run ./engine/mutants               all of them, in about three minutes on two CPUs, half of that for the model
//	go run ./engine/mutants 'pair|line'   those whose line in the table matches
//	go run ./engine/mutants -schedules    those that schedules of the real code show, too, and after how many schedules
//
// How a mutation is tried is said in internal/mutants. Mutations that no schedule of a test machine shows, such as a missing fence, stand for
// variants of the model in engine/model, which then has to catch them; without spin these are skipped.
//
// With -schedules the tests are those with the tag yield, in which a seed says who goes on at each step; seeds are 1, 2 and so on, so the
// table is the same each time. What costs only time, such as a wake-up too many, and what more than one rule prevents is not in it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"time"

	"github.com/seda-go/seda/internal/mutants"
)

// patience bounds the tests of one mutant. Tests wait for 20 s before they take something for lost.
const patience = 100 * time.Second

func main() {
	jobs := flag.Int("j", runtime.NumCPU(), "how many at a time")
	schedules := flag.Bool("schedules", false, "break what schedules of the real code show, and try these")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	ok, err := run(ctx, *jobs, *schedules, flag.Arg(0))
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run prints the table of the mutants that match pattern, and reports whether all of them are killed.
func run(ctx context.Context, jobs int, schedules bool, pattern string) (bool, error) {
	match, err := regexp.Compile(pattern)
	if err != nil {
		return false, err
	}
	s := mutants.Suite{Package: "engine", Patience: patience}
	for _, m := range list {
		if schedules && m.plays == "" || !match.MatchString(m.rule+" "+m.what) {
			continue
		}
		s.Mutants = append(s.Mutants, m.tried(schedules))
	}
	return s.Run(ctx, jobs, os.Stdout)
}
