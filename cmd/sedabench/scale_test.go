package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/usl"
)

func TestUpTo(t *testing.T) {
	require.Equal(t, []int{1}, upTo(1))
	require.Equal(t, []int{1, 2}, upTo(2))
	require.Equal(t, []int{1, 2, 3, 4, 5, 6}, upTo(6))
	for _, cpus := range []int{8, 64, 192, 256} {
		all := upTo(cpus)
		require.Equal(t, cpus, all[len(all)-1])
		require.GreaterOrEqual(t, len(all), usl.LeastPoints)
		require.LessOrEqual(t, len(all), 25)
	}
}

// scaled is a study of runs whose throughput follows a law, and of which probes know where the time went.
func scaled(m usl.Model, workers ...int) *study {
	st := &study{}
	for _, n := range workers {
		for rep := range 5 {
			x := m.At(float64(n)) * (1 + 0.001*float64(rep))
			each := 1e9 * float64(n) / x
			st.runs = append(st.runs, report.Run{
				Arch: ours, Workers: n, Rep: rep, Goodput: x, Valid: true, Events: report.Events{Completed: 1},
				Stages: []report.Stage{{OnCPU: pointer(0.8 * each), OffCPU: pointer(0.1 * each), RunDelay: pointer(0.1 * each)}},
			})
		}
	}
	return st
}

func TestScaleSaysWhereItWent(t *testing.T) {
	workers := []int{1, 2, 4, 8, 16, 32}
	m := usl.Model{Lambda: 100_000, Sigma: 0.05, Kappa: 0.001}
	st := scaled(m, workers...)
	s := report.Scale{Arch: ours, Factor: 0.9, Line: 80}
	for _, n := range workers {
		p := st.point(ours, n, report.Measured)
		p.Predicted, p.Error = pointer(1.05*p.Throughput.Median), pointer(0.05)
		s.Points = append(s.Points, p)
		if n > 1 {
			s.Reasons = append(s.Reasons, st.whereItWent(ours, n))
		}
	}
	s.Points = append(s.Points, report.ScalePoint{Workers: 64, Kind: report.Simulated, Predicted: pointer(m.At(64))})
	s.USL, s.NoUSL = fitted(st.throughputs(ours, workers))
	require.InEpsilon(t, m.Sigma, s.USL.Sigma.Median, 0.01)
	var b strings.Builder
	require.NoError(t, writeScales(&b, []report.Scale{s}))
	golden(t, "scale.golden", b.String())

	require.Equal(t, "2 workers do 2.00 times as much as one.", scaled(usl.Model{Lambda: 1000}, 1, 2).whereItWent(ours, 2))
	require.Equal(t, "4 workers: too few runs count to say why.", st.whereItWent("pool", 4))
	for i := range st.runs {
		st.runs[i].Stages = nil
	}
	require.Contains(t, st.whereItWent(ours, 8), "; where it goes, probes by stage would tell (")
}

func TestScale(t *testing.T) {
	args := []string{"scale", "--arch", "staged,pool", "--duration", "60ms", "--warmup", "1ms", "--reps", "1", "--simulate", "8", "--probes", "off"}
	code, out, errs := sedabench(t, args...)
	require.Equal(t, exitOK, code, errs)
	require.Contains(t, out, "Throughput of staged by workers, in closed loop made by the workers:\n")
	require.Contains(t, out, "simulated\n")
	require.Contains(t, out, "The Universal Scalability Law is not fitted: ")

	code, out, errs = sedabench(t, append(args, "-o", "json", "--oversubscribe", fmt.Sprint(thisHost().cpus+1), "--policy", "adaptive,static")...)
	require.Equal(t, exitOK, code, errs)
	var f report.File
	require.NoError(t, json.Unmarshal([]byte(out), &f))
	require.Len(t, f.Scales, 3)
	require.Equal(t, []string{"staged/adaptive", "staged/static", "pool"}, []string{f.Scales[0].Arch, f.Scales[1].Arch, f.Scales[2].Arch})
	for _, s := range f.Scales {
		require.Equal(t, 1, s.Points[0].Workers)
		kinds := map[string]int{}
		for _, p := range s.Points {
			kinds[p.Kind]++
			if p.Kind == report.Simulated {
				require.Nil(t, p.Throughput)
				require.NotNil(t, p.Predicted)
			}
		}
		require.Equal(t, 1, kinds[report.Oversubscribed])
		require.Equal(t, s.Arch == "pool", kinds[report.Simulated] == 0)
	}
	require.Equal(t, report.ByWorkers, f.Runs[0].Load.MadeBy)
}

func TestScaleMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"--workers 2":       "--workers: 2, want 1 among them, which others are measured against",
		"--oversubscribe 1": `--oversubscribe: "1", want a whole number from 2 to 256`,
		"--rate 5":          "unknown flag --rate, want --arch, ",
		"--preset spike":    "unknown flag --preset, want ",
	} {
		code, out, errs := sedabench(t, append([]string{"scale"}, strings.Fields(args)...)...)
		require.Equal(t, exitUsage, code)
		require.Empty(t, out)
		require.Contains(t, errs, want)
	}
	_, err := parseScale([]string{"--oversubscribe", "4"}, host{cpus: 4})
	require.EqualError(t, err, "--oversubscribe: 4, want more than 4, the CPUs this process may use")
}

// Without staged nobody is watched, and nobody has to say so.
func TestScaleWithoutStaged(t *testing.T) {
	o, err := parseScale([]string{"--arch", "pool"}, thisHost())
	require.NoError(t, err)
	require.Equal(t, probesOff, o.probes)
	require.Contains(t, o.command, "--probes off")
	_, err = parseScale([]string{"--arch", "pool", "--probes", "auto"}, thisHost())
	require.ErrorContains(t, err, "only staged looks at it")
}
