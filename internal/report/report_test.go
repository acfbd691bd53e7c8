package report

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestQuartiles(t *testing.T) {
	for _, c := range []struct {
		sample []float64
		want   Quartiles
	}{
		{[]float64{5}, Quartiles{5, 5, 5}},
		{[]float64{2, 1}, Quartiles{1.25, 1.5, 1.75}},
		{[]float64{3, 1, 2}, Quartiles{1.5, 2, 2.5}},
		{[]float64{4, 1, 3, 2}, Quartiles{1.75, 2.5, 3.25}},
		{[]float64{5, 1, 4, 2, 3}, Quartiles{2, 3, 4}},
	} {
		require.Equal(t, c.want, QuartilesOf(c.sample))
	}
	require.True(t, math.IsNaN(QuartilesOf(nil).Median))
	for q, want := range map[float64]float64{0: 1, 0.1: 1.4, 0.25: 2, 0.75: 4, 1: 5} {
		require.InDelta(t, want, Quantile([]float64{5, 1, 4, 2, 3}, q), 1e-12)
	}
	sample := []float64{3, 1, 2}
	QuartilesOf(sample)
	require.Equal(t, []float64{3, 1, 2}, sample, "changed")
}

func TestSimilarLoadsStayApart(t *testing.T) {
	var runs []Run
	for _, rate := range []float64{10_000, 10_001, 10_000, 0.5, 0.25} {
		runs = append(runs, Run{Arch: "pool", Load: Load{Arrival: "fixed", Rate: pointer(rate)}, Valid: true, Goodput: 1})
	}
	rows := Summarize(runs)
	require.Len(t, rows, 4)
	require.Equal(t, 2, rows[0].Runs)
	require.False(t, rows[0].Load.Same(rows[1].Load))
	require.True(t, rows[0].Load.Same(runs[2].Load))
	require.Equal(t, "fixed arrivals, 10001/s", rows[1].Load.String())
	require.Equal(t, "fixed-0.25", rows[3].Load.Name())
	rate := 5.0
	clients := 4
	thinking := Load{Arrival: "closed", Clients: &clients, Think: "exp:1ms", MadeBy: ByGenerator}
	require.Equal(t, "closed loop, 4 clients, thinking exp:1ms", thinking.String())
	require.Equal(t, "closed-4-think-exp:1ms", thinking.Name())
	require.False(t, thinking.Capacity())
	require.False(t, thinking.Same(Load{Arrival: "closed", Clients: &clients, MadeBy: ByGenerator}))
	require.Equal(t, "trace:_var_my_log.txt-5", (Load{Arrival: "trace:/var/my log.txt", Rate: &rate}).Name())
}

func TestFormats(t *testing.T) {
	for n, want := range map[float64]string{
		0: "0.00", 0.5: "0.50", 9.994: "9.99", 9.996: "10.0", 99.96: "100", 331: "331", 999.4: "999", 999.6: "1.00k",
		1000: "1.00k", 331_234: "331k", 999_600: "1.00M", 1.2e6: "1.20M", 3e9: "3.00G", 5e12: "5000G",
	} {
		require.Equal(t, want, Count(n))
	}
	for ns, want := range map[float64]string{
		0: "0ns", 850: "850ns", 999.7: "1.00us", 12_345: "12.3us", 1.05e6: "1.05ms", 2.5e9: "2.50s",
	} {
		require.Equal(t, want, Time(ns))
	}
	require.Equal(t, "-", Time(math.NaN()))
	for part, want := range map[float64]string{0: "0.0%", 0.0001: "<0.1%", 0.001: "0.1%", 0.5: "50.0%", 1: "100.0%"} {
		require.Equal(t, want, Share(part))
	}
}

func TestTableAligns(t *testing.T) {
	var table Table
	table.Add("name", "n", "note")
	table.Add("a", "1000", "")
	table.Add("µs", "5", "x")
	var b strings.Builder
	require.NoError(t, table.Write(&b))
	require.Equal(t, "  name     n  note\n  a     1000\n  µs       5     x\n", b.String())
}

func pointer[T any](v T) *T { return &v }

func sample() File {
	run := func(arch string, rep int, l Load, valid bool) Run {
		return Run{
			Arch: arch, Workers: 1, Rep: rep, Load: l, Duration: 0.5, Offered: 2000, Accepted: 1800, Goodput: 1600 + float64(rep),
			CPU: pointer(5000.0), Sojourn: Sojourn{1000, 2000, 3000, 4000, 5000}, Lateness: Lateness{30, 900}, Valid: valid,
			Events:    Events{Offered: 1000, Accepted: 900, Refused: 100, Completed: 900},
			Stages:    []Stage{{Name: "s0", Depth: pointer(1.5), Batch: 2}},
			Decisions: []Decision{},
		}
	}
	closed := Load{Arrival: "closed", Clients: pointer(8), MadeBy: ByGenerator}
	part := Load{Arrival: "poisson", Rate: pointer(2000.0), Fraction: pointer(0.5), MadeBy: ByGenerator}
	fixed := Load{Arrival: "fixed", Rate: pointer(2500.0), MadeBy: ByGenerator}
	return File{
		Schema:  Schema,
		Machine: Machine{Model: "Babbage 2", CPUs: 2, OS: "linux", Arch: "amd64", Kernel: "6.1", Go: "go1.26"},
		Config:  Config{Command: "sedabench run --arch pool,staged", Shape: "pipeline", Stages: 3, Service: "exp:1us"},
		Runs: []Run{
			run("pool", 0, closed, true), run("pool", 1, closed, false), run("pool", 2, closed, true),
			run("staged", 0, part, true), run("staged", 0, fixed, true),
		},
	}
}

func TestSummarize(t *testing.T) {
	rows := Summarize(sample().Runs)
	require.Len(t, rows, 3)
	pool := rows[0]
	require.Equal(t, "pool", pool.Arch)
	require.Equal(t, 3, pool.Runs)
	require.Equal(t, 2, pool.Valid)
	require.Equal(t, Quartiles{1600.5, 1601, 1601.5}, pool.Goodput) // without the run that is not valid
	require.Equal(t, 0.1, pool.Refused.Median)
	require.Equal(t, 3000.0, pool.P99.Median)
	require.Equal(t, "closed loop, 8 clients", pool.Load.String())
	require.Equal(t, "poisson arrivals, 2.00k/s (0.5x of the best capacity)", rows[1].Load.String())
	require.Equal(t, "fixed arrivals, 2500/s", rows[2].Load.String())
	require.Equal(t, "closed loop, 1 client", Load{Clients: pointer(1), MadeBy: ByGenerator}.String())
	require.Equal(t, "closed loop, 8 clients, made by the workers", Load{Clients: pointer(8), MadeBy: ByWorkers}.String())
}

func TestRowsWithoutCPUOrValidRuns(t *testing.T) {
	runs := sample().Runs[:2]
	runs[0].CPU = nil
	runs[0].GeneratorBound = true
	var b strings.Builder
	require.NoError(t, WriteRows(&b, Summarize(runs[:1])))
	require.Regexp(t, `pool +>1\.60k .* - +900ns +1\n`, b.String())
	b.Reset()
	require.NoError(t, WriteRows(&b, Summarize(runs[1:])))
	require.Regexp(t, `pool +- .*900ns +0 of 1 valid\n`, b.String())
	b.Reset()
	runs[1].Goodput, runs[1].Lateness = 0, Lateness{} // nothing was done
	require.NoError(t, WriteRows(&b, Summarize(runs[1:])))
	require.Regexp(t, `pool +(- +){9}0 of 1 valid\n`, b.String())
	b.Reset()
	require.NoError(t, WriteRows(&b, Summarize(runs))) // one valid run has no quartiles, and its own lateness
	require.Regexp(t, `pool +>1\.60k +- +10\.0% +1\.00us +3\.00us +- +4\.00us +- +900ns +1 of 2 valid\n`, b.String())
}

func TestBenchFormat(t *testing.T) {
	var b strings.Builder
	require.NoError(t, WriteBench(&b, sample()))
	require.Equal(t, `goos: linux
goarch: amd64
pkg: github.com/seda-go/seda/cmd/sedabench
cpu: Babbage 2
cpus: 2
kernel: 6.1
go: go1.26
command: sedabench run --arch pool,staged
BenchmarkRun/arch=pool/workers=1/shape=pipeline-3/service=exp:1us/load=closed-8 900 625000.0 ns/op 1600 events/s 1000 p50-ns 3000 p99-ns 4000 p999-ns 0.100000 refused/op 5000.0 cpu-ns/op
BenchmarkRun/arch=pool/workers=1/shape=pipeline-3/service=exp:1us/load=closed-8 900 624219.7 ns/op 1602 events/s 1000 p50-ns 3000 p99-ns 4000 p999-ns 0.100000 refused/op 5000.0 cpu-ns/op
BenchmarkRun/arch=staged/workers=1/shape=pipeline-3/service=exp:1us/load=poisson-0.5x 900 625000.0 ns/op 1600 events/s 1000 p50-ns 3000 p99-ns 4000 p999-ns 0.100000 refused/op 5000.0 cpu-ns/op
BenchmarkRun/arch=staged/workers=1/shape=pipeline-3/service=exp:1us/load=fixed-2500 900 625000.0 ns/op 1600 events/s 1000 p50-ns 3000 p99-ns 4000 p999-ns 0.100000 refused/op 5000.0 cpu-ns/op
`, b.String())
}

func TestJSONRoundTrip(t *testing.T) {
	var b strings.Builder
	require.NoError(t, WriteJSON(&b, sample()))
	require.Contains(t, b.String(), `"on_cpu_ns": null`)
	require.Contains(t, b.String(), `"decisions": []`)
	var f File
	require.NoError(t, json.Unmarshal([]byte(b.String()), &f))
	require.Equal(t, sample(), f)
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestErrorsOfWriting(t *testing.T) {
	var table Table
	table.Add("a")
	require.ErrorContains(t, table.Write(broken{}), "no space left")
	require.ErrorContains(t, WriteJSON(broken{}, sample()), "write JSON: no space left")
	require.ErrorContains(t, WriteBench(broken{}, sample()), "no space left")
}

func TestFindingsAreWrittenAsTheirValueIs(t *testing.T) {
	bound := 1e6
	for want, f := range map[string]Finding{
		"1.00ms":         {Value: 1224703, Text: "1.22ms", Bound: &bound},
		"at most 1.00ms": {Value: 1224703, Text: "1.22ms", Bound: &bound, Wanted: "at most 1.00ms"},
		"1.00M":          {Value: 2, Bound: &bound},
		"":               {Value: 2},
	} {
		require.Equal(t, want, f.Limit())
	}
	require.Equal(t, "0.95", Finding{Value: 0.881, Text: "0.881"}.Write(0.95))
	require.Equal(t, "12", Finding{Value: 12.345, Text: "12.3ms"}.Write(12))
}
