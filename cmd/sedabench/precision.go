package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seda-go/seda/internal/report"
)

// precision is how sure the median goodput of every row is to be, and how long that may take. The zero value asks for nothing.
type precision struct {
	share float64 // that the interval of 95 % may be away from the median, to either side
	limit time.Duration
}

const flagPrecision = "precision"

const (
	// preciseIn is how long an invocation repeats if it does not say.
	preciseIn = 10 * time.Minute
	// leastPrecise is the least number of runs of which not even all together are less sure than 95 % to have the median among them: 1 - 2/2^6.
	leastPrecise = 6
	// looks is the part of the runs there are that are made until the next look: looking takes time, and a stop that is looked for often comes by chance.
	looks = 8

	minPrecision, maxPrecision = 0.1, 50 // percent
)

func parsePrecision(text string) (p precision, err error) {
	number, limit, limited := strings.Cut(text, ",")
	percent, isPercent := strings.CutSuffix(number, "%")
	x, err := strconv.ParseFloat(percent, 64)
	if err != nil || !isPercent || !(x >= minPrecision && x <= maxPrecision) {
		return p, fmt.Errorf("%q, want a part of the median from %g%% to %d%%, such as 2%%, or 2%%,5m for at most five minutes", text, minPrecision, maxPrecision)
	}
	p = precision{share: x / 100, limit: preciseIn}
	if limited {
		p.limit, err = period(time.Second, maxTime)(limit)
	}
	return p, err
}

// off is how far the interval of the median goodput of a row goes, as a part of that; known is whether there are runs enough to say.
func (p precision) off(goodputs []float64) (share float64, known bool) {
	if len(goodputs) < leastPrecise {
		return 0, false
	}
	i := report.MedianInterval(goodputs)
	return max(i.High-i.Value, i.Value-i.Low) / i.Value, true
}

// repetitions returns what decides before each repetition, of whole ones, whether it is made: up to --reps, and then as long as rows are not as precise as
// was asked for, up to maxReps and the limit of time.
func (st *study) repetitions(made [][]report.Run) func(rep int) bool {
	look := st.reps
	return func(rep int) bool {
		p := st.precision
		switch {
		case rep < st.reps:
			return true
		case p.share == 0 || rep >= maxReps || time.Since(st.before.at) >= p.limit:
			return false
		case rep < look:
			return true
		}
		look = rep + max(rep/looks, 1)
		return len(p.missed(slices.Concat(made...))) > 0
	}
}

// missed lists the rows that are not as precise, and how precise they are.
func (p precision) missed(runs []report.Run) (lines []string) {
	for _, row := range report.Summarize(runs) {
		share, known := p.off(row.Goodputs)
		if known && share <= p.share {
			continue
		}
		how := fmt.Sprintf("%s off", report.Share(share))
		if !known {
			how = fmt.Sprintf("%d of %d runs count, want %d", row.Valid, row.Runs, leastPrecise)
		}
		lines = append(lines, fmt.Sprintf("%s, %s, %s: %s", row.Arch, report.Plural(row.Workers, "worker"), row.Load, how))
	}
	return lines
}

// writePrecision says whether every row became as precise as was asked for, and which did not.
func (st *study) writePrecision() error {
	if st.precision.share == 0 {
		return nil
	}
	want := fmt.Sprintf("within %s of it", report.Share(st.precision.share))
	lines := st.precision.missed(st.runs)
	if len(lines) == 0 {
		return st.say([]string{"The interval of every median goodput is " + want + "."})
	}
	return st.say(append([]string{fmt.Sprintf("The interval of the median goodput is not %s in %s:", want, report.Plural(len(lines), "row"))}, lines...))
}

// say writes lines below the results, or on standard error where those are for programs.
func (st *study) say(lines []string) error {
	if st.output != "text" {
		st.note(lines)
		return nil
	}
	_, err := io.WriteString(st.out, strings.Join(append(lines, ""), "\n"))
	return err
}

// repetition names one in words.
func (st *study) repetition(rep int) string {
	if rep < st.reps {
		return fmt.Sprintf("repetition %d of %d", rep+1, st.reps)
	}
	return fmt.Sprintf("repetition %d for --precision", rep+1)
}
