// Sedabench shows how ways to build a service - stages on a few cores, a
// goroutine per request, a pool, an event loop, channels - behave as the load
// on them grows, on the machine it runs on.
//
// Usage:
//
//	sedabench [verb] [flags]
//
// Without arguments it compares all architectures, within a minute: what each
// can do at most, and how long requests take at parts of that; and leaves a page
// with plots of that, sedabench-report.html. Some examples:
//
//	sedabench --arch staged,pool --shape fanout --stages 4 --service exp:5us
//	sedabench --arch channels --arrival poisson --rate 20000 --duration 2s --reps 10
//	sedabench run --arrival closed --clients 64 -o json
//	sedabench run --arch staged --policy adaptive,static --target 10ms --timeline 5ms
//	sedabench run --arch staged,goroutine --slo 'p99<1ms' --arrival onoff:10ms,30ms
//	sedabench run --work sleep --service constant:1ms --threads 16
//	sedabench run --arch staged,thread --work file:64KiB --arrival closed
//	sedabench --workload examples/shop.toml --arch staged,pool
//	sedabench run --preset shift
//	sedabench run --preset threads
//	sedabench run --preset thread-controller
//	sedabench run --preset batch-controller
//	sedabench run --preset shedding
//	sedabench run --preset fairness --arch staged,thread
//	sedabench sim --workers 128 --stages 50 --rate 0.5x,0.9x --arrival poisson
//	sedabench compare --fail-if 'p99>+5%' old.json new.json
//	sedabench top localhost:8080
//	sedabench report --out page.html new.json
//	sedabench topo
//	sedabench doctor
//
// Results go to standard output, progress to standard error. The exit status is
// 0 if all went well, 1 if a run failed, for instance because a request was
// lost, and 2 if the arguments make no sense. What is measured and how is in
// docs/methodology.md, what sim simulates in docs/simulator.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/pflag"
)

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

const (
	exitOK = iota
	exitFailed
	exitUsage
)

// streams are what a verb may read and write.
type streams struct {
	in  io.Reader // keys, and results to read
	out io.Writer // results
	err io.Writer // progress and what went wrong
}

// verb is a subcommand.
type verb struct {
	name, about string
	help        func() string
	run         func(ctx context.Context, args []string, s streams) error
}

func verbs() []verb {
	return []verb{
		{"run", "one workload on one or more architectures (the default)", runHelp, runVerb},
		{"sim", "the same questions of a machine and a graph that need not exist", simHelp, simVerb},
		{"scale", "throughput by workers: measured, explained, and predicted", scaleHelp, scaleVerb},
		{"certify", "what services should keep under any load: a verdict on each clause", certifyHelp, certifyVerb},
		{"compare", "two files of run -o json, with what is more than chance", compareHelp, compareVerb},
		{"report", "one HTML page with plots of what run, scale and certify wrote with -o json", reportHelp, reportVerb},
		{"top", "the stages and workers of a running program, live", topHelp, topVerb},
		{"selftest", "queues of which theory knows the answer, simulated and measured here", selftestHelp, selftestVerb},
		{"topo", "CPUs, caches, NUMA nodes and limits as the engine sees them", topoHelp, topoVerb},
		{"doctor", "what can be known of threads here, and what to do about the rest", doctorHelp, doctorVerb},
	}
}

// usageError is a mistake in the arguments.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// run is main without the process.
func run(args []string, in io.Reader, out, errs io.Writer) int {
	name := "run"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if name == "run" && len(args) > 0 && args[0] == "--version" {
		return printed(errs, out, version()+"\n")
	}
	if name == "help" {
		if len(args) == 0 || strings.HasPrefix(args[0], "-") || args[0] == name {
			return printed(errs, out, help())
		}
		name, args = args[0], append(args[1:], "--help")
	}
	v, err := findVerb(name)
	if err == nil {
		ctx, stop := interruptible()
		defer stop()
		err = v.run(ctx, args, streams{in, out, errs})
	}
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, pflag.ErrHelp):
		return printed(errs, out, v.help())
	case errors.As(err, &usage):
		fmt.Fprintf(errs, "sedabench: %v\n", err)
		return exitUsage
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(errs, "sedabench: interrupted")
		return exitFailed
	}
	fmt.Fprintf(errs, "sedabench: %v\n", err)
	return exitFailed
}

// printed prints what was asked for and nothing else.
func printed(errs, out io.Writer, text string) int {
	if _, err := io.WriteString(out, text); err != nil {
		fmt.Fprintf(errs, "sedabench: %v\n", err)
		return exitFailed
	}
	return exitOK
}

// interruptible returns a context that ends at the first interrupt, or SIGTERM, which is what timeout(1) sends: there may be maps to unpin and
// half a profile to remove. A second one kills the process.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}

func findVerb(name string) (verb, error) {
	for _, v := range verbs() {
		if v.name == name {
			return v, nil
		}
	}
	return verb{}, usagef("unknown verb %q, want %s or help", name, strings.Join(verbNames(), ", "))
}

func verbNames() []string {
	var names []string
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	return names
}

// version names the version of the module, and what built it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "sedabench (devel) " + runtime.Version()
	}
	return "sedabench " + info.Main.Version + " " + info.GoVersion
}

func help() string {
	var b strings.Builder
	b.WriteString("sedabench shows how ways to build a service behave as the load on them grows.\n\nusage: sedabench [verb] [flags]\n\nverbs:\n")
	for _, v := range verbs() {
		fmt.Fprintf(&b, "  %-8s %s\n", v.name, v.about)
	}
	b.WriteString("\nsedabench help <verb> tells the flags of a verb, sedabench --version the version.\n\nexamples:\n" + examples)
	return b.String()
}

const examples = `  sedabench
  sedabench --arch staged,pool --slo 'p99<1ms' --service exp:10us
  sedabench --preset shift
`
