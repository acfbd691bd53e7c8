package main

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/cmd/sedabench/internal/arch"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/staged"
	"github.com/seda-go/seda/probes"
)

// tiny is as short as each preset can be and still do all that it does.
var tiny = map[string]string{
	"batch-oracle":          "--duration 20ms --warmup 10ms --reps 1",
	"shift":                 "--duration 40ms --warmup 5ms --reps 2 --service constant:1us",
	"spike":                 "--duration 250ms --warmup 10ms --service constant:50us",
	"overload":              "--duration 30ms --warmup 10ms --rate 0.5x,2x --service constant:100us",
	"starve":                "--duration 40ms --warmup 5ms --reps 1",
	"two-stage-oscillation": "--duration 40ms --warmup 5ms --reps 1",
	"threads":               "--duration 10ms --warmup 2ms --reps 1 --arch thread,pool,staged,eventloop",
	"thread-controller":     "--duration 600ms --warmup 10ms",
	"batch-controller":      "--duration 280ms",
	"shedding":              "--duration 40ms --warmup 10ms --rate 2x --service bimodal:50us,200us,0.1",
	"fairness":              "--duration 10ms --warmup 2ms --reps 1",
}

func TestEveryPresetAnswers(t *testing.T) {
	for _, p := range presets() {
		if p.generator && thisHost().cpus < 2 {
			continue
		}
		args := append([]string{"--preset", p.name, "-o", "json", "--policy", "static," + staged.DefaultPolicy()}, strings.Fields(tiny[p.name])...)
		code, out, errs := sedabench(t, args...)
		if strings.Contains(errs, errNoPeak.Error()) {
			continue // the machine is too busy for a figure of any kind
		}
		measuredAll(t, code, errs, p.name)
		var file report.File
		require.NoError(t, json.Unmarshal([]byte(out), &file))
		require.Equal(t, p.name, file.Config.Preset)
		require.NotEmpty(t, file.Runs, p.name)
		for _, r := range file.Runs {
			require.Equal(t, r.Events.Offered, r.Events.Accepted+r.Events.Refused, "%s, %s", p.name, r.Arch)
			require.Equal(t, r.Events.Accepted, r.Events.Completed+r.Events.Expired, "%s, %s", p.name, r.Arch)
			require.Zero(t, r.Events.InFlight)
			require.NotNil(t, r.Decisions)
			if name, _, _ := strings.Cut(r.Arch, "/"); name != ours {
				require.Contains(t, file.Config.Archs, name)
				continue
			}
			require.Contains(t, staged.Policies(), r.Policy)
		}
		if p.flags["arch"] == "" {
			require.Equal(t, "staged/", file.Runs[0].Arch[:7])
		}
		require.NotEmpty(t, file.Findings, p.name)
		for _, f := range file.Findings {
			require.Positive(t, f.Runs)
			require.LessOrEqual(t, f.Low, f.High)
			require.Equal(t, f.Bound == nil, f.Verdict == "info", "%s: %s, %s", p.name, f.Of, f.What)
		}
	}
}

// What probes know of the stages comes after what the preset found, once something was done while it looked.
func TestPresetWithProbes(t *testing.T) {
	args := strings.Fields("--preset shift --policy static --probes auto --duration 300ms --warmup 5ms --reps 1 --service constant:1us")
	for done := false; !done; {
		code, out, errs := sedabench(t, args...)
		if measuredAll(t, code, errs); code != exitOK {
			continue // the machine is busy
		}
		require.Contains(t, out, "--policy static --probes auto --duration")
		require.Contains(t, out, "\nprobes   ")
		// Else they are not pinned, or not watched.
		watched := probes.SystemFacts().BPF() == probes.Known && strings.Contains(out, " on CPU")
		done = !watched || strings.Contains(out, "What the kernel did to stages, per request:\n") && strings.Contains(out, "\n  staged/static s1, closed loop, ")
	}
}

func TestPresetsOnPaper(t *testing.T) {
	require.ElementsMatch(t, presetNames(), func() (names []string) {
		for name := range tiny {
			names = append(names, name)
		}
		return names
	}())
	two := host{cpus: 2, allowed: affinity.Of(0, 1)}
	for _, p := range presets() {
		require.NotEmpty(t, p.about)
		o, err := parseRun([]string{"--preset", p.name}, two)
		require.NoError(t, err, p.name)
		require.Equal(t, []int{map[bool]int{true: 1, false: 2}[p.generator]}, o.workers, p.name)
		require.NotEmpty(t, o.policies)
		again, err := parseRun(strings.Fields(strings.TrimPrefix(o.command, "sedabench run ")), two)
		require.NoError(t, err, o.command)
		o.given, again.given = nil, nil
		require.Equal(t, o, again)
	}
	for args, want := range map[string]string{
		"--preset storm":                                    `--preset: unknown preset "storm", want batch-oracle, shift, spike, `,
		"--preset spike --arch staged":                      "--arch: --preset spike does not look at it, but at --workers, --policy, --probes, --pin, --seed, --output, --out, --duration, --reps, --service, --warmup",
		"--preset shift --rate 5":                           "--rate: --preset shift does not look at it",
		"--preset threads --work spin":                      "--preset threads: --work spin never blocks; want --work sleep or file:<size>",
		"--preset thread-controller --service constant:1us": "--preset thread-controller: --service constant:1us is more than one generator can offer enough of; want 100µs or more",
		"--preset fairness --clients 5":                     "--clients: --preset fairness does not look at it, but at ",
		"--preset threads --arch actors":                    `--arch: unknown architecture "actors"`,
		"--preset threads --threads 0":                      "--threads: ",
		"--preset overload --rate 50":                       "--rate: 50, want parts of the capacity, such as 2x, with --preset",
		"--preset overload --workers 1,2":                   "--workers: 1,2, want one number from 1 to 2, the CPUs this process may use",
		"--preset spike --workers 2":                        "--preset spike: no CPU is left for the load generator with 2 workers on CPUs 0-1; want fewer --workers, or --preset shift or ",
		"--preset shift --pin /sys/fs/bpf":                  "--pin: only programs in the kernel have maps; want --probes auto or bpf",
		"--preset shift --workers 3":                        "--workers: 3, want one number from 1 to 2",
		"--preset shift --policy adaptive,no":               `--policy: unknown policy `,
	} {
		_, err := parseRun(strings.Fields(args), two)
		require.ErrorContains(t, err, want, args)
		var usage usageError
		require.ErrorAs(t, err, &usage, args)
	}
	_, err := parseRun([]string{"--preset", "spike"}, host{cpus: 1, allowed: affinity.Of(3)})
	require.ErrorContains(t, err, "1 worker on CPU 3; want more CPUs, or --preset shift or two-stage-oscillation or threads")
}

func TestSheet(t *testing.T) {
	s := newSheet("How much", column{name: "ratio", unit: part, bound: bound(0.9), least: true},
		column{name: "delay", unit: report.Time, bound: bound(2000)}, column{name: "moves", unit: whole})
	s.ours = []string{"ours"}
	for _, v := range []float64{0.8, 0.95, 0.96} {
		s.put("ours", "ratio", v)
	}
	s.put("ours", "delay", 2500)
	s.put("theirs", "ratio", 0.5)
	s.put("theirs", "moves", 3)
	s.row("late")
	s.invalid["late"] = 2
	var b strings.Builder
	require.NoError(t, s.write(&b))
	golden(t, "sheet.golden", b.String())
	all := s.findings()
	require.Len(t, all, 5)
	require.Equal(t, report.Finding{
		Sheet: "How much", Of: "ours", What: "ratio", Value: 0.95, Text: "0.950", Low: 0.875, High: 0.955, Runs: 3, Bound: bound(0.9), Wanted: "at least 0.900", Verdict: "ok",
	}, all[0])
	require.Equal(t, "short", all[1].Verdict)
	require.Equal(t, "info", all[2].Verdict)
	require.Equal(t, report.Finding{Sheet: "How much", Of: "late", What: "runs left out", Value: 2, Low: 2, High: 2, Runs: 2, Verdict: "info"}, all[4], "else a program that asks finds nothing, and no reason")
	require.ErrorIs(t, s.write(broken{}), errBroken)
}

// Runs that do not count do not say that nothing was done.
func TestOfTheBest(t *testing.T) {
	require.InDelta(t, 0.5, ofTheBest([]float64{0, 4, 2}), 1e-12)
	require.True(t, math.IsNaN(ofTheBest([]float64{1, 4, 0})))
	require.True(t, math.IsNaN(ofTheBest([]float64{0})))
}

// A pool is bounded however many tasks there are; a thread for each task is what thread and goroutine are asked about.
func TestWhoHasAThreadForEachTask(t *testing.T) {
	o, err := parseRun(strings.Fields("--preset threads"), host{cpus: 2, allowed: affinity.Of(0, 1)})
	require.NoError(t, err)
	a := &asking{study: &study{bench: bench{options: &o, find: arch.Find}}}
	threads := map[string]int{}
	for _, c := range a.contenders() {
		tasks := c.tasks()
		threads[c.row] = c.reading(a, []*sheet{newSheet("")}, tasks[len(tasks)-1]).config.Threads
	}
	require.Equal(t, map[string]int{"thread": mostThreads, "goroutine": mostThreads, "pool": 16, "staged": 16, "eventloop": 16}, threads)
}

// Bursts need no more threads than the published controller has at most: it is to be judged by how soon it has them.
func TestBurstsAreWithinThePublishedBound(t *testing.T) {
	require.Less(t, calmThreads*burstTimes, 20)
}
