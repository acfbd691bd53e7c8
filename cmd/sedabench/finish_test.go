package main

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/report"
)

// failing is a study whose n-th run cannot start; its figures are made of one request and more each.
func failing(t *testing.T, n int, args ...string) (st *study, out *strings.Builder, failed error) {
	failed = errors.New("no room\nfor it")
	starts := 0
	args = append([]string{"--workers", "1", "--arch", "pool,staged", "--arrival", "closed", "--reps", "2", "--duration", "1ms"}, args...)
	st = testStudy(t, func(c arch.Config) (arch.Service, error) {
		if starts++; starts == n {
			return nil, failed
		}
		return inline(c)
	}, args...)
	out = new(strings.Builder)
	st.results.stream = out
	st.out = st.results.writer()
	return st, out, failed
}

func TestAFailedRunLeavesThoseBeforeIt(t *testing.T) {
	for output, want := range map[string]string{
		"text":  "Partial: this is what was measured before the end, which came early: ",
		"bench": "\npartial: ",
		"json":  "{\n  \"schema\": \"sedabench/1\",\n  \"partial\": true,\n  \"partial_reason\": \"",
	} {
		st, out, failed := failing(t, 4, "-o", output)
		require.ErrorIs(t, st.finish(st.measureAll(t.Context()), st.write), failed)
		require.Contains(t, out.String(), want)
		require.Contains(t, out.String(), "start: no room; for it")
		if output == "json" {
			var f report.File
			require.NoError(t, json.Unmarshal([]byte(out.String()), &f))
			require.Len(t, f.Runs, 3)
		}

		st, out, failed = failing(t, 1, "-o", output)
		require.ErrorIs(t, st.finish(st.measureAll(t.Context()), st.write), failed)
		require.Empty(t, out.String(), "nothing was measured")

		st, _, _ = failing(t, 4, "-o", output)
		st.out = broken{}
		err := st.finish(st.measureAll(t.Context()), st.write)
		require.ErrorIs(t, err, errBroken)
		require.ErrorContains(t, err, "no room; for it: ")
	}
	st, out, _ := failing(t, 5, "-o", "json")
	require.NoError(t, st.finish(st.measureAll(t.Context()), st.write))
	require.NotContains(t, out.String(), "partial")
}

// Results that could not be written do not take the place of those of before.
func TestHalfResultsAreNotKept(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("file", []byte("before"), 0o600))
	st, out, _ := failing(t, 5, "-o", "json", "--out", "file")
	require.NoError(t, st.measureAll(t.Context()))
	require.ErrorIs(t, st.finish(nil, func() error { _, _ = st.out.Write([]byte("{")); return errBroken }), errBroken)
	text, err := os.ReadFile("file")
	require.NoError(t, err)
	require.Equal(t, "before", string(text))
	require.Empty(t, out.String())
}

// What a preset makes of its runs needs all of them.
func TestAFailedPresetLeavesItsRuns(t *testing.T) {
	st, out, failed := failing(t, 3, "-o", "text")
	_ = st.measureAll(t.Context())
	a := st.asking()
	a.sheet("half of it", column{name: "rate", unit: report.Count}).row("staged")
	require.ErrorIs(t, a.end(failed), failed)
	require.Contains(t, out.String(), "Partial: ")
	require.Contains(t, out.String(), "pool")
	require.NotContains(t, out.String(), "half of it")
}

// A script that goes by the exit status is told when nothing it asked for is known.
func TestRunsOfWhichNoneCounts(t *testing.T) {
	st := &study{}
	require.NoError(t, st.counts(), "nothing was asked for")
	st.runs = []report.Run{{}, {}}
	require.ErrorIs(t, st.counts(), errNoRunCounts)
	st.runs[1].Valid = true
	require.NoError(t, st.counts())
}

func TestResultsInAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	args := append([]string{"--arch", "pool", "--arrival", "closed"}, quick...)
	for _, output := range []string{"text", "json", "bench"} {
		code, out, errs := sedabench(t, append(args, "-o", output, "--out", "file")...)
		measuredAll(t, code, errs)
		require.Equal(t, "results  file\n", out)
		require.Equal(t, []string{"file"}, left(t, "."))
		text, err := os.ReadFile("file")
		require.NoError(t, err)
		require.Contains(t, string(text), map[string]string{"text": "machine  ", "json": `"schema": "sedabench/1"`, "bench": "command: sedabench run"}[output])
		require.NotContains(t, string(text), "--out")
	}
	_, out, _ := sedabench(t, append(args, "-o", "bench", "--out", "-")...)
	require.Contains(t, out, "command: sedabench run")
	code, out, errs := sedabench(t, "scale", "--arch", "pool", "--probes", "off", "--workers", "1", "--reps", "1", "--duration", "5ms", "--out", "scaled")
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, "results  scaled\n", out)
	require.NoError(t, os.Mkdir("dir", 0o700))
	for name, want := range map[string]string{
		"no/such/dir/file": "no file can be made in no/such/dir: no such file", "dir": "dir is a directory", "": "want a name",
	} {
		code, out, errs := sedabench(t, append(args, "--out="+name)...)
		require.Equal(t, exitUsage, code)
		require.Empty(t, out)
		require.Contains(t, errs, "--out: ")
		require.Contains(t, errs, want)
	}
}

func TestAPartialFileIsKnownAsOne(t *testing.T) {
	f := measured(2, "6.1", same)
	whole := saved(t, "whole.json", f)
	f.Partial, f.Reason = true, "interrupted"
	half := saved(t, "half.json", f)
	for _, output := range []string{"text", "json"} {
		_, out, _ := sedabench(t, "compare", "-o", output, whole, half)
		require.Contains(t, out, half+" is partial: interrupted")
		require.NotContains(t, out, whole+" is partial")
	}
	code, out, errs := sedabench(t, "report", "--out", "-", half)
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "Partial: this is what was measured before the end, which came early: interrupted.")
	_, out, _ = sedabench(t, "report", "--out", "-", whole)
	require.NotContains(t, out, "Partial: ")
}
