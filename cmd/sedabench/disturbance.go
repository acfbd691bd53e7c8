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
	return append(lines, uncounted(f, leftOut)...)
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
