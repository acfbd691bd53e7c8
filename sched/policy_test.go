package sched_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

func twoStages() *sched.System {
	return &sched.System{
		Workers: []sched.Seat{{}, {CPU: 1}},
		Stages:  []sched.Stage{{Name: "b", MaxBatch: 64}, {Name: "a", MaxBatch: 64, Next: []int{0}, Threads: 4}},
		Sources: []sched.Source{{Name: "a/submit", Stage: 1, Target: 1e6}},
		Quantum: 100_000,
	}
}

func TestSystemValidate(t *testing.T) {
	require.NoError(t, twoStages().Validate())
	for want, spoil := range map[string]func(*sched.System){
		"0 workers, want 1 to 256":                                 func(y *sched.System) { y.Workers = nil },
		"Quantum is 0, want at least 1":                            func(y *sched.System) { y.Quantum = 0 },
		`stage "a": Next is 2, want 0 to 1`:                        func(y *sched.System) { y.Stages[1].Next = []int{2} },
		`stage "b": MaxBatch is 0`:                                 func(y *sched.System) { y.Stages[0].MaxBatch = 0 },
		`stage "b": MinCores is 3, want 0 to 2`:                    func(y *sched.System) { y.Stages[0].MinCores = 3 },
		`stage "b": MinCores is 2, more than MaxCores, which is 1`: func(y *sched.System) { y.Stages[0].MinCores, y.Stages[0].MaxCores = 2, 1 },
		`source "a/submit": Target is -1`:                          func(y *sched.System) { y.Sources[0].Target = -1 },
		`source "a/submit": Stage is 7`:                            func(y *sched.System) { y.Sources[0].Stage = 7 },
	} {
		y := twoStages()
		spoil(y)
		require.ErrorContains(t, y.Validate(), want)
	}
}

// Several mistakes are reported at once, each with its stage.
func TestCheckCores(t *testing.T) {
	require.Empty(t, sched.CheckCores(0, 0, 2))
	require.Empty(t, sched.CheckCores(2, 7, 2))
	y := twoStages()
	y.Stages[0].MinCores, y.Stages[0].MaxCores = 3, 1
	y.Stages[1].MinCores, y.Stages[1].MaxCores = -1, -2
	require.EqualError(t, y.Validate(), `stage "b": MinCores is 3, want 0 to 2
stage "b": MinCores is 3, more than MaxCores, which is 1
stage "a": MinCores is -1, want 0 to 2
stage "a": MaxCores is -2, want 0 or more`)
}

func TestPlanCheck(t *testing.T) {
	y := twoStages()
	require.NoError(t, sched.ServeAll(2, 2).Check(y))
	for want, spoil := range map[string]func(*sched.Plan){
		"leaves stage 0 without a worker":            func(p *sched.Plan) { p.Serve = [][]int{{1}, {1}} },
		`stage "b" batches of 65, want 0 to 64`:      func(p *sched.Plan) { p.Batch = []int{65} },
		`stage "b" 1 threads, want 0 to 0`:           func(p *sched.Plan) { p.Threads = []int{1} },
		`"a/submit" to depth 0, NaN/s, age 0ns`:      func(p *sched.Plan) { p.Admit = []sched.Limit{{Rate: math.NaN()}} },
		`"a/submit" to depth 0, 0/s, age -1ns`:       func(p *sched.Plan) { p.Admit = []sched.Limit{{Age: -1}} },
		"0 threads for 2 stages, 2 limits for 1 sou": func(p *sched.Plan) { p.Admit = make([]sched.Limit, 2) },
	} {
		p := sched.ServeAll(2, 2)
		spoil(&p)
		require.ErrorContains(t, p.Check(y), want)
	}
}

func TestDraft(t *testing.T) {
	y := twoStages()
	p := sched.ServeAll(2, 2)
	d := sched.NewDraft(y, p)
	d.SetServe([][]int{{0, 1}, {0, 1}}, "the same")
	d.SetBatch(1, 0, "the same")
	require.Empty(t, d.Changes)
	d.SetServe([][]int{{1}, {0}}, "why")
	d.SetBatch(1, 8, "knee")
	d.SetThreads(1, 2, "idle")
	d.SetLimit(0, sched.Limit{Depth: 3, Rate: 1200, Age: 5e6, Retry: 25e6}, "late")
	d.Wait(5)
	d.Wait(9)
	require.True(t, d.Moved)
	require.EqualValues(t, 5, d.Next)
	require.Equal(t, []sched.Change{
		{"cores", "workers", "0,1 | 0,1", "1 | 0", "why"},
		{"batch", "a", "0", "8", "knee"},
		{"threads", "a", "0", "2", "idle"},
		{"admit", "a/submit", "all", "depth 3, 1200/s, age 5ms, retry 25ms", "late"},
	}, d.Changes)
	require.Nil(t, p.Batch, "the plan that holds is not written")
	d.Reset(d.Plan)
	require.Equal(t, 8, d.Plan.Batch[1])
	require.Empty(t, d.Changes)
}

func TestFind(t *testing.T) {
	for _, name := range sched.Names() {
		m, err := sched.Find(name)
		require.NoError(t, err)
		_, err = m(twoStages())
		require.NoError(t, err)
	}
	_, err := sched.Find("best")
	require.ErrorContains(t, err, `unknown policy "best", want `)
}

func TestServeAll(t *testing.T) {
	m, err := sched.Find("serve-all")
	require.NoError(t, err)
	p, err := m(twoStages())
	require.NoError(t, err)
	d := sched.NewDraft(twoStages(), sched.Plan{Serve: [][]int{{0}, {1}}})
	s := &sched.Snapshot{Workers: make([]sched.WorkerSample, 2), Stages: make([]sched.StageSample, 2)}
	p.Decide(s, d)
	require.False(t, d.Moved, "a plan is in transition")
	s.Settled = true
	p.Decide(s, d)
	require.Equal(t, sched.ServeAll(2, 2).Serve, d.Plan.Serve)
}

// A bucket ends where the next begins, and is at most a quarter wide.
func TestHistogram(t *testing.T) {
	for i := range sched.Buckets - 1 {
		end := sched.BucketEnd(i)
		require.Equal(t, i, sched.Bucket(end-1))
		require.Equal(t, i+1, sched.Bucket(end))
		require.LessOrEqual(t, sched.BucketEnd(i+1)*4, end*5)
	}
	require.Equal(t, sched.Buckets-1, sched.Bucket(math.MaxInt64))
	require.Zero(t, sched.Bucket(-1))
	var h, before sched.Histogram
	require.Zero(t, h.Quantile(0.5))
	before.Add(5)
	h.Add(5)
	for i := range 1000 {
		h.Add(int64(i+1) * 1000)
	}
	h = h.Sub(&before)
	require.EqualValues(t, 1000, h.Count())
	require.InEpsilon(t, 500e3, h.Quantile(0.5), 0.25)
	require.InEpsilon(t, 990e3, h.Quantile(0.99), 0.25)
	require.GreaterOrEqual(t, h.Quantile(1), int64(1e6))
}

func TestMoments(t *testing.T) {
	var m sched.Moments
	m.Add(2, 100)
	before := m
	m.Add(3, 10)
	require.Equal(t, sched.Moments{1, 3, 10, 9, 30}, m.Sub(before))
}

// What admission decides is against waiting for longer than a target: without one there is nothing to decide, however much waits.
func TestAdmissionNeedsATarget(t *testing.T) {
	for _, name := range []string{"admission", "breakwater", "codel", "dagor", "queue-timeout", "seda-2003"} {
		y := twoStages()
		y.Sources[0].Target, y.Sources[0].Capacity = 0, 1024
		maker, err := sched.Find(name)
		require.NoError(t, err)
		p, err := maker(y)
		require.NoError(t, err)
		d := sched.NewDraft(y, sched.ServeAll(2, 2))
		for tick := range 600 {
			n := uint64(tick)
			s := &sched.Snapshot{
				Now: int64(tick) * 5e6, Settled: true, Workers: make([]sched.WorkerSample, 2),
				Stages: []sched.StageSample{
					{Entered: 10 * n, Done: 10 * n, Batches: sched.Moments{10 * n, 10 * n, 5e6 * n, 10 * n, 5e6 * n}},
					{Entered: 10*n + 1000, Done: 10 * n, Depth: 1000, HeadAge: 1e9, Batches: sched.Moments{10 * n, 10 * n, 5e6 * n, 10 * n, 5e6 * n}},
				},
				Sources: []sched.SourceSample{{Offered: 20*n + 1000, Accepted: 10*n + 1000, Refused: 10 * n, Depth: 1000, HeadAge: 1e9}},
			}
			p.Decide(s, d)
			require.Equal(t, []sched.Limit{{}}, d.Plan.Admit, name)
		}
	}
}
