// Figures measures the bounds of the design, each beside its rivals, and prints
// a line for every one:
//
//	figure <id> <value> <bound or -> <ok|short|skip|info> n=<repetitions> ci=<low>..<high> <unit or what it is>
//
// Values are medians over interleaved repetitions, and ratios are ours divided by
// theirs within one round, so lower is better; ci is the 95 % bootstrap
// confidence interval of the median. Lines that begin with # describe the
// machine, how busy it was, and the times behind the ratios, of every round. All
// rounds are in one process: what lasts as long as that, such as where memory lies,
// is not in the interval. Who doubts a figure runs it more than once.
//
// Usage:
//
//	go run ./bench/figures                  # all
//	go run ./bench/figures engine.          # those whose id begins with engine.
//	go run ./bench/figures -n 20 engine.hop # with 20 repetitions
//	go run ./bench/figures -list
//	go run ./bench/figures -cpuprofile pipe.prof engine.pipe.8B.ns # see docs/profiles.md
//
// The exit status is 0 also when figures fall short, 1 when a measurement gave a
// wrong result or failed, and 2 for a usage error.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/pprof"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, suites(), os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// suites lists all measurements in the order in which they run.
func suites() []suite {
	return append(ringSuites(), hopSuite(), pipeSuite(), callSuite(), steadySuite(), idleSuite(), fusedSuite(), stwSuite(), peersSuite(),
		batchSuite(), coresSuite(), overloadSuite(), loopSuite(), truthSuite(), probesCostSuite(), programsSuite(), controlSuite())
}

func run(ctx context.Context, all []suite, args []string, out, errs io.Writer) int {
	flags := flag.NewFlagSet("figures", flag.ContinueOnError)
	flags.SetOutput(errs)
	reps := flags.Int("n", 10, "repetitions")
	list := flags.Bool("list", false, "print the ids and their bounds, and measure nothing")
	profile := flags.String("cpuprofile", "", "write a CPU profile of all measurements to this `file`")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if *reps < 1 {
		fmt.Fprintln(errs, "figures: -n must be at least 1")
		return 2
	}
	var chosen []suite
	for _, s := range all {
		if s = s.only(flags.Args()); len(s.rows) > 0 {
			chosen = append(chosen, s)
		}
	}
	if len(chosen) == 0 {
		fmt.Fprintf(errs, "figures: no figure begins with %q\n", flags.Args())
		return 2
	}
	if *list {
		printList(out, chosen)
		return 0
	}
	code := 0
	err := profiled(*profile, func() { code = measure(ctx, chosen, *reps, out, errs) })
	if err != nil {
		fmt.Fprintf(errs, "figures: profile: %v\n", err)
		return 1
	}
	return code
}

// profiled calls f and, if a file is named, writes there what it used the CPUs for.
func profiled(file string, f func()) error {
	if file == "" {
		f()
		return nil
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(out); err != nil {
		return errors.Join(err, out.Close())
	}
	f()
	pprof.StopCPUProfile()
	return out.Close()
}

func printList(out io.Writer, chosen []suite) {
	for _, s := range chosen {
		for _, r := range s.rows {
			fmt.Fprintln(out, r.id, number(r.bound), r.what)
		}
	}
}

func measure(ctx context.Context, chosen []suite, reps int, out, errs io.Writer) int {
	code := 0
	printMachine(out)
	printLoad(out, "before")
	defer printLoad(out, "after")
	defer printDistance(ctx, out, "after")
	for i, s := range chosen {
		fmt.Fprintf(errs, "%d/%d %s\n", i+1, len(chosen), s.id)
		printDistance(ctx, out, "before "+s.id)
		figures, err := s.run(ctx, reps, out)
		if err != nil {
			fmt.Fprintf(errs, "figures: %v\n", err)
			code = 1
			if ctx.Err() != nil {
				return code
			}
			continue
		}
		for _, f := range figures {
			fmt.Fprintln(out, f)
		}
	}
	return code
}
