package sched_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// parseSystem reads the description of a plant; see TestScripts.
func parseSystem(t *testing.T, td *datadriven.TestData) *plant {
	workers, quantum := 1, "100µs"
	td.MaybeScanArgs(t, "workers", &workers)
	td.MaybeScanArgs(t, "quantum", &quantum)
	y := &sched.System{Quantum: duration(t, quantum)}
	for w := range workers {
		y.Workers = append(y.Workers, sched.Seat{CPU: w, Core: w})
	}
	index := map[string]int{}
	var costs []cost
	var feeds []feed
	for _, line := range strings.Split(td.Input, "\n") {
		kind, args, err := datadriven.ParseLine(line)
		require.NoError(t, err)
		name := args[0].Key
		switch kind {
		case "stage":
			s, k := sched.Stage{Name: name, MaxBatch: 256, Capacity: 1024}, cost{c: 1000}
			parseStage(t, args[1:], &s, &k, index)
			index[name] = len(y.Stages)
			y.Stages, costs = append(y.Stages, s), append(costs, k)
		case "source":
			s, f := sched.Source{Name: name, Capacity: 1024}, feed{}
			parseSource(t, args[1:], &s, &f, index)
			y.Sources, feeds = append(y.Sources, s), append(feeds, f)
		default:
			t.Fatalf("%s: a system has no %q", td.Pos, kind)
		}
	}
	p := newPlant(y, costs, feeds, td.HasArg("probes"))
	for _, a := range td.CmdArgs {
		if a.Key == "stolen" {
			for w, v := range a.Vals {
				p.workers[w].stolen = int64(slice * number(t, v))
			}
		}
	}
	return p
}

func parseStage(t *testing.T, args []datadriven.CmdArg, s *sched.Stage, k *cost, index map[string]int) {
	for _, a := range args {
		switch a.Key {
		case "max":
			s.MaxBatch = int(number(t, a.Vals[0]))
		case "capacity":
			s.Capacity = int(number(t, a.Vals[0]))
		case "parallel":
			s.Parallel = int(number(t, a.Vals[0]))
		case "threads":
			s.Threads = int(number(t, a.Vals[0]))
		case "cores":
			s.MinCores, s.MaxCores = int(number(t, a.Vals[0])), int(number(t, a.Vals[1]))
		case "next":
			for _, v := range a.Vals {
				require.Contains(t, index, v, "stages that consume come first")
				s.Next = append(s.Next, index[v])
			}
		case "cost":
			k.a, k.c = duration(t, a.Vals[0]), duration(t, a.Vals[1])
		case "group":
			k.group = int(number(t, a.Vals[0]))
		case "knee":
			k.knee = int(number(t, a.Vals[0]))
		case "past":
			k.past = duration(t, a.Vals[0])
		case "all":
			k.all = duration(t, a.Vals[0])
		case "contend":
			k.contend = number(t, a.Vals[0])
		case "coherent":
			k.coherent = number(t, a.Vals[0])
		case "swap":
			k.swap = duration(t, a.Vals[0])
		case "sleep":
			k.sleep = duration(t, a.Vals[0])
		case "preempt":
			k.preempt = duration(t, a.Vals[0])
		case "stall":
			k.stall = duration(t, a.Vals[0])
		case "noise":
			k.noise = number(t, a.Vals[0])
		default:
			t.Fatalf("a stage has no %q", a.Key)
		}
	}
}

func parseSource(t *testing.T, args []datadriven.CmdArg, s *sched.Source, f *feed, index map[string]int) {
	for _, a := range args {
		switch a.Key {
		case "stage":
			require.Contains(t, index, a.Vals[0])
			s.Stage = index[a.Vals[0]]
		case "class":
			s.Class = int(number(t, a.Vals[0]))
		case "capacity":
			s.Capacity = int(number(t, a.Vals[0]))
		case "target":
			s.Target = duration(t, a.Vals[0])
		case "rate":
			f.rate = number(t, a.Vals[0])
		case "poisson":
			f.poisson = true
		default:
			t.Fatalf("a source has no %q", a.Key)
		}
	}
}

// parseSteps reads what happens in a run, and what to plot.
func parseSteps(t *testing.T, td *datadriven.TestData) (steps []step, plots []plot) {
	for _, line := range strings.Split(td.Input, "\n") {
		cmd, args, err := datadriven.ParseLine(line)
		require.NoError(t, err)
		switch cmd {
		case "":
		case "plot":
			plots = append(plots, plot{what: args[0].Key, of: args[1].Key})
		default:
			steps = append(steps, step{duration(t, cmd), args})
		}
	}
	return steps, plots
}

func duration(t *testing.T, s string) int64 {
	d, err := time.ParseDuration(s)
	require.NoError(t, err)
	return int64(d)
}

// number reads a number that may end with k or M.
func number(t *testing.T, s string) float64 {
	for suffix, factor := range map[string]float64{"k": 1e3, "M": 1e6} {
		if digits, ok := strings.CutSuffix(s, suffix); ok {
			v, err := strconv.ParseFloat(digits, 64)
			require.NoError(t, err, fmt.Sprintf("in %q", s))
			return v * factor
		}
	}
	v, err := strconv.ParseFloat(s, 64)
	require.NoError(t, err, fmt.Sprintf("in %q", s))
	return v
}
