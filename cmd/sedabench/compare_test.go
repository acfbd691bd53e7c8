package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
)

// measured is a file of runs of two architectures in closed loop and under half of the capacity, whose figures are those of one times faster.
func measured(reps int, kernel string, faster map[string]float64) report.File {
	f := report.File{
		Schema:  report.Schema,
		Machine: report.Machine{Model: "Babbage 2", CPUs: 2, Allowed: "0-1", SMT: 1, OS: "linux", Arch: "amd64", Kernel: kernel, Go: "go1.26"},
		Config:  report.Config{Command: "sedabench run --arch staged,pool", Reps: reps},
	}
	for _, load := range []report.Load{
		{Arrival: "closed", Clients: pointer(8), MadeBy: report.ByGenerator},
		{Arrival: "poisson", Rate: pointer(5000 * faster["staged"]), Fraction: pointer(0.5), MadeBy: report.ByGenerator},
	} {
		for _, arch := range []string{"staged", "pool"} {
			for rep := range reps {
				x := faster[arch] * (1 + 0.001*float64((7*rep)%reps))
				ns := func(n float64) int64 { return int64(n / x) }
				f.Runs = append(f.Runs, report.Run{
					Arch: arch, Workers: 1, Rep: rep, Load: load, Goodput: 10_000 * x, CPU: pointer(1000 / x), Valid: true,
					Sojourn: report.Sojourn{P50: ns(1e4), P90: ns(2e4), P99: ns(5e4), P999: ns(9e4)},
					Events:  report.Events{Offered: 1000, Accepted: 1000, Completed: 1000},
				})
			}
		}
	}
	return f
}

// saved writes a file for a test and returns its name.
func saved(t *testing.T, name string, f report.File) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	out, err := os.Create(name)
	require.NoError(t, err)
	require.NoError(t, report.WriteJSON(out, f))
	require.NoError(t, out.Close())
	return name
}

func TestCompare(t *testing.T) {
	old := saved(t, "old.json", measured(10, "6.1", map[string]float64{"staged": 1, "pool": 1}))
	faulty := measured(10, "6.12", map[string]float64{"staged": 1.2, "pool": 0.9})
	faulty.Runs = faulty.Runs[:len(faulty.Runs)-10] // pool was not measured at half of the capacity
	faulty.Runs[0].Valid = false
	now := saved(t, "new.json", faulty)
	code, out, errs := sedabench(t, "compare", old, now)
	require.Equal(t, exitOK, code, errs)
	golden(t, "compare.golden", strings.NewReplacer(filepath.Dir(old)+"/", "", filepath.Dir(now)+"/", "").Replace(out))

	code, _, errs = sedabench(t, "compare", "--fail-if", "p99>+5%,goodput<-3%", old, now)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "--fail-if p99>+5%: p99 of pool, closed loop, 8 clients, 1 worker: +11.1% (")
	require.Contains(t, errs, "--fail-if goodput<-3%: goodput of pool, closed loop, 8 clients, 1 worker: -10.0% (")
	require.NotContains(t, errs, "staged")
	code, _, errs = sedabench(t, "compare", "--fail-if", "p99>+12%,goodput<-11%", old, now)
	require.Equal(t, exitOK, code, errs)
	code, out, errs = sedabench(t, "compare", "-o", "json", old, now)
	require.Equal(t, exitOK, code, errs)
	var view struct {
		Schema  string
		Changes []changeJSON
	}
	require.NoError(t, json.Unmarshal([]byte(out), &view))
	require.Equal(t, compareSchema, view.Schema)
	require.Len(t, view.Changes, 15)
	require.Equal(t, "better", view.Changes[0].Verdict)
	require.InDelta(t, 1.2, view.Changes[0].Ratio.Median, 0.001)
	require.Less(t, view.Changes[0].P, 0.01)

	code, out, _ = sedabench(t, "compare", "-o", "bench", old, now)
	require.Equal(t, exitOK, code)
	require.Equal(t, 2, strings.Count(out, "side: "))
	require.Equal(t, 40+29, strings.Count(out, "BenchmarkRun/"))
}

func TestCompareWithTooFewRuns(t *testing.T) {
	same := map[string]float64{"staged": 1, "pool": 1}
	few := saved(t, "few.json", measured(3, "6.1", same))
	code, out, _ := sedabench(t, "compare", few, few)
	require.Equal(t, exitOK, code)
	require.Equal(t, 20, strings.Count(out, tooFew))
	code, _, errs := sedabench(t, "compare", "--fail-if", "cpu>+5%", few, few)
	require.Equal(t, exitFailed, code, "a check that cannot fail")
	require.Contains(t, errs, "--fail-if cpu>+5%: cannot tell for cpu of staged, closed loop, 8 clients, 1 worker: 3 and 3 runs that count")

	enough := saved(t, "enough.json", measured(10, "6.1", same))
	code, out, errs = sedabench(t, "compare", "--fail-if", "cpu>+5%", enough, enough)
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, 20, strings.Count(out, noneYet))

	empty := saved(t, "empty.json", report.File{Schema: report.Schema})
	code, out, _ = sedabench(t, "compare", empty, enough)
	require.Equal(t, exitOK, code)
	require.Contains(t, out, "only in the new file: staged, closed loop, 8 clients, 1 worker\n")
	code, _, errs = sedabench(t, "compare", "--fail-if", "cpu>+5%", empty, enough)
	require.Equal(t, exitFailed, code)
	require.Contains(t, errs, "the files have no row in common that knows cpu")
}

func TestCompareMistakes(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(name, []byte(text), 0o644))
		return name
	}
	good := saved(t, "good.json", measured(1, "6.1", map[string]float64{"staged": 1, "pool": 1}))
	foreign, half := write("foreign.json", `{"schema": "other/2"}`), write("half.json", "{\n\"schema\": \"sedabench/1\",\n\"runs\": [\n")
	wrong := write("wrong.json", "{\"schema\": \"sedabench/1\",\n\"runs\": [{\"workers\": \"two\"}]}")
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{good}, exitUsage, "NEW.json is missing: usage is sedabench compare [flags] OLD.json NEW.json"},
		{[]string{good, good, good}, exitUsage, `": compare takes OLD.json and NEW.json`},
		{[]string{"--fail-if", "p99>5%", good, good}, exitUsage, `--fail-if: "p99>5%", want a figure, < or >, and a change in percent with its sign`},
		{[]string{"--fail-if", "p98>+5%", good, good}, exitUsage, `--fail-if: unknown figure "p98", want goodput, p50, p99, p999, cpu`},
		{[]string{"--fail-if", "p99<-100%", good, good}, exitUsage, "want more than -100%"},
		{[]string{"--fail-if", "p99<+5%", good, good}, exitUsage, `--fail-if: "p99<+5%" would not fail when p99 gets worse: want what is a failure, such as p99>+5%`},
		{[]string{"--fail-if", "p99>-5%", good, good}, exitUsage, "such as p99>+5%"},
		{[]string{"--fail-if", "goodput>-5%", good, good}, exitUsage, "want what is a failure, such as goodput<-5%"},
		{[]string{"--fail-if", "goodput>+5%", good, good}, exitUsage, "such as goodput<-5%"},
		{[]string{good, dir + "/none.json"}, exitFailed, "none.json: no such file or directory"},
		{[]string{good, dir}, exitFailed, "is a directory"},
		{[]string{good, foreign}, exitFailed, `foreign.json: the schema is "other/2", want "sedabench/1"`},
		{[]string{half, good}, exitFailed, "half.json: not what sedabench -o json writes: line 4: unexpected end of JSON input"},
		{[]string{wrong, good}, exitFailed, "wrong.json: not of schema sedabench/1: line 2: json: cannot unmarshal string"},
	} {
		code, out, errs := sedabench(t, append([]string{"compare"}, c.args...)...)
		require.Equal(t, c.code, code, c.args)
		require.Contains(t, errs, c.want)
		require.Empty(t, out)
	}
}

// Some figures of a file that something else has made may be 0.
func TestCompareWithZeros(t *testing.T) {
	f := measured(3, "6.1", same)
	now := saved(t, "new.json", f)
	for i := range f.Runs {
		if f.Runs[i].Rep == 0 {
			f.Runs[i].Goodput, f.Runs[i].Sojourn = 0, report.Sojourn{}
		}
	}
	old := saved(t, "old.json", f)
	for _, output := range []string{"text", "json"} {
		code, _, errs := sedabench(t, "compare", "-o", output, old, now)
		require.Equal(t, exitOK, code, errs)
	}
}
