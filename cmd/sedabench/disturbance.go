package main

import (
	"fmt"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// disturbing is the part of the CPUs' time from which on the use that others make
// of it shows in figures, also of runs without a generator that could be late.
const disturbing = 0.05

// disturbance says what the machine did besides, and what that cost.
func disturbance(f report.File) []string {
	var lines []string
	if f.Machine.Steal != nil && f.Machine.Foreign != nil {
		line := fmt.Sprintf("Meanwhile the hypervisor took %s of the CPUs' time, and other processes used %s.",
			report.Share(*f.Machine.Steal), report.Share(*f.Machine.Foreign))
		if *f.Machine.Steal+*f.Machine.Foreign > disturbing {
			line += " That is too much to rely on small differences."
		}
		lines = append(lines, line)
	}
	return append(append(lines, scattered(f)...), uncounted(f, leftOut)...)
}

const (
	// scatter is the part of its median that half of a row's goodputs may be apart before that is said: with ten runs, the interval of the median is then about
	// as wide, and architectures that differ by less are not told apart.
	scatter = 0.10
	// leastScattered is how many runs quartiles say something of.
	leastScattered = 4
)

// scattered warns of rows whose repetitions differ so much that one can not be had for another.
func scattered(f report.File) []string {
	worst, share, n, of := "", 0.0, 0, 0
	for _, row := range report.Summarize(f.Runs) {
		if row.Valid < leastScattered {
			continue
		}
		of++
		s := (row.Goodput.High - row.Goodput.Low) / row.Goodput.Median
		if s > scatter {
			n++
		}
		if s > share {
			worst, share = fmt.Sprintf("%s, %s, %s", row.Arch, report.Plural(row.Workers, "worker"), row.Load), s
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("Warning: in %d of %s repetitions differ by more than %s, quartile from quartile, and most, by %s, in %s. Something disturbs them, or they are too short.",
		n, report.Plural(of, "row"), report.Share(scatter), report.Share(share), worst)}
}

// What becomes of runs that do not count.
const (
	leftOut = "are left out"
	marked  = `have "valid": false`
)

// uncounted says how many runs do not count, what becomes of them, and why, as
// far as that is known; nothing if all count.
func uncounted(f report.File, fate string) []string {
	late, nothing := 0, 0
	for _, r := range f.Runs {
		switch {
		case r.Valid:
		case r.NothingDone():
			nothing++
		default:
			late++
		}
	}
	var kinds []string
	if late > 0 {
		kinds = append(kinds, fmt.Sprintf("in %d the load generator was too late", late))
	}
	if nothing > 0 {
		kinds = append(kinds, fmt.Sprintf("in %d nothing was done, for which --duration may be too short", nothing))
	}
	if len(kinds) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%d of %d runs do not count and %s: %s.%s", late+nothing, len(f.Runs), fate, strings.Join(kinds, ", "), blame(f.Machine))}
}

// blame names what takes CPUs away from runs, where something is known to.
func blame(m report.Machine) string {
	if m.Quota > 0 {
		return fmt.Sprintf(" The CPU quota of %g CPUs stops threads that spin.", m.Quota)
	}
	var who []string
	if m.Foreign != nil && *m.Foreign > disturbing {
		who = append(who, "other processes")
	}
	if m.Steal != nil && *m.Steal > disturbing {
		who = append(who, "the hypervisor")
	}
	if len(who) == 0 {
		return ""
	}
	return " " + capitalized(strings.Join(who, " and ")) + " took CPUs away."
}
