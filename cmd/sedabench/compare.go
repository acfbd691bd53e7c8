package main

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// compareOptions is what the flags of compare say.
type compareOptions struct {
	limits []limit
	output string
}

func compareFlags(o *compareOptions) *flags {
	f := newFlags("compare")
	f.takes = []string{"OLD.json", "NEW.json"}
	f.add("fail-if", "", "", "exit with status 1 if a figure got worse, for instance p99>+5%,goodput<-3%; of "+strings.Join(metricNames(), ", "),
		list(&o.limits, parseLimit))
	f.add("output", "o", "text", "text, json, or bench: all runs of both files for benchstat -col side", one(&o.output, oneOf("output", "text", "json", "bench")))
	return f
}

func compareHelp() string {
	var o compareOptions
	return `usage: sedabench compare [flags] OLD.json NEW.json

Compares two files that sedabench run -o json wrote: medians with confidence intervals of 95 %, their ratio, and whether
the difference is more than chance (Mann-Whitney, with p corrected by Holm for all figures compared).

flags:
` + compareFlags(&o).help() + `
examples:
  sedabench compare old.json new.json
  sedabench compare --fail-if 'p99>+5%,goodput<-3%' old.json new.json
  sedabench compare -o bench old.json new.json | benchstat -col side -
`
}

func compareVerb(ctx context.Context, args []string, s streams) error {
	var o compareOptions
	f := compareFlags(&o)
	if err := f.parse(args); err != nil {
		return err
	}
	files := make([]report.File, len(f.takes))
	for i := range files {
		var err error
		if files[i], err = report.ReadFile(f.set.Arg(i)); err != nil {
			return err
		}
	}
	v := view(f.set.Arg(0), f.set.Arg(1), files[0], files[1])
	if err := ctx.Err(); err != nil {
		return err
	}
	write := v.writeText
	switch o.output {
	case "json":
		write = v.writeJSON
	case "bench":
		write = func(w io.Writer) error { return report.WriteBenchSides(w, files[0], files[1]) }
	}
	if err := write(s.out); err != nil {
		return err
	}
	return o.check(v.changes)
}

// check returns an error for each limit that was passed, and for each of which the runs cannot tell.
func (o *compareOptions) check(changes []report.Change) error {
	var faults []error
	for _, l := range o.limits {
		faults = append(faults, l.check(changes))
	}
	return errors.Join(faults...)
}
