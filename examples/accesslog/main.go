// Accesslog counts a web server's access log of any size in constant memory: lines and bytes by class of status, and by path. The log is in
// the Common Log Format.
//
//	accesslog access.log                        # the table
//	accesslog -generate 1GiB -seed 1 access.log # write a log to try it on
//	accesslog -compare access.log               # time this program beside channels and awk
//
// See countStaged for how it works.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

type options struct {
	generate string
	seed     uint64
	compare  bool
	rounds   int
	by       string
	dump     bool
	file     string
}

func run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	var o options
	flags := flag.NewFlagSet("accesslog", flag.ContinueOnError)
	flags.SetOutput(errs)
	flags.StringVar(&o.generate, "generate", "", "write a log of this `size`, such as 10MiB or 1GiB, to the file or to standard output")
	flags.Uint64Var(&o.seed, "seed", 1, "of the log that is generated")
	flags.BoolVar(&o.compare, "compare", false, "time the ways to count the file, and check that they agree")
	flags.IntVar(&o.rounds, "rounds", 10, "how often -compare times each")
	flags.StringVar(&o.by, "by", "engine", "the way to count: engine, or, as rivals, blocks or lines over channels")
	flags.BoolVar(&o.dump, "dump", false, "print all that was counted, as count.awk does")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	o.file = flags.Arg(0)
	if err := o.check(flags.NArg()); err != nil {
		fmt.Fprintf(errs, "accesslog: %v; see -help\n", err)
		return 2
	}
	if err := o.do(ctx, in, out); err != nil {
		fmt.Fprintln(errs, "accesslog:", err)
		return 1
	}
	return 0
}

// check reports what is wrong with the arguments.
func (o options) check(files int) error {
	switch {
	case files > 1:
		return fmt.Errorf("%d files, want at most one", files)
	case o.rounds < 1:
		return fmt.Errorf("-rounds is %d, want at least one", o.rounds)
	case counters[o.by] == nil:
		return fmt.Errorf("-by is %q, want engine, blocks or lines", o.by)
	case o.compare && o.file == "":
		return errors.New("-compare wants a file")
	}
	return nil
}

func (o options) do(ctx context.Context, in io.Reader, out io.Writer) error {
	switch {
	case o.generate != "":
		return o.write(out)
	case o.compare:
		return compare(ctx, o.file, o.rounds, out)
	}
	if o.file != "" {
		f, err := os.Open(o.file)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	s, err := counters[o.by](ctx, in)
	if err != nil {
		return err
	}
	if o.dump {
		return s.dump(out)
	}
	return s.print(out)
}

// counters are the ways to count a log.
var counters = map[string]func(context.Context, io.Reader) (*summary, error){
	"engine": func(ctx context.Context, r io.Reader) (*summary, error) { return countStaged(ctx, r, workers()) },
	"blocks": func(_ context.Context, r io.Reader) (*summary, error) { return countBlocks(r, workers()) },
	"lines":  func(_ context.Context, r io.Reader) (*summary, error) { return countLines(r, workers()) },
}

// write generates a log.
func (o options) write(out io.Writer) error {
	size, err := parseSize(o.generate)
	if err != nil || o.file == "" {
		return errors.Join(err, generate(out, size, o.seed))
	}
	f, err := os.Create(o.file)
	if err != nil {
		return err
	}
	return errors.Join(generate(f, size, o.seed), f.Close())
}
