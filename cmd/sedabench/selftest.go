package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/seda-go/seda/internal/report"
)

// selftest is one invocation of the verb: what the tool measures against what theory says.
type selftest struct {
	requests int // of each queue in virtual time
	duration time.Duration
	reps     int
	seed     uint64
	output   string

	host     host
	progress *progress
	checks   []check
	notes    []string
	before   usage
	partial  string // why there is less than was asked for; empty: there is not
}

// check is one comparison of what was found with what theory says.
type check struct {
	Of      string  `json:"of"`
	Load    float64 `json:"load"`
	What    string  `json:"what"`
	Found   float64 `json:"found_ns"`
	Theory  float64 `json:"theory_ns"`
	Bound   float64 `json:"bound"` // how far apart they may be, as a part of what theory says
	Virtual bool    `json:"virtual"`
	Runs    int     `json:"runs"`    // that count
	Moments string  `json:"service"` // as measured, or what is simulated
}

func (c check) apart() float64 { return c.Found/c.Theory - 1 }

// ok is false where nothing was found.
func (c check) ok() bool { return c.Runs > 0 && math.Abs(c.apart()) <= c.Bound }

func (c check) verdict() string {
	switch {
	case c.Runs == 0:
		return "no run counts"
	case c.ok():
		return "ok"
	}
	return "apart"
}

func (s *selftest) flags() *flags {
	f := newFlags("selftest")
	f.add("requests", "", "2000000", "simulated requests of each queue; with less, chance alone may be more than 2 %", one(&s.requests, integer(1, 1e9)))
	f.add("duration", "", "2s", "measured time of each run on this machine", one(&s.duration, period(10*time.Millisecond, maxTime)))
	f.add("reps", "", "5", "runs of each kind of service on this machine", one(&s.reps, integer(1, maxReps)))
	f.add("seed", "", "1", "of arrivals and service times", one(&s.seed, parseSeed))
	f.add("output", "o", "text", "text or json", one(&s.output, oneOf("output", "text", "json")))
	return f
}

func selftestHelp() string {
	return `usage: sedabench selftest [flags]

Measures queues of which theory knows the answer: in virtual time M/M/1, M/M/c and M/D/1 in the simulator, to within 2 %,
and on this machine one stage on one worker against Pollaczek and Khinchin, fed with the rate and the service times that
were measured, to within 10 %. Exit status 1 says that the tool, or the machine as it is now, is not to be relied on.

flags:
` + new(selftest).flags().help() + `
examples:
  sedabench selftest
  sedabench selftest --duration 5s --reps 9
  sedabench selftest -o json
`
}

var (
	errSelftest = errors.New("selftest: what is measured is not what theory says")
	errNoRuns   = errors.New("selftest: no run of a service counts, as the load generator was too late or refused: the machine has too much else to do")
)

func selftestVerb(ctx context.Context, args []string, s streams) error {
	t := &selftest{host: thisHost()}
	if err := t.flags().parse(args); err != nil {
		return err
	}
	t.progress = newProgress(s.err, time.Duration(t.reps*len(selftestServices()))*(t.duration+selftestWarm+between))
	if t.output == "text" {
		if _, err := fmt.Fprintf(s.out, "machine  %s\n\n", machineText(t.host.describe())); err != nil {
			return err
		}
	}
	failed := t.virtual(ctx)
	if failed == nil {
		failed = t.real(ctx)
	}
	if failed != nil {
		if len(t.checks) == 0 {
			return failed
		}
		t.partial = because(failed)
	}
	if err := t.write(s.out); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	return judge(t.checks)
}

// judge prefers what was measured and is apart to what could not be measured.
func judge(checks []check) (err error) {
	for _, c := range checks {
		switch {
		case c.Runs == 0:
			err = errNoRuns
		case !c.ok():
			return errSelftest
		}
	}
	return err
}

func (s *selftest) write(w io.Writer) error {
	if s.output == "json" {
		return s.writeJSON(w)
	}
	for _, line := range incomplete(s.end()) {
		if _, err := fmt.Fprintf(w, "%s\n\n", line); err != nil {
			return err
		}
	}
	for _, part := range []struct {
		title   string
		virtual bool
	}{{"In virtual time, of the simulator:", true}, {"On this machine, one stage on one worker, Poisson arrivals:", false}} {
		var t report.Table
		t.Add("queue", "service", "load", "what", "found", "theory", "apart", "at most", "runs", "")
		rows := 0
		for _, c := range s.checks {
			if c.Virtual != part.virtual {
				continue
			}
			rows++
			found, theory, apart := "-", "-", "-"
			if c.Runs > 0 {
				found, theory, apart = report.Time(c.Found), report.Time(c.Theory), fmt.Sprintf("%+.2f%%", 100*c.apart())
			}
			t.Add(c.Of, c.Moments, fmt.Sprintf("%.2f", c.Load), c.What, found, theory, apart, fmt.Sprintf("%.0f%%", 100*c.Bound), fmt.Sprint(c.Runs), c.verdict())
		}
		if rows == 0 {
			continue
		}
		fmt.Fprintln(w, part.title)
		if err := t.Write(w); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	for _, line := range s.notes {
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// end is what a file of runs says of an end that came early.
func (s *selftest) end() report.File { return report.File{Partial: s.partial != "", Reason: s.partial} }

// selftestSchema names the form of what selftest -o json prints.
const selftestSchema = "sedabench-selftest/1"

func (s *selftest) writeJSON(w io.Writer) error {
	type checked struct {
		check
		Found   *float64 `json:"found_ns"`  // null where no run counts
		Theory  *float64 `json:"theory_ns"` // null also where it is without end, since more came than can be done
		Apart   *float64 `json:"apart"`
		Verdict string   `json:"verdict"`
	}
	out := struct {
		Schema  string         `json:"schema"`
		Partial bool           `json:"partial,omitempty"`
		Reason  string         `json:"partial_reason,omitempty"`
		Machine report.Machine `json:"machine"`
		Checks  []checked      `json:"checks"`
		Notes   []string       `json:"notes"`
	}{selftestSchema, s.partial != "", s.partial, s.host.describe(), nil, notNil(s.notes)}
	for _, c := range s.checks {
		j := checked{check: c, Verdict: c.verdict()}
		if c.Runs > 0 {
			j.Found = &c.Found
		}
		if c.Runs > 0 && !math.IsInf(c.Theory, 1) {
			j.Theory, j.Apart = &c.Theory, pointer(c.apart())
		}
		out.Checks = append(out.Checks, j)
	}
	return report.WriteObject(w, out)
}
