package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
)

var same = map[string]float64{"staged": 1, "pool": 1}

// left are the files of a directory.
func left(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestReport(t *testing.T) {
	t.Chdir(t.TempDir())
	old, now := saved(t, "old.json", measured(10, "6.1", same)), saved(t, "new.json", measured(10, "6.12", map[string]float64{"staged": 1.2, "pool": 0.9}))
	code, out, errs := sedabench(t, "report", old)
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, "report  sedabench-report.html\n", out)
	require.Equal(t, []string{reportName}, left(t, "."))

	code, out, errs = sedabench(t, "report", "--out", "page.html", "--svg", "plots/new", old, now)
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, "report  page.html\n", out)
	require.Contains(t, left(t, "plots/new"), "old-goodput-s-in-closed-loop.svg")
	page, err := os.ReadFile("page.html")
	require.NoError(t, err)
	for _, want := range []string{
		"Files beside one another", "machine: kernel was 6.1, is 6.12", `<td class="good">better</td>`, `<td class="bad">worse</td>`, "Babbage 2, 2 CPUs", "sedabench run --arch staged,pool", "10 runs",
	} {
		require.True(t, strings.Contains(string(page), want), want)
	}
}

// Files of other work, or of other loads, are shown, but not as if one were the other later.
func TestReportComparesTheSameWork(t *testing.T) {
	old, now := measured(10, "6.1", same), measured(10, "6.1", same)
	old.Config.Service, now.Config.Service = "exp:1us", "constant:1s"
	c := compared([]string{"a", "b"}, []report.File{old, now})
	require.Empty(t, c.Tables)
	require.Equal(t, []string{"a and b are not compared: config: service was exp:1us, is constant:1s"}, c.Notes)

	now.Config.Service = old.Config.Service
	for i := range now.Runs {
		now.Runs[i].Workers++
	}
	require.Equal(t, []string{"a and b are not compared: they have no row in common"}, compared([]string{"a", "b"}, []report.File{old, now}).Notes)

	now.Runs = append(now.Runs, old.Runs...)
	c = compared([]string{"a", "b"}, []report.File{old, now})
	require.NotEmpty(t, c.Tables)
	require.Equal(t, []string{"a and b: only one of them has 4 rows, which sedabench compare names"}, c.Notes)
}

func TestReportReadsAndWritesStreams(t *testing.T) {
	text, err := os.ReadFile(saved(t, "a.json", measured(2, "6.1", same)))
	require.NoError(t, err)
	var out, errs strings.Builder
	require.Equal(t, exitOK, run([]string{"report", "--out", "-", "-"}, strings.NewReader(string(text)), &out, &errs), errs.String())
	require.True(t, strings.HasPrefix(out.String(), "<!DOCTYPE html>"))
	require.True(t, strings.HasSuffix(strings.TrimSpace(out.String()), "</html>"))
	require.Equal(t, exitFailed, run([]string{"report", "--out", "-", "-"}, strings.NewReader(string(text)), broken{}, &errs))
	require.Contains(t, errs.String(), errBroken.Error())
	errs.Reset()
	require.Equal(t, exitFailed, run([]string{"report", "-"}, strings.NewReader("{"), &out, &errs))
	require.Contains(t, errs.String(), "sedabench: standard input: not what sedabench -o json writes: line 1: ")
}

// What cannot be read or written is one line, and leaves what was there.
func TestReportFails(t *testing.T) {
	t.Chdir(t.TempDir())
	good := saved(t, "good.json", measured(1, "6.1", same))
	bad := measured(1, "6.1", same)
	bad.Runs[1].Load = report.Load{}
	unloaded := saved(t, "bad.json", bad)
	bad = measured(1, "6.1", same)
	bad.Scales = []report.Scale{{Arch: "staged"}}
	pointless := saved(t, "pointless.json", bad)
	require.NoError(t, os.WriteFile("foreign.json", []byte(`{"schema": "other/1"}`), 0o600))
	require.NoError(t, os.WriteFile("page.html", []byte("before"), 0o600))
	require.NoError(t, os.Mkdir("dir", 0o700))
	require.NoError(t, os.Symlink("foreign.json", "link"))
	type failure struct {
		code int
		want string
	}
	for args, c := range map[string]failure{
		"none.json":                             {exitFailed, "open none.json: no such file"},
		"foreign.json":                          {exitFailed, `foreign.json: the schema is "other/1", want "sedabench/1"`},
		good + " " + unloaded:                   {exitFailed, unloaded + ": runs[1].load: neither rate_per_s nor clients"},
		pointless:                               {exitFailed, pointless + ": scales[0]: no points"},
		"--out no/such/dir/page.html none.json": {exitUsage, "--out: no file can be made in no/such/dir: no such file"},
		"--out dir none.json":                   {exitUsage, "--out: dir is a directory"},
		"--out= none.json":                      {exitUsage, "--out: want a name"},
		"--svg page.html none.json":             {exitUsage, "--svg: no file can be made in page.html: not a directory"},
		"--svg page.html/below none.json":       {exitUsage, "--svg: no file can be made in page.html: not a directory"},
		"--svg /dev/null none.json":             {exitUsage, "--svg: no file can be made in /dev/null: not a directory"},
		"--out ./foreign.json foreign.json":     {exitUsage, "--out: ./foreign.json is one of the results, want another name for the page"},
		"--out link " + good + " foreign.json":  {exitUsage, "--out: link is one of the results"},
	} {
		code, out, errs := sedabench(t, append([]string{"report"}, strings.Fields("--out page.html "+args)...)...)
		require.Equal(t, c.code, code, args)
		require.Empty(t, out)
		require.Contains(t, errs, c.want, args)
		require.Equal(t, 1, strings.Count(errs, "\n"), errs)
	}
	text, err := os.ReadFile("page.html")
	require.NoError(t, err)
	require.Equal(t, "before", string(text))
	require.ElementsMatch(t, []string{"dir", "foreign.json", "link", "page.html"}, left(t, "."))
}

func TestWriteWhole(t *testing.T) {
	t.Chdir(t.TempDir())
	text := func(name string) string {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		return string(text)
	}
	write := func(what string, err error) func(io.Writer) error {
		return func(w io.Writer) error { _, failed := io.WriteString(w, what); return errors.Join(failed, err) }
	}
	require.NoError(t, writeWhole("page", write("first", nil)))
	require.ErrorIs(t, writeWhole("page", write("half", errBroken)), errBroken)
	require.Equal(t, "first", text("page"))
	require.NoError(t, writeWhole("page", func(w io.Writer) error {
		require.NoError(t, os.WriteFile("page.part", nil, 0o600), "of another process")
		return write("first", os.Remove("page.part"))(w)
	}))
	require.NoError(t, os.Symlink("page", "link"))
	require.NoError(t, writeWhole("link", write("second", nil)))
	require.Equal(t, "second", text("page"))
	require.Equal(t, []string{"link", "page"}, left(t, "."))
}

// A run without flags says where its report is, and does not fail for lack of a place for it.
func TestLeaveReport(t *testing.T) {
	t.Chdir(t.TempDir())
	st := testStudy(t, inline, "--workers", "1", "--reps", "1", "--duration", "1ms", "--arch", "pool", "--arrival", "closed")
	require.NoError(t, st.measureAll(t.Context()))
	var out, errs strings.Builder
	st.out, st.errs = &out, &errs
	require.NoError(t, st.leaveReport())
	dir, err := os.Getwd()
	require.NoError(t, err)
	require.Equal(t, "report  "+filepath.Join(dir, reportName)+"\n", out.String())
	require.Equal(t, []string{reportName}, left(t, "."))
	require.Empty(t, errs.String())

	require.NoError(t, os.Remove(reportName))
	require.NoError(t, os.Mkdir(reportName, 0o700))
	out.Reset()
	require.NoError(t, st.leaveReport())
	require.Empty(t, out.String())
	require.Contains(t, errs.String(), "warning: no report: ")
	st.out = broken{}
	require.NoError(t, os.Remove(reportName))
	require.ErrorIs(t, st.leaveReport(), errBroken)
}
