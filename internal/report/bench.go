package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// WriteBench writes the valid runs in the Go benchmark format, a line a run,
// for benchstat. What is the same for all runs comes first, as configuration.
func WriteBench(w io.Writer, f File) error {
	var b strings.Builder
	for _, line := range []struct {
		key   string
		value any
	}{
		{"goos", f.Machine.OS},
		{"goarch", f.Machine.Arch},
		{"pkg", "github.com/seda-go/seda/cmd/sedabench"},
		{"cpu", f.Machine.Model},
		{"cpus", f.Machine.CPUs},
		{"kernel", f.Machine.Kernel},
		{"go", f.Machine.Go},
		{"command", f.Config.Command},
	} {
		fmt.Fprintf(&b, "%s: %v\n", line.key, line.value)
	}
	if f.Partial {
		fmt.Fprintf(&b, "partial: %s\n", f.Reason)
	}
	for _, r := range f.Runs {
		if !r.Valid || r.Goodput <= 0 {
			continue
		}
		fmt.Fprintf(&b, "BenchmarkRun/arch=%s/workers=%d/shape=%s-%d/service=%s/load=%s %d %.1f ns/op %.0f events/s",
			r.Arch, r.Workers, benchWord(f.Config.Shape), f.Config.Stages, f.Config.Service, r.Load.Name(),
			r.Events.Completed, 1e9/r.Goodput, r.Goodput)
		fmt.Fprintf(&b, " %d p50-ns %d p99-ns %d p999-ns %.6f refused/op",
			r.Sojourn.P50, r.Sojourn.P99, r.Sojourn.P999, float64(r.Events.Refused)/float64(max(r.Events.Offered, 1)))
		if r.CPU != nil {
			fmt.Fprintf(&b, " %.1f cpu-ns/op", *r.CPU)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteBenchSides writes two files as one, of which benchstat -col side makes two columns.
func WriteBenchSides(w io.Writer, old, now File) error {
	for side, f := range []File{old, now} {
		if _, err := fmt.Fprintf(w, "side: %s\n", []string{"old", "new"}[side]); err != nil {
			return err
		}
		if err := WriteBench(w, f); err != nil {
			return err
		}
	}
	return nil
}

// benchWord is text without what ends a part of a benchmark's name: a trace is named as its file is.
func benchWord(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '/' || unicode.IsSpace(r) {
			return '_'
		}
		return r
	}, text)
}
