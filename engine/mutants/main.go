// Mutants shows what each rule of the engine is good for: it breaks the engine in one place at a time and runs the tests that stand for
// the rule. A mutation that no test notices survives; then a rule can be broken unnoticed, and the command fails.
//
//	go run ./engine/mutants               all of them, in about three minutes on two CPUs, half of that for the model
//	go run ./engine/mutants 'pair|line'   those whose line in the table matches
//	go run ./engine/mutants -schedules    those that schedules of the real code show, too, and after how many schedules
//
// A mutation replaces some text within a function. One whose text is not in the code any more is an error: the lists have to follow the
// code. Nothing is written to the tree: the compiler gets changed files as an overlay, with all mutants in them (weave.go), of which each run
// of the tests chooses one. First the tests have to pass with none chosen. Mutations that no schedule of a test machine shows, such as a
// missing fence, stand for variants of the model in engine/model, which then has to catch them; without spin these are skipped.
//
// With -schedules the tests are those with the tag yield, in which a seed says who goes on at each step; seeds are 1, 2 and so on, so the
// table is the same each time. What costs only time, such as a wake-up too many, and what more than one rule prevents is not in it.
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"sync"
)

func main() {
	jobs := flag.Int("j", runtime.NumCPU(), "how many at a time")
	schedules := flag.Bool("schedules", false, "break what schedules of the real code show, and try these")
	flag.Parse()
	ok, err := run(*jobs, *schedules, flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run prints the table of the mutants that match pattern, and reports whether all of them are killed.
func run(jobs int, schedules bool, pattern string) (bool, error) {
	match, err := regexp.Compile(pattern)
	if err != nil {
		return false, err
	}
	var mutants []mutant
	for _, m := range list {
		if schedules {
			if m.plays == "" {
				continue
			}
			m = m.inPlay()
		}
		if match.MatchString(m.rule + " " + m.what) {
			mutants = append(mutants, m)
		}
	}
	t, err := newTree(schedules)
	if err != nil {
		return false, err
	}
	defer t.remove()
	if err := t.prepare(mutants); err != nil {
		return false, err
	}
	results := make([]result, len(mutants))
	var wg sync.WaitGroup
	slots := make(chan struct{}, max(jobs, 1))
	for i, m := range mutants {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			results[i] = t.judge(i+1, m)
		})
	}
	wg.Wait()
	return report(os.Stdout, mutants, results), nil
}
