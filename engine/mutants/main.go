// Mutants shows what each rule of the engine is good for: it breaks the engine in one place at a time and runs the tests that stand for
// the rule. A mutation that no test notices survives; then a rule can be broken unnoticed, and the command fails.
//
//	go run ./engine/mutants               all of them, in about three minutes on two CPUs, half of that for the model
//	go run ./engine/mutants 'pair|line'   those whose line in the table matches
//
// A mutation replaces some text within a function. One whose text is not in the code any more is an error: the lists have to follow the
// code. Nothing is written to the tree: the compiler gets changed files as an overlay, with all mutants in them (weave.go), of which each run
// of the tests chooses one. First the tests have to pass with none chosen. Mutations that no schedule of a test machine shows, such as a
// missing fence, stand for variants of the model in engine/model, which then has to catch them; without spin these are skipped.
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
	flag.Parse()
	ok, err := run(*jobs, flag.Arg(0))
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run prints the table of the mutants that match pattern, and reports whether all of them are killed.
func run(jobs int, pattern string) (bool, error) {
	match, err := regexp.Compile(pattern)
	if err != nil {
		return false, err
	}
	var mutants []mutant
	for _, m := range list {
		if match.MatchString(m.rule + " " + m.what) {
			mutants = append(mutants, m)
		}
	}
	t, err := newTree()
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
