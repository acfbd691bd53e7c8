package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/workload"
)

// recorded has so many values, of which all but one in a hundred thousand are 2 ms.
func recorded(t *testing.T, n int64) *hdrhistogram.Histogram {
	t.Helper()
	h := hdrhistogram.New(1, 60e9, 3)
	require.NoError(t, h.RecordValues(2e6, n-n/100_000))
	require.NoError(t, h.RecordValues(5e9, n/100_000))
	return h
}

func TestHistogramsOfRows(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "dir")
	closed := report.Load{Arrival: "closed", Clients: pointer(8), MadeBy: report.ByGenerator}
	open := report.Load{Arrival: "poisson", Rate: pointer(50.0), Fraction: pointer(0.5), MadeBy: report.ByGenerator}
	doubtful := open
	doubtful.Doubtful = true
	var d distributions
	staged := cell{arch: "staged/seda-2003", workers: 2, load: closed}
	first := recorded(t, 1e6)
	d.add(staged, first)
	d.add(cell{arch: "../pool", workers: 1, load: open}, recorded(t, 10))
	d.add(staged, recorded(t, 1e6))
	d.add(cell{arch: "../pool", workers: 1, load: doubtful}, recorded(t, 10))
	require.Equal(t, int64(1e6), first.TotalCount(), "the run's own is left alone")

	lines, err := d.write(dir)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"staged-seda-2003-2workers-closed-8.hgrm", "..-pool-1worker-poisson-0.5x.hgrm", "..-pool-1worker-poisson-0.5x_2.hgrm"}, left(t, dir))
	require.Equal(t, filepath.Join(dir, "staged-seda-2003-2workers-closed-8.hgrm")+": sojourn times of staged/seda-2003, 2 workers, closed loop, 8 clients, 2 runs", lines[0])
	text, err := os.ReadFile(filepath.Join(dir, "staged-seda-2003-2workers-closed-8.hgrm"))
	require.NoError(t, err)
	require.Regexp(t, `(?m)^ +2000\.\d{3} +0\.99998\d +1999980 +\d+\.\d\d$`, string(text), "microseconds, to 99.999 and beyond")
	require.Regexp(t, `(?m)^ +500\d{4}\.\d{3} +1\.000000 +2000000 +inf$`, string(text))
	require.Contains(t, string(text), "Total count    =      2000000]")
}

func TestHistogramsOfARun(t *testing.T) {
	for _, output := range []string{"text", "json"} {
		dir := t.TempDir()
		st, out, _ := failing(t, 0, "-o", output, "--hgrm", dir)
		var errs strings.Builder
		st.errs = &errs
		require.NoError(t, st.measureAll(t.Context()))
		counted := map[string]int{}
		for _, r := range st.runs {
			if r.Valid {
				counted[r.Arch]++
			}
		}
		require.NoError(t, st.finish(nil, st.write))
		require.Len(t, left(t, dir), len(counted))
		said := out.String()
		if output == "json" {
			said = errs.String()
		}
		require.Len(t, regexp.MustCompile(`(?m)^\S+\.hgrm: sojourn times of `).FindAllString(said, -1), len(counted))
	}
	file := filepath.Join(t.TempDir(), "file")
	st, out, _ := failing(t, 0, "--hgrm", file)
	require.NoError(t, st.measureAll(t.Context()))
	require.NoError(t, os.WriteFile(file, nil, 0o600)) // meanwhile
	require.ErrorContains(t, st.finish(nil, st.write), "--hgrm: mkdir ")
	require.NotEmpty(t, out.String(), "the rest of the results")
}

func TestHistogramsLeaveOutWhatDoesNotCount(t *testing.T) {
	for _, slow := range []time.Duration{0, 30 * time.Millisecond} { // and nothing is done in the millisecond that is measured
		st := testStudy(t, func(c arch.Config) (arch.Service, error) {
			s, err := inline(c)
			return service{submit: func(requests []*workload.Request) int {
				time.Sleep(slow)
				return s.Submit(requests)
			}}, err
		}, "--workers", "1", "--arch", "pool", "--arrival", "closed", "--duration", "1ms", "--hgrm", t.TempDir())
		run, err := st.measure(t.Context(), st.cells(1, st.closedLoad(1))[0], 0)
		require.NoError(t, err)
		require.Equal(t, run.Valid, len(st.distributions.all) == 1)
		require.False(t, run.Valid && slow > 0)
	}
}
