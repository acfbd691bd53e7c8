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

const shopFile = "../../examples/shop.toml"

// file writes a workload file and returns its name.
func workloadFile(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "web.toml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

const webFile = `
[[stage]]
name = "a"
service = "constant:2us"
next = ["b"]

[[stage]]
name = "b"
service = "constant:3us"

[load]
arrival = "closed"
clients = 7
think = "exp:1ms"
`

func TestWorkloadFlags(t *testing.T) {
	two := host{cpus: 2}
	name := workloadFile(t, webFile)
	for _, c := range []struct {
		args, want string
	}{
		{"--keys uniform:10", "--keys: no stage of pipeline-3 is keyed; want --shape keyed, or keyed stages in a --workload"},
		{"--shape keyed --keys zipf", `--keys: "zipf", want zipf:<exponent>,<keys> with an exponent from 0 to 10`},
		{"--shape keyed --keys uniform:0", `--keys: "uniform:0", want 1 to 100000 keys, as in uniform:10000`},
		{"--shape keyed --keys uniform", `--keys: "uniform", want 1 to 100000 keys, as in uniform:10000`},
		{"--shape keyed --keys zipf:0.5,", `--keys: "zipf:0.5,", want 1 to 100000 keys, as in zipf:0.5,10000`},
		{"--shape keyed --keys even:3", `--keys: unknown distribution "even:3", want zipf:<exponent>,<keys> or uniform:<keys>`},
		{"--shape diamond --stages 3", "--stages: 3, want 4 to 32 stages for a diamond"},
		{"--shape diamond --stages 4 --target 1ms", "--target: what is discarded in one branch of a diamond would go on in the others; want --shape pipeline"},
		{"--shape feedback --target 1ms", "--target: what is discarded in a feedback would never leave its loop; want --shape pipeline"},
		{"--shape keyed --work sleep", "--work sleep: while it waits a keyed stage would have to know of others of that key; want --work spin or memory:<size>"},
		{"--workload none.toml", "--workload: stat none.toml: no such file or directory"},
		{"--shape fanout --workload " + name, "--shape: the stages are those of --workload " + name + "; want one of both"},
		{"--stages 2 --workload " + name, "--stages: the stages are those of"},
		{"--service exp:1us --workload " + name, "--service: each stage of the --workload has its own; want none"},
		{"--workload " + shopFile + " --work sleep", "--work sleep: stages of " + shopFile + " have work of their own, and only all may block"},
		{"--workload " + shopFile + " --capacity 32768 --workers 2", "where requests go round and stages are keyed there is room for 458752, want at most 262144"},
		{"--workload " + workloadFile(t, strings.Replace(webFile, "clients = 7", "clients = -1", 1)), `web.toml:13: load: clients: "-1", want a whole number from 0 to 262144`},
		{"--workload " + shopFile + " --target 1ms", "would go on in the others; want one of the --workload in which each stage leads to one other at most"},
		{
			"--workload " + workloadFile(t, strings.Replace(webFile, "clients = 7", "clients = 2000", 1)),
			"web.toml:13: load: clients: --clients: 2000, want 1 to 1024, the --capacity",
		},
		{"--workload " + name + " --clients 2000", "--clients: 2000, want 1 to 1024, the --capacity"},
		{
			"--workload " + workloadFile(t, strings.Replace(webFile, `arrival = "closed"`, "", 1)),
			"web.toml:14: load: think: --think exp:1ms: rates are parts of what clients who do not think get done; want --arrival closed",
		},
		{
			"--workload " + workloadFile(t, webFile+"keys = \"uniform:5\"\n"),
			"web.toml:15: load: keys: --keys: no stage of web-2 is keyed",
		},
		{"--workload " + workloadFile(t, strings.Replace(webFile, `["b"]`, `["c"]`, 1)), `web.toml:5: stage "a": next: no stage "c"; want a, b`},
		{"--preset shift --workload " + name, "--workload: --preset shift does not look at it"},
	} {
		_, err := parseRun(strings.Fields(c.args), two)
		require.ErrorContains(t, err, c.want, c.args)
		var usage usageError
		require.ErrorAs(t, err, &usage, c.args)
	}
}

// What a file says is as if flags said it, and what flags say besides wins. The command that is printed does the same again.
func TestWorkloadFileAndFlags(t *testing.T) {
	two := host{cpus: 2}
	name := workloadFile(t, webFile)
	o, err := parseRun([]string{"--workload", name, "--clients", "9"}, two)
	require.NoError(t, err)
	require.Equal(t, 9, o.clients)
	require.Equal(t, "exp:1ms", o.think.String())
	require.True(t, o.arrival.Closed())
	require.Equal(t, 2, o.stages)
	require.Equal(t, "web", o.shape)
	require.InDelta(t, 5000, o.demand(), 1)
	require.InDelta(t, 3000, o.most(), 1)
	for _, absent := range []string{"--shape", "--stages", "--service"} {
		require.NotContains(t, o.command, absent)
	}
	again, err := parseRun(strings.Fields(strings.TrimPrefix(o.command, "sedabench run ")), two)
	require.NoError(t, err)
	require.Equal(t, o.command, again.command)
	require.Equal(t, o.described(), again.described())

	o, err = parseRun([]string{"--workload", name, "--arrival", "poisson"}, two)
	require.NoError(t, err, "the think time of the file is for closed loop")
	require.Zero(t, o.think.Mean())
	_, err = parseRun([]string{"--workload", shopFile, "--slo", "p99<1s"}, two)
	require.NoError(t, err, "the rates of the file are for other questions")
	_, err = parseScale([]string{"--workload", shopFile}, two)
	require.NoError(t, err)

	for _, shape := range []string{"diamond", "feedback", "keyed"} {
		o, err := parseRun([]string{"--shape", shape, "--stages", "5"}, two)
		require.NoError(t, err)
		again, err := parseRun(strings.Fields(strings.TrimPrefix(o.command, "sedabench run ")), two)
		require.NoError(t, err)
		require.Equal(t, o.command, again.command)
	}
}

func TestResultsDescribeTheGraph(t *testing.T) {
	args := append([]string{"run", "--workload", shopFile, "--arch", "staged,channels", "--arrival", "closed", "-o", "json"}, quick[:6]...)
	code, out, errs := sedabench(t, args...)
	if !strings.Contains(errs, "no run counts") { // on a busy machine: the graph is described all the same
		require.Equal(t, exitOK, code, errs)
	}
	var f report.File
	require.NoError(t, json.Unmarshal([]byte(out), &f))
	require.Equal(t, "shop", f.Config.Shape)
	require.Equal(t, "zipf:0.99,10000", f.Config.Keys)
	require.Len(t, f.Config.Graph, 7)
	require.Equal(t, report.StageConfig{
		Name: "disk", Service: "exp:5us", Work: "spin", Next: []string{"disk", "page"}, Shares: []float64{0.05, 0.95}, Rounds: 3,
	}, f.Config.Graph[4])
	require.Equal(t, "disk exp:5us spin -> disk 0.05 -> page 0.95 at most 3 times", f.Config.Graph[4].String())
	require.True(t, f.Config.Graph[1].Keyed)
	require.Equal(t, "memory:256KiB", f.Config.Graph[3].Work)
	require.Equal(t, "page", f.Runs[0].Stages[5].Name)
}

// Files whose graphs differ are not compared; one that is older than graphs in files is.
func TestGraphsAreCompared(t *testing.T) {
	a := report.Config{Shape: "web", Stages: 1, Graph: []report.StageConfig{{Name: "a", Service: "exp:1us"}}}
	b := report.Config{Shape: "web", Stages: 1, Graph: []report.StageConfig{{Name: "a", Service: "exp:2us"}}}
	of := func(c report.Config) report.File { return report.File{Config: c} }
	require.Contains(t, view("a", "b", of(a), of(b)).incomparable(), "config: graph was [a exp:1us")
	older := b
	older.Graph = nil
	require.Equal(t, "they have no row in common", view("a", "b", of(a), of(older)).incomparable())
	require.Empty(t, view("a", "b", of(a), of(older)).differences)
}

// Two files of one name may hold two graphs: it is said of each stage, but where a flag says it of all.
func TestStagesThatDiffer(t *testing.T) {
	graph := func(byFlag, own string, share float64) report.Config {
		return report.Config{Shape: "web", Stages: 2, Service: byFlag, Graph: []report.StageConfig{
			{Name: "a", Service: byFlag, Work: "spin", Next: []string{"b", "end"}, Shares: []float64{share, 1 - share}},
			{Name: "b", Service: own, Work: "spin"},
		}}
	}
	of := func(a, b report.Config) []string {
		return view("a", "b", report.File{Config: a}, report.File{Config: b}).differences
	}
	old := graph("exp:1us", "exp:1us", 0.25)
	require.Empty(t, of(old, old))
	require.Equal(t, []string{
		"config: stage 1 was a exp:1us spin -> b 0.25 -> end 0.75, is a exp:1us spin -> b 0.5 -> end 0.5",
		"config: stage 2 was b exp:1us spin, is b exp:3us spin",
	}, of(old, graph("exp:1us", "exp:3us", 0.5)))
	require.Equal(t, []string{"config: service was exp:1us, is exp:2us"}, of(old, graph("exp:2us", "exp:2us", 0.25)))
	require.Equal(t, []string{"config: service was exp:1us, is exp:2us"}, of(old, graph("exp:2us", "exp:1us", 0.25)))
}
