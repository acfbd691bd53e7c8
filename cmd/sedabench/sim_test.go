package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched/sim"
)

// The same arguments give the same output, number for number.
func TestSimOutput(t *testing.T) {
	for file, args := range map[string][]string{
		"sim.golden":       {"--workers", "2", "--duration", "5ms", "--warmup", "1ms", "--serial", "s1", "--search", "4", "--policy", "serve-all,static"},
		"sim-spike.golden": {"--preset", "spike", "--policy", "serve-all", "--workers", "2", "--duration", "20ms", "--timeline", "1ms", "--warmup", "0s"},
	} {
		code, out, errs := sedabench(t, append([]string{"sim"}, args...)...)
		require.Equal(t, exitOK, code, errs)
		require.Empty(t, errs)
		golden(t, file, normalized(out))
		_, again, _ := sedabench(t, append([]string{"sim"}, args...)...)
		require.Equal(t, out, again)
	}
}

func TestSimJSON(t *testing.T) {
	code, out, errs := sedabench(t, "sim", "--duration", "5ms", "--rate", "100000,0.5x", "--arrival", "poisson", "--target", "1ms", "--timeline", "1ms", "-o", "json")
	require.Equal(t, exitOK, code, errs)
	var file simFile
	require.NoError(t, json.Unmarshal([]byte(out), &file))
	require.Equal(t, simSchema, file.Schema)
	require.Positive(t, file.Bound.Rate)
	require.Len(t, file.Loads, 2)
	for _, l := range file.Loads {
		require.Len(t, l.Runs, 1)
		r := l.Runs[0]
		require.Equal(t, "simulated/adaptive", r.Arch)
		require.Equal(t, r.Events.Offered, r.Events.Accepted+r.Events.Refused)
		require.NotEmpty(t, r.Timeline)
		require.Len(t, r.Stages, 3)
		require.Less(t, r.Sojourn.P99, int64(1e6))
	}
	require.InEpsilon(t, 1e5, file.Loads[0].Runs[0].Goodput, 0.1)
	require.InEpsilon(t, file.Bound.Rate/2, file.Loads[1].Runs[0].Goodput, 0.05)
	code, again, errs := sedabench(t, append(strings.Fields(file.Command)[1:], "-o", "json")...)
	require.Equal(t, exitOK, code, errs)
	require.Equal(t, out, again, "the command does the same again")
}

func TestSimHelp(t *testing.T) {
	code, out, _ := sedabench(t, "help", "sim")
	require.Equal(t, exitOK, code)
	golden(t, "help-sim.golden", withoutPolicies(out))
	require.LessOrEqual(t, strings.Count(out, "\n"), 45)
}

func TestSimMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"--workers 300":                          "--workers: \"300\", want a whole number from 1 to 256",
		"--service exp:1us,2us":                  "--service: \"exp:1us,2us\", want exp:<mean>",
		"--service exp":                          "--service: \"exp\", want exp:<mean>",
		"--service never:1us":                    "--service: unknown distribution \"never\"",
		"--service bimodal:1us,2us,3":            "share 3, want 0 to 1",
		"--service pareto:1us,1":                 "exponent 1, want more than 1",
		"--service exp:1h":                       "want a time from 0s to 1s",
		"--service lognormal:1us,-1":             "want a number from 0 to 100",
		"--weights 1,2":                          "--weights: 2 factors, want 3",
		"--weights 1,x,2":                        "--weights: \"x\", want numbers",
		"--serial s3":                            "--serial: there is no stage s3, want s0 to s2",
		"--serial 1":                             "--serial: unknown stage \"1\"",
		"--serial s1 --keyed s1":                 "--keyed: s1 is --serial",
		"--policy best":                          "--policy: unknown policy \"best\"",
		"--preset none":                          "--preset: unknown preset \"none\"",
		"--rate 1x":                              "--rate: with --arrival saturate the service sets the rate",
		"--shape fanout --stages 1":              "--stages: 1, want 2 or more for --shape fanout",
		"--arrival closed --capacity 2":          "--clients: 1024, want 1 to 2, the --capacity",
		"--arrival trace:x":                      "--arrival: \"trace:x\": recordings are played by run and not by sim, want saturate, closed, fixed, poisson, onoff:<on>,<off>",
		"--arrival often":                        "--arrival: unknown arrival \"often\", want saturate, closed, ",
		"--arrival saturate:1":                   "--arrival: \"saturate:1\", want saturate",
		"--arrival onoff:1us":                    "--arrival: onoff: ",
		"--arrival step:2s,2":                    "--arrival step:2s,2: step after 2s, want less than 100ms",
		"--arrival onoff:1us,1us --duration 2s":  "--arrival onoff:1us,1us: the rate changes 2020000 times in --warmup and --duration, want at most 1048576",
		"--arrival onoff:1ms,1ms --preset spike": "--preset spike changes the rate itself",
		"--costs dear":                           "--costs: unknown costs \"dear\"",
	} {
		code, out, errs := sedabench(t, append([]string{"sim"}, strings.Fields(args)...)...)
		require.Equal(t, exitUsage, code, args)
		require.Empty(t, out)
		require.Contains(t, errs, want, args)
	}
}

func TestSimPresets(t *testing.T) {
	for _, name := range simPresetNames() {
		code, out, errs := sedabench(t, "sim", "--preset", name, "--duration", "3ms", "--warmup", "1ms", "--policy", "static")
		require.Equal(t, exitOK, code, "%s: %s", name, errs)
		require.Contains(t, out, "of simulated time")
	}
}

// Under static each worker keeps stages of its own, as in run: neighbours, and s0 has the highest number.
func TestSimStatic(t *testing.T) {
	for args, want := range map[string][][]int{
		"--stages 5 --workers 2": {{4, 3, 2}, {1, 0}},
		"--stages 2 --workers 5": {{1}, {0}, {1}, {0}, {1}},
	} {
		o, err := parseSim(strings.Fields(args + " --policy static --duration 1ms --warmup 0s"))
		require.NoError(t, err)
		st := simStudy{simOptions: o}
		require.NoError(t, st.simulate(t.Context()))
		require.Equal(t, want, st.loads[0].runs[0].Plan.Serve, args)
	}
}

// A rate that changes is in the simulation what it is in run: the mean of bursts is the rate, a step comes after the start of what counts.
func TestSimArrivals(t *testing.T) {
	for _, one := range []struct {
		arrival string
		want    []sim.Step
	}{
		{"poisson", nil},
		{"onoff:10ms,30ms", []sim.Step{{At: 0, Value: 0}, {At: 20e6, Value: 4000}, {At: 30e6, Value: 0}, {At: 60e6, Value: 4000}, {At: 70e6, Value: 0}}},
		{"step:50ms,3", []sim.Step{{At: 0, Value: 1000}, {At: 70e6, Value: 3000}}},
	} {
		o, err := parseSim(strings.Fields("--warmup 20ms --duration 100ms --rate 1000 --arrival " + one.arrival))
		require.NoError(t, err)
		steps := o.system(1000).Sources[0].Arrivals.Steps
		for i := range one.want {
			require.EqualValues(t, one.want[i].Value, rateAt(steps, one.want[i].At), "%s at %d", one.arrival, one.want[i].At)
		}
		require.Equal(t, one.want == nil, steps == nil)
	}
	done := func(arrival string) string {
		code, out, errs := sedabench(t, "sim", "--workers", "2", "--arrival", arrival, "--rate", "100000", "--duration", "200ms", "--warmup", "0s", "-o", "json")
		require.Equal(t, exitOK, code, errs)
		var file simFile
		require.NoError(t, json.Unmarshal([]byte(out), &file))
		require.InEpsilon(t, 1e5, file.Loads[0].Runs[0].Goodput, 0.05, arrival)
		return out
	}
	require.Contains(t, done("onoff:5ms,15ms"), `"arrival": "onoff:5ms,15ms"`)
	done("ramp:0.5,1.5")
}

func rateAt(steps []sim.Step, at int64) (rate float64) {
	for _, s := range steps {
		if s.At <= at {
			rate = s.Value
		}
	}
	return rate
}

// What the presets let happen happens when they say.
func TestSimPresetsDisturb(t *testing.T) {
	o, err := parseSim([]string{"--preset", "shift"})
	require.NoError(t, err)
	y := o.system(0)
	half := int64(o.warmup + o.duration/2)
	before, after := sim.Fluid(y, half-1), sim.Fluid(y, half)
	require.InEpsilon(t, before.Demand[0], after.Demand[2], 0.01)
	require.InEpsilon(t, before.Rate, after.Rate, 0.01)
	o, err = parseSim([]string{"--preset", "starve"})
	require.NoError(t, err)
	visits := sim.Fluid(o.system(0), 0).Visits
	require.InEpsilon(t, 0.001, visits[10], 1e-9)
	require.InEpsilon(t, 0.0999, visits[0], 1e-9)
}
