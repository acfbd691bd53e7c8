package sched_test

import (
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	"github.com/guptarohit/asciigraph"
	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// TestScripts runs the scripts under testdata: policies on plants, what they decided and why, and a plot of the response. With -rewrite what came
// out becomes what is expected. A script knows two commands.
//
//	system workers=2 quantum=100µs probes
//	stage b max=64 cost=(2µs,100ns)
//	stage a next=b max=64 cost=(1µs,50ns) noise=0.1
//	source web stage=a rate=100k poisson class=1 target=5ms
//
// describes the plant: workers, of which others may have a part of the CPU (stolen=(0,0.5)), stages with the names of fields of sched.Stage (max, next, capacity, parallel, threads, cores=(min,max)) and cost
// (group, knee, past, all, contend, coherent, sleep, preempt, stall, noise), and sources likewise.
//
//	run policy=batch for=2s tick=5ms from=1s
//	1s source web rate=50k
//	1500ms stage b cost=(9µs,100ns)
//	plot batch a
//
// runs a policy on it, fresh. Lines that begin with a time change the plant then; each plot is of one of: cap, batch (mean since the tick before), depth,
// age (of the head, µs), cores, threads, rate (events/s), cost (ns per event) of a stage, and offered, admitted (events/s), waiting, limit (its depth) of a
// source. "changes=n" prints the first n decisions, and how many there were. At the end stand rates and response times since from, and
// how many events a second were done within the target of their source.
//
// What is expected is what amd64 gives: elsewhere compilers may round once where it rounds twice, and a queue makes much of a last digit.
func TestScripts(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the expected output is that of amd64")
	}
	scripts, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	for _, path := range scripts {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			var build func() *plant
			datadriven.RunTest(t, path, func(t *testing.T, td *datadriven.TestData) string {
				switch td.Cmd {
				case "system":
					system := *td // td is used again
					build = func() *plant { return parseSystem(t, &system) }
					require.NoError(t, build().sys.Validate())
					return ""
				case "run":
					return runScript(t, td, build())
				}
				t.Fatalf("%s: unknown command %q", td.Pos, td.Cmd)
				return ""
			})
		})
	}
}

// findPolicy also knows policies that exist in tests only: "fixed-16" gives every stage batches of 16. "a+b" are two laws.
func findPolicy(t *testing.T, name string) sched.Maker {
	if first, rest, ok := strings.Cut(name, "+"); ok {
		return func(y *sched.System) (sched.Policy, error) {
			a, err := findPolicy(t, first)(y)
			require.NoError(t, err)
			b, err := findPolicy(t, rest)(y)
			return sched.Laws{a, b}, err
		}
	}
	if b, ok := strings.CutPrefix(name, "fixed-"); ok {
		n, err := strconv.Atoi(b)
		require.NoError(t, err)
		return func(y *sched.System) (sched.Policy, error) { return fixed{y, n}, nil }
	}
	m, err := sched.Find(name)
	require.NoError(t, err)
	return m
}

// fixed gives every stage the same batch, as far as it allows.
type fixed struct {
	y *sched.System
	b int
}

func (f fixed) Decide(_ *sched.Snapshot, d *sched.Draft) {
	for s := range f.y.Stages {
		d.SetBatch(s, min(f.b, f.y.Stages[s].MaxBatch), "fixed")
	}
}

// trial is one run of a policy on a plant.
type trial struct {
	*plant
	policy  sched.Policy
	draft   *sched.Draft
	changes []string
}

func newTrial(t *testing.T, p *plant, m sched.Maker) *trial {
	policy, err := m(p.sys)
	require.NoError(t, err)
	return &trial{plant: p, policy: policy, draft: sched.NewDraft(p.sys, p.plan)}
}

// tick lets the policy decide, then moves the plant on. What was decided has to hold in the system.
func (r *trial) tick(t *testing.T, ns int64) (before, after *sched.Snapshot) {
	before = r.snapshot()
	r.draft.Reset(r.plan)
	r.policy.Decide(before, r.draft)
	require.NoError(t, r.draft.Plan.Check(r.sys))
	for _, c := range r.draft.Changes {
		r.changes = append(r.changes, fmt.Sprintf("%6s %s %s: %s -> %s: %s", ms(r.now), c.What, c.Of, c.From, c.To, c.Why))
	}
	r.plan = clone(r.draft.Plan)
	r.run(r.now + ns)
	return before, r.snapshot()
}

func clone(p sched.Plan) sched.Plan {
	p.Batch, p.Threads, p.Admit = slices.Clone(p.Batch), slices.Clone(p.Threads), slices.Clone(p.Admit)
	return p
}

func ms(ns int64) string { return fmt.Sprint(time.Duration(ns).Round(100 * time.Microsecond)) }

// step is a line of a script that changes the plant.
type step struct {
	at   int64
	args []datadriven.CmdArg
}

// plot is what a script wants to see over time.
type plot struct {
	what, of string
	values   []float64
}

func runScript(t *testing.T, td *datadriven.TestData, p *plant) string {
	length, tick, from, show := "1s", "5ms", "0s", 20
	var name string
	td.ScanArgs(t, "policy", &name)
	td.MaybeScanArgs(t, "for", &length)
	td.MaybeScanArgs(t, "tick", &tick)
	td.MaybeScanArgs(t, "from", &from)
	td.MaybeScanArgs(t, "changes", &show)
	steps, plots := parseSteps(t, td)
	r := newTrial(t, p, findPolicy(t, name))
	start := r.snapshot()
	for r.now < duration(t, length) {
		for len(steps) > 0 && steps[0].at <= r.now {
			r.change(t, steps[0].args)
			steps = steps[1:]
		}
		if start.Now < duration(t, from) && r.now >= duration(t, from) {
			start = r.snapshot()
			r.waits = make([][]int64, len(r.waits))
		}
		before, after := r.tick(t, duration(t, tick))
		for i := range plots {
			plots[i].values = append(plots[i].values, r.value(t, plots[i].what, plots[i].of, before, after))
		}
	}
	out := r.changes[:min(show, len(r.changes))]
	if more := len(r.changes) - len(out); more > 0 {
		out = append(out, fmt.Sprintf("and %d more", more))
	}
	for _, pl := range plots {
		out = append(out, pl.draw())
	}
	return strings.Join(append(out, r.summary(start)...), "\n") + "\n"
}

func (p *plant) change(t *testing.T, args []datadriven.CmdArg) {
	switch kind, of := args[0].Key, args[1].Key; kind {
	case "stage":
		s := p.stageOf(t, of)
		parseStage(t, args[2:], &sched.Stage{}, &p.costs[s], nil)
	case "worker":
		w, err := strconv.Atoi(of)
		require.NoError(t, err)
		require.Equal(t, "stolen", args[2].Key)
		p.workers[w].stolen = int64(slice * number(t, args[2].Vals[0]))
	case "source":
		k := p.sourceOf(t, of)
		parseSource(t, args[2:], &sched.Source{}, &p.feeds[k], nil)
		p.set(k, p.feeds[k].rate)
	default:
		t.Fatalf("cannot change a %s", kind)
	}
}

// value returns what a plot shows of the time between two snapshots.
func (r *trial) value(t *testing.T, what, of string, before, after *sched.Snapshot) float64 {
	seconds := float64(after.Now-before.Now) / 1e9
	if slices.Contains([]string{"offered", "admitted", "waiting", "limit"}, what) {
		k := r.sourceOf(t, of)
		a, b := &before.Sources[k], &after.Sources[k]
		switch what {
		case "offered":
			return float64(b.Offered-a.Offered) / seconds
		case "admitted":
			return float64(b.Accepted-a.Accepted) / seconds
		case "waiting":
			return float64(b.Depth)
		}
		return float64(r.plan.Admit[k].Depth)
	}
	s := r.stageOf(t, of)
	a, b := &before.Stages[s], &after.Stages[s]
	m := b.Batches.Sub(a.Batches)
	switch what {
	case "cap":
		return float64(r.plan.Batch[s])
	case "batch":
		return float64(m.B) / float64(max(m.N, 1))
	case "depth":
		return float64(b.Depth)
	case "age":
		return float64(b.HeadAge) / 1e3
	case "threads":
		return float64(r.plan.Threads[s])
	case "rate":
		return float64(b.Done-a.Done) / seconds
	case "cost":
		return float64(m.T) / float64(max(m.B, 1))
	case "cores":
		n := 0
		for _, list := range r.plan.Serve {
			if slices.Contains(list, s) {
				n++
			}
		}
		return float64(n)
	}
	t.Fatalf("cannot plot %q", what)
	return 0
}

// draw plots means over as many ticks as one column stands for.
func (p plot) draw() string {
	const columns = 64
	var means []float64
	for i := range min(columns, len(p.values)) {
		n := min(columns, len(p.values))
		part := p.values[i*len(p.values)/n : (i+1)*len(p.values)/n]
		sum := 0.0
		for _, v := range part {
			sum += v
		}
		means = append(means, sum/float64(len(part)))
	}
	lines := strings.Split(asciigraph.Plot(means, asciigraph.Height(6), asciigraph.Precision(0), asciigraph.LowerBound(0)), "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return p.what + " " + p.of + "\n" + strings.Join(lines, "\n")
}

// summary tells what stages and sources did since a snapshot.
func (r *trial) summary(start *sched.Snapshot) (out []string) {
	end := r.snapshot()
	seconds := float64(end.Now-start.Now) / 1e9
	for s := range r.sys.Stages {
		m := end.Stages[s].Batches.Sub(start.Stages[s].Batches)
		out = append(out, fmt.Sprintf("stage %s: %s/s, mean batch %.3g, %v an event", r.sys.Stages[s].Name,
			count(float64(m.B)/seconds), float64(m.B)/float64(max(m.N, 1)), digits(int64(m.T/max(m.B, 1)))))
	}
	for k := range r.sys.Sources {
		a, b, w := &start.Sources[k], &end.Sources[k], r.waits[k]
		line := fmt.Sprintf("source %s: offered %s/s, refused %s/s, mean %v, p99 %v", r.sys.Sources[k].Name,
			count(float64(b.Offered-a.Offered)/seconds), count(float64(b.Refused-a.Refused)/seconds), digits(mean(w)), digits(quantile(w, 0.99)))
		if target := r.sys.Sources[k].Target; target > 0 { // w is sorted
			line += fmt.Sprintf(", in time %s/s", count(float64(sort.Search(len(w), func(i int) bool { return w[i] > target }))/seconds))
		}
		out = append(out, line)
	}
	return out
}

// quantile returns the time that the part q of those given does not exceed.
func quantile(ns []int64, q float64) int64 {
	if len(ns) == 0 {
		return 0
	}
	slices.Sort(ns)
	return ns[int(q*float64(len(ns)-1))]
}

func mean(ns []int64) int64 {
	sum := int64(0)
	for _, d := range ns {
		sum += d
	}
	return sum / int64(max(len(ns), 1))
}

// count writes three digits of a number of events.
func count(n float64) string {
	switch {
	case n >= 1e6:
		return fmt.Sprintf("%.3gM", n/1e6)
	case n >= 1e3:
		return fmt.Sprintf("%.3gk", n/1e3)
	}
	return fmt.Sprintf("%.3g", n)
}

// digits rounds to three digits.
func digits(ns int64) time.Duration {
	last := int64(1)
	for last*1000 <= ns {
		last *= 10
	}
	return time.Duration(ns).Round(time.Duration(last))
}

func (p *plant) stageOf(t *testing.T, name string) int {
	s := slices.IndexFunc(p.sys.Stages, func(s sched.Stage) bool { return s.Name == name })
	require.GreaterOrEqual(t, s, 0, "no stage %q", name)
	return s
}

func (p *plant) sourceOf(t *testing.T, name string) int {
	k := slices.IndexFunc(p.sys.Sources, func(s sched.Source) bool { return s.Name == name })
	require.GreaterOrEqual(t, k, 0, "no source %q", name)
	return k
}
