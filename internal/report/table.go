package report

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

// Table is text in columns: the first to the left, the others to the right.
type Table struct{ rows [][]string }

// Add appends a row.
func (t *Table) Add(cells ...string) { t.rows = append(t.rows, cells) }

// Rows returns what was added.
func (t *Table) Rows() [][]string { return t.rows }

// Write prints the table, each line indented by two spaces.
func (t *Table) Write(w io.Writer) error {
	var widths []int
	for _, row := range t.rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range t.rows {
		line := "  "
		for i, cell := range row {
			blank := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if i == 0 {
				line += cell + blank
			} else {
				line += "  " + blank + cell
			}
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteRows prints the summary of one load as a table.
func WriteRows(w io.Writer, rows []Row) error {
	var t Table
	t.Add("architecture", "goodput/s", "quartiles", "refused", "p50", "p99", "quartiles", "p99.9", "CPU/req", "late p99", "runs")
	for _, r := range rows {
		late := Time(r.LateP99.Median)
		if r.Load.MadeBy == ByWorkers {
			late = "-"
		}
		runs := fmt.Sprint(r.Runs)
		if r.Valid < r.Runs {
			runs = fmt.Sprintf("%d of %d valid", r.Valid, r.Runs)
		}
		if r.Valid == 0 {
			t.Add(r.Arch, "-", "-", "-", "-", "-", "-", "-", "-", late, runs)
			continue
		}
		least := ""
		if r.GeneratorBoundRuns > 0 {
			least = ">"
		}
		t.Add(r.Arch, least+Count(r.Goodput.Median), r.quartiles(r.Goodput, Count), Share(r.Refused.Median),
			Time(r.P50.Median), Time(r.P99.Median), r.quartiles(r.P99, Time), Time(r.P999.Median),
			Time(r.CPU.Median), late, runs)
	}
	return t.Write(w)
}

// quartiles writes the range around a median, which one run does not have.
func (r Row) quartiles(q Quartiles, unit func(float64) string) string {
	if r.Valid < 2 {
		return "-"
	}
	return unit(q.Low) + ".." + unit(q.High)
}

// Count writes a number with three digits and a unit: 331k, 1.20M.
func Count(n float64) string {
	for _, u := range []struct {
		unit string
		one  float64
	}{{"G", 1e9}, {"M", 1e6}, {"k", 1e3}} {
		if n >= 0.9995*u.one {
			return digits(n/u.one) + u.unit
		}
	}
	return digits(n)
}

// Time writes nanoseconds with three digits and a unit: 850ns, 12.3us, 1.05ms.
func Time(ns float64) string {
	if math.IsNaN(ns) {
		return "-"
	}
	for _, u := range []struct {
		unit string
		one  time.Duration
	}{{"s", time.Second}, {"ms", time.Millisecond}, {"us", time.Microsecond}} {
		if ns >= 0.9995*float64(u.one) {
			return digits(ns/float64(u.one)) + u.unit
		}
	}
	return fmt.Sprintf("%.0fns", ns)
}

// Share writes a part of a whole in percent.
func Share(part float64) string {
	if part > 0 && part < 0.001 {
		return "<0.1%"
	}
	return fmt.Sprintf("%.1f%%", 100*part)
}

// Plural writes a number of things: 1 run, 2 runs.
func Plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// digits writes three significant digits of a number below 1000.
func digits(x float64) string {
	switch {
	case math.IsNaN(x):
		return "-"
	case x >= 99.95:
		return fmt.Sprintf("%.0f", x)
	case x >= 9.995:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}
