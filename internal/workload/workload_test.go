package workload

import (
	"math"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/sched/sim"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

func TestServiceMomentsMatchTheory(t *testing.T) {
	for _, c := range []struct {
		text           string
		mean, variance float64
	}{
		{"constant:1us", 1000, 0},
		{"constant:0s", 0, 0},
		{"exp:2us", 2000, 2000 * 2000},
		{"bimodal:1us,100us,0.01", 1990, 0.01 * 0.99 * 99000 * 99000},
		{"bimodal:1us,5us,0.5", 3000, 2000 * 2000},
		{"lognormal:1us,0.5", 1000, 1000 * 1000 * math.Expm1(0.25)},
		{"pareto:1us,5", 1000, 1000 * 1000 / 15.0},
	} {
		s, err := ParseService(c.text)
		require.NoError(t, err)
		require.Equal(t, c.text, s.String())
		require.InDelta(t, c.mean, s.Mean(), 1e-6)
		require.InDelta(t, c.variance, s.Sim().Variance(), 1e-3)

		const n = 400_000
		random := rand.New(rand.NewPCG(1, 2))
		var sum, squares float64
		shortest := math.Inf(1)
		for range n {
			d := s.Draw(random)
			shortest = min(shortest, d)
			sum += d
			squares += d * d
		}
		mean := sum / n
		require.GreaterOrEqual(t, shortest, 0.0)
		require.InEpsilon(t, c.mean+1, mean+1, 0.02, c.text)
		require.InEpsilon(t, c.variance+1, squares/n-mean*mean+1, 0.05, c.text)
	}
}

// What the cut takes off a mean is what it takes off draws. Those that are parsed lose little.
func TestCutIsThatOfDraws(t *testing.T) {
	for _, d := range []sim.Service{
		{Kind: sim.Exponential, Mean: 5e8},
		{Kind: sim.Lognormal, Mean: 5e8, Shape: 1},
		{Kind: sim.Lognormal, Mean: 5e8},
		{Kind: sim.Pareto, Mean: 5e8, Shape: 2.5},
		{Kind: sim.Bimodal, Mean: 5e8, Long: 1e9, Share: 0.5},
		{Kind: sim.Pareto, Shape: 1.1},
	} {
		s := Service{of: d}
		const n = 400_000
		random := rand.New(rand.NewPCG(5, 6))
		sum := 0.0
		for range n {
			sum += s.Draw(random)
		}
		require.InDelta(t, s.Mean()*(1-s.cut()), sum/n, 0.01*s.Mean(), "%+v", d)
	}
	for _, text := range []string{"exp:200ms", "lognormal:10us,2", "pareto:10us,1.4", "pareto:1us,1.3", "lognormal:1s,0", "bimodal:1s,1s,1", "pareto:0s,1.01"} {
		s, err := ParseService(text)
		require.NoError(t, err)
		require.LessOrEqual(t, s.cut(), maxCut, text)
	}
}

func TestExponentialTail(t *testing.T) {
	s, err := ParseService("exp:1us")
	require.NoError(t, err)
	random := rand.New(rand.NewPCG(3, 4))
	const n = 200_000
	beyond := 0
	for range n {
		if s.Draw(random) > 3000 {
			beyond++
		}
	}
	require.InEpsilon(t, math.Exp(-3), float64(beyond)/n, 0.05)
}

func TestParseServiceNamesWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                       `unknown distribution ""`,
		"weibull:1us":            `unknown distribution "weibull", want constant:<time>, exp:<mean>, bimodal:<short>,<long>,<share of long>, lognormal:<mean>,<sigma>, `,
		"pareto:1us":             `"pareto:1us", want pareto:<mean>,<exponent>`,
		"pareto:1us,1":           `"pareto:1us,1": exponent 1, want more than 1`,
		"exp":                    `"exp", want exp:<mean>`,
		"exp:1us,2us":            `"exp:1us,2us", want exp:<mean>`,
		"bimodal:1us,2us":        `"bimodal:1us,2us", want bimodal:<short>,<long>,<share of long>`,
		"constant:5":             `"5", want a time from 0s to 1s, such as 1us`,
		"constant:-1us":          `"-1us", want a time`,
		"constant:2s":            `"2s", want a time`,
		"bimodal:1us,9s,0.1":     `"9s", want a time`,
		"bimodal:1us,2us,1.5":    `share 1.5, want 0 to 1`,
		"bimodal:1us,2us,NaN":    `"NaN", want a number from 0 to 100`,
		"exp:1s":                 `"exp:1s": service times are cut at 1s, which takes 36.8% off this mean; want at most 1%: a shorter mean or a lighter tail`,
		"pareto:10us,1.1":        `"pareto:10us,1.1": service times are cut at 1s, which takes 22.6% off this mean`,
		"pareto:1us,1.2":         `service times are cut at 1s, which takes 3.7% off`,
		"lognormal:10us,5":       `"lognormal:10us,5": service times are cut at 1s, which takes 50.0%`,
		"lognormal:1us,100":      `service times are cut at 1s, which takes 100.0% off`,
		"bimodal:1us,2us,little": `"little", want a number`,
	} {
		_, err := ParseService(text)
		require.ErrorContains(t, err, want, text)
	}
	require.Equal(t, "constant:0s", Service{}.String())
	require.Zero(t, new(Service).Draw(rand.New(rand.NewPCG(1, 1))))
}

func TestSpinTurns(t *testing.T) {
	s := Spin{PerTurn: 1.5}
	require.Equal(t, uint32(667), s.Turns(1000))
	require.Zero(t, s.Turns(0))
	require.Equal(t, uint32(math.MaxUint32), s.Turns(1e30))

	got := Calibrate()
	require.Positive(t, got.PerTurn)
	require.GreaterOrEqual(t, got.Spread, 0.0)
}

func TestRequestsDoNotShareLines(t *testing.T) {
	require.Zero(t, reflect.TypeFor[Request]().Size()%64)
}

var oneKey = *newKeys("uniform:1", 1, 0)

// newRequests returns n filled requests of a graph.
func newRequests(g *Graph, n, every int) []*Request {
	source := NewSource(g, Constant(time.Nanosecond), Spin{PerTurn: 1}, rand.New(rand.NewPCG(1, 1)), every)
	source.Keys = &oneKey
	requests := make([]*Request, n)
	for i := range requests {
		requests[i] = new(Request)
		source.Fill(requests[i], int64(i))
	}
	return requests
}

func TestHandlerEndsARequestAtItsLastLeaf(t *testing.T) {
	g, err := NewGraph("fanout", 3)
	require.NoError(t, err)
	h := NewHandler(g, NewClock(), nil)
	r := newRequests(g, 1, 0)[0]
	require.Equal(t, SetOf(1)|SetOf(2), h.Step(0, r))
	require.Empty(t, h.Step(2, r))
	require.Zero(t, r.DoneAt())
	require.Empty(t, h.Step(1, r))
	require.Positive(t, r.DoneAt())
	require.Zero(t, h.Doubled())
	h.Step(1, r)
	require.Equal(t, int64(1), h.Doubled())
}

func TestHandlerNoticesARequestDoneTwice(t *testing.T) {
	g, err := NewGraph("pipeline", 2)
	require.NoError(t, err)
	h := NewHandler(g, NewClock(), nil)
	r := newRequests(g, 1, 0)[0]
	h.Run(r)
	require.Zero(t, h.Doubled())
	h.Step(1, r)
	require.Equal(t, int64(1), h.Doubled())
}

func TestHandlerNoticesStagesThatWereLeftOutOrRepeated(t *testing.T) {
	for _, c := range []struct {
		shape            string
		steps            []int
		doubled, skipped int64
		done             bool
	}{
		{"pipeline", []int{0, 1, 2}, 0, 0, true},
		{"pipeline", []int{0, 2}, 0, 1, true},
		{"pipeline", []int{0, 0, 1, 2}, 1, 0, true},
		{"pipeline", []int{0, 1}, 0, 0, false},
		{"fanout", []int{0, 1, 2}, 0, 0, true},
		{"fanout", []int{2, 1}, 0, 1, true},
		{"fanout", []int{0, 1, 1}, 1, 0, false}, // one leaf twice is not both
		{"fanout", []int{0, 1, 1, 2}, 1, 0, true},
		{"diamond", []int{0, 1, 2, 3}, 0, 0, true},
		{"diamond", []int{0, 1, 1, 3}, 1, 1, true},
		{"diamond", []int{0, 2, 3}, 0, 1, true},
		{"diamond", []int{0, 0, 1, 2, 3}, 1, 0, true},
		{"diamond", []int{0, 1, 2, 3, 3}, 1, 0, true},
	} {
		g, err := NewGraph(c.shape, map[string]int{"pipeline": 3, "fanout": 3, "diamond": 4}[c.shape])
		require.NoError(t, err)
		h := NewHandler(g, NewClock(), nil)
		r := newRequests(g, 1, 0)[0]
		for _, stage := range c.steps {
			h.Step(stage, r)
		}
		require.Equal(t, c.doubled, h.Doubled(), "%+v", c)
		require.Equal(t, c.skipped, h.Skipped(), "%+v", c)
		require.Equal(t, c.done, r.DoneAt() != 0, "%+v", c)
	}
}

// All stages of the largest graphs have a bit.
func TestHandlerOfTheMostStages(t *testing.T) {
	for _, shape := range Shapes() {
		g, err := NewGraph(shape, MaxStages)
		require.NoError(t, err)
		h := NewHandler(g, NewClock(), nil)
		h.Keep(&oneKey)
		r := newRequests(g, 1, 0)[0]
		h.Run(r)
		require.Positive(t, r.DoneAt())
		require.Zero(t, h.Doubled()+h.Skipped())
	}
}

func TestBranchesInParallelEndOnce(t *testing.T) {
	g, err := NewGraph("fanout", 9)
	require.NoError(t, err)
	var ended []*Request
	var mu sync.Mutex
	h := NewHandler(g, NewClock(), func(r *Request, at int64) {
		mu.Lock()
		defer mu.Unlock()
		ended = append(ended, r)
	})
	requests := newRequests(g, 200, 0)
	for _, r := range requests {
		var wg sync.WaitGroup
		for next := h.Step(0, r); next != 0; next = next.Rest() {
			stage := next.First()
			wg.Go(func() { h.Step(stage, r) })
		}
		wg.Wait()
	}
	require.Equal(t, requests, ended)
	require.Zero(t, h.Doubled())
}

func TestTracesSplitTheSojourn(t *testing.T) {
	for _, shape := range Shapes() {
		g, err := NewGraph(shape, 4)
		require.NoError(t, err)
		h := NewHandler(g, NewClock(), nil)
		h.Keep(&oneKey)
		times := make([]StageTimes, g.Stages())
		const n, every = 100, 10
		for _, r := range newRequests(g, n, every) {
			r.Submitted = h.clock.Now()
			h.Run(r)
			g.Observe(r, times)
		}
		for _, s := range times {
			require.GreaterOrEqual(t, s.Count, n/every)
			require.Positive(t, s.Service)
			require.GreaterOrEqual(t, s.Wait, 0.0)
		}
	}
}

func TestSourceIsDeterminedByItsSeed(t *testing.T) {
	g, err := NewGraph("pipeline", 4)
	require.NoError(t, err)
	s, err := ParseService("exp:1us")
	require.NoError(t, err)
	draw := func(seed uint64) (all [][MaxStages]uint32) {
		source := NewSource(g, s, Spin{PerTurn: 1}, rand.New(rand.NewPCG(seed, 0)), 0)
		for range 100 {
			var r Request
			source.Fill(&r, 0)
			all = append(all, r.work)
		}
		return all
	}
	require.Equal(t, draw(1), draw(1))
	require.NotEqual(t, draw(1), draw(2))
}

func TestNoAllocationPerRequest(t *testing.T) {
	g, err := NewGraph("pipeline", 3)
	require.NoError(t, err)
	h := NewHandler(g, NewClock(), nil)
	source := NewSource(g, Constant(10), Spin{PerTurn: 1}, rand.New(rand.NewPCG(1, 1)), 2)
	times := make([]StageTimes, 3)
	var r Request
	source.Fill(&r, 0)
	source.Fill(&r, 0) // makes the trace
	require.Zero(t, testing.AllocsPerRun(100, func() {
		source.Fill(&r, 0)
		h.Run(&r)
		g.Observe(&r, times)
	}))
}

func BenchmarkFill(b *testing.B) {
	g, err := NewGraph("pipeline", 3)
	require.NoError(b, err)
	for _, text := range []string{"constant:1us", "exp:1us", "bimodal:1us,100us,0.01"} {
		b.Run("service="+text, func(b *testing.B) {
			s, err := ParseService(text)
			require.NoError(b, err)
			source := NewSource(g, s, Spin{PerTurn: 1}, rand.New(rand.NewPCG(1, 1)), 0)
			var r Request
			b.ReportAllocs()
			for b.Loop() {
				source.Fill(&r, 0)
			}
		})
	}
}

func TestKindsComeInTheirShares(t *testing.T) {
	g, err := Apart(3)
	require.NoError(t, err)
	source := NewSource(g, Constant(100), Spin{PerTurn: 1}, rand.New(rand.NewPCG(1, 1)), 1)
	source.Shares = []float64{0.2, 0.5, 0.3}
	source.Scale = func(due int64, stage int) float64 { return float64(due) * float64(stage) }
	h := NewHandler(g, NewClock(), nil)
	counts, times := make([]int, 3), make([]StageTimes, 3)
	var r Request
	for range 10_000 {
		source.Fill(&r, 2)
		require.Equal(t, uint32(400), r.work[2])
		require.Equal(t, int(r.Kind), g.Enters(int(r.Kind)))
		counts[r.Kind]++
		require.Empty(t, h.Step(int(r.Kind), &r))
		require.Positive(t, r.DoneAt())
		g.Observe(&r, times)
	}
	for kind, share := range source.Shares {
		require.InDelta(t, share, float64(counts[kind])/10_000, 0.03)
		require.Equal(t, counts[kind], times[kind].Count)
	}
	require.Zero(t, h.Skipped()+h.Doubled())
	_, err = Apart(0)
	require.EqualError(t, err, "0, want 1 to 32 stages")
	tree, err := NewGraph("fanout", 3)
	require.NoError(t, err)
	require.Zero(t, tree.Enters(2))
}

func TestCostOfABatch(t *testing.T) {
	for _, c := range []struct {
		cost Cost
		want map[int]float64
	}{
		{Cost{}, map[int]float64{1: 0, 99: 0}},
		{Cost{Fixed: 50}, map[int]float64{1: 50, 64: 50}},
		{Cost{Fixed: 50, Every: 200}, map[int]float64{1: 50, 200: 50, 201: 100, 400: 100, 401: 150}},
		{Cost{Fixed: 50, Knee: 10, Beyond: 7}, map[int]float64{1: 50, 10: 50, 11: 57, 20: 120}},
	} {
		for b, want := range c.want {
			require.Equal(t, want, c.cost.Batch(b), "%+v, %d", c.cost, b)
		}
	}
}
