package main

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
)

// What differs from run to run and from machine to machine.
var (
	number  = regexp.MustCompile(`-?\b\d[\d.]*(e[-+]?\d+)?([kMG]|ns|us|ms|s)?\b%?`)
	blanks  = regexp.MustCompile(` +`)
	figures = regexp.MustCompile(`(?m)^( *[a-z-]+)( +[#>.<-]+| valid| of)+$`)
)

// normalized replaces all numbers by #, and rows of figures by their first word.
func normalized(text string) string {
	text = number.ReplaceAllString(text, "#")
	text = blanks.ReplaceAllString(text, " ")
	return figures.ReplaceAllString(text, "$1 ...")
}

func TestTextOutput(t *testing.T) {
	args := append([]string{"--arch", "staged,pool", "--rate", "1000,2000", "--arrival", "fixed", "--workers", "1"}, quick...)
	code, out, errs := sedabench(t, args...)
	if thisHost().cpus < 2 {
		require.Equal(t, exitUsage, code, errs)
		return
	}
	measuredAll(t, code, errs)
	var lines []string
	for line := range strings.Lines(normalized(out)) {
		first, _, _ := strings.Cut(line, " ")
		switch first {
		case "machine", "CPUs", "service": // whose words depend on the machine
			line = first + " ...\n"
		case "Meanwhile": // which there is where it is known
			continue
		}
		if strings.Contains(line, " runs do not count and ") || strings.HasPrefix(line, "Runs that do not count") {
			continue // something disturbed them
		}
		lines = append(lines, line)
	}
	text := withoutPolicies(strings.Join(lines, ""))
	golden(t, "run.golden", text)
	require.Contains(t, errs, "open loop: repetition 1 of 1 done, about 0s left\n")
}

func TestHeaderComesFirst(t *testing.T) {
	code, out, errs := sedabench(t, append([]string{"--arch", "pool", "--arrival", "closed"}, quick...)...)
	measuredAll(t, code, errs)
	require.Regexp(t, `^machine  .+ CPUs .+, go1\..+, GOMAXPROCS \d+, governor .+, quota .+\ncommand  sedabench run --arch pool --shape pipeline`, out)
	require.Contains(t, out, "--seed 1\n")
}

// The form of section "sedabench" of the design: name, and kind of value.
const (
	runForm = `{"arch":"","workers":0,"rep":0,"duration_s":0,"offered_per_s":0,"accepted_per_s":0,"goodput_per_s":0,
		"sojourn_ns":{"p50":0,"p90":0,"p99":0,"p999":0,"max":0},"lateness_ns":{"p50":0,"p99":0},
		"events":{"offered":0,"accepted":0,"refused":0,"completed":0,"failed":0,"expired":0,"dropped":0,"in_flight":0},
		"stages":[{"name":"","depth":0,"batch":0,"service_ns":0,"wait_ns":0,"on_cpu_ns":0,"off_cpu_ns":0,"run_delay_ns":0}],
		"decisions":[]}`
	fileForm = `{"schema":"","machine":{},"config":{},"runs":[` + runForm + `]}`
)

// requireForm fails unless got has everything that form has, of the same kind;
// numbers may be null.
func requireForm(t *testing.T, path string, form, got any) {
	t.Helper()
	switch f := form.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		require.True(t, ok, path)
		for name, value := range f {
			require.Contains(t, g, name, path)
			requireForm(t, path+"."+name, value, g[name])
		}
	case []any:
		g, ok := got.([]any)
		require.True(t, ok, "%s is no array", path)
		if len(f) > 0 {
			require.NotEmpty(t, g, path)
			for _, each := range g {
				requireForm(t, path+"[]", f[0], each)
			}
		}
	case float64:
		if got != nil {
			require.IsType(t, 0.0, got, path)
		}
	default:
		require.IsType(t, form, got, path)
	}
}

func TestJSONOutput(t *testing.T) {
	args := append([]string{"-o", "json", "--arch", "staged,channels-batched", "--arrival", "poisson", "--rate", "20000,0.5x", "--shape", "fanout"}, quick...)
	args = append(args, "--duration", "60ms") // something has to be completed, however busy the machine
	code, out, errs := sedabench(t, args...)
	if thisHost().cpus < 2 {
		require.Equal(t, exitUsage, code, errs)
		return
	}
	measuredAll(t, code, errs)
	var form, got any
	require.NoError(t, json.Unmarshal([]byte(fileForm), &form))
	require.NoError(t, json.Unmarshal([]byte(out), &got))
	requireForm(t, "", form, got)

	var file report.File
	decoder := json.NewDecoder(strings.NewReader(out))
	decoder.DisallowUnknownFields()
	require.NoError(t, decoder.Decode(&file))
	require.Equal(t, "sedabench/1", file.Schema)
	require.Equal(t, uint64(1), file.Config.Seed)
	require.Equal(t, "fanout", file.Config.Shape)
	for _, r := range file.Runs {
		require.Equal(t, r.Events.Offered, r.Events.Accepted+r.Events.Refused)
		require.Equal(t, r.Events.Accepted, r.Events.Completed)
		require.Zero(t, r.Events.InFlight)
		require.Len(t, r.Stages, 3)
		require.NotNil(t, r.Decisions)
		require.Nil(t, r.Stages[0].OnCPU)
	}
	require.Len(t, file.Runs, 2*(1+2))                                                  // closed loop, for what 0.5x is a part of, and two rates
	require.Equal(t, file.Runs[2].Events.Offered, file.Runs[3].Events.Offered, "rates") // the same schedule for all

	// The config is enough to do the same again.
	again := strings.Fields(strings.TrimPrefix(file.Config.Command, "sedabench "))
	require.Equal(t, []string{"run", "--arch", "staged,channels-batched"}, again[:3])
	code, _, errs = sedabench(t, append(again, "-o", "json")...)
	measuredAll(t, code, errs)
}

func TestBenchOutput(t *testing.T) {
	code, out, errs := sedabench(t, append([]string{"-o", "bench", "--arch", "pool", "--arrival", "closed", "--clients", "7"}, quick...)...)
	measuredAll(t, code, errs)
	for line := range strings.Lines(out) {
		require.Regexp(t, `^([a-z]+: .*|BenchmarkRun/arch=pool/workers=\d+/shape=pipeline-3/service=constant:200ns/load=closed-7 \d+ [\d.]+ ns/op \d+ events/s .*)\n$`, line)
	}
	require.Contains(t, out, "pkg: github.com/seda-go/seda/cmd/sedabench\n")
}

func TestWorkersWithoutAGenerator(t *testing.T) {
	h := thisHost()
	if h.allowed.Empty() {
		return // nothing is pinned here, so there is always room
	}
	workers := h.allowed.Len()
	args := append([]string{"--workers", number2text(workers), "--arch", "staged,eventloop"}, quick...)
	code, out, errs := sedabench(t, args...)
	measuredAll(t, code, errs)
	require.Contains(t, out, "no CPU is left for the load generator: the workers make the load, in closed loop only")
	require.Contains(t, out, "clients, made by the workers, ")
	require.NotContains(t, out, "Poisson")
}
