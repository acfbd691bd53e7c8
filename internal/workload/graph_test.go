package workload

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// set is a Set of stages.
func set(stages ...int) (s Set) {
	for _, stage := range stages {
		s |= SetOf(stage)
	}
	return s
}

func TestShapes(t *testing.T) {
	for _, c := range []struct {
		shape    string
		stages   int
		next     []Set
		branches bool
	}{
		{"pipeline", 1, []Set{0}, false},
		{"pipeline", 3, []Set{set(1), set(2), 0}, false},
		{"fanout", 4, []Set{set(1, 2, 3), 0, 0, 0}, true},
		{"fanout", 2, []Set{set(1), 0}, false},
		{"diamond", 5, []Set{set(1, 2, 3), set(4), set(4), set(4), 0}, true},
		{"feedback", 3, []Set{set(1), set(2), set(0)}, false},
		{"keyed", 3, []Set{set(1), set(2), 0}, false},
	} {
		g, err := NewGraph(c.shape, c.stages)
		require.NoError(t, err, c)
		for stage, want := range c.next {
			require.Equal(t, want, g.Next(stage), "%v, %d", c, stage)
			require.Equal(t, c.shape == "keyed" && stage == 1, g.Keyed(stage))
		}
		require.Equal(t, c.stages, g.Stages())
		require.Len(t, g.Order(), c.stages)
		require.Equal(t, c.branches, g.Branches(), c)
		require.Equal(t, c.shape == "feedback", g.Loops())
		require.Equal(t, "s0", g.Name(0))
	}
	g, err := NewGraph("feedback", 3)
	require.NoError(t, err)
	require.Equal(t, "feedback-3", g.String())
	head, ok := g.Back(2)
	require.True(t, ok)
	require.Zero(t, head)
	require.InDelta(t, 1+0.25+0.0625+0.015625+0.00390625, g.Visits(1), 0.02)
	for _, c := range []struct {
		shape  string
		stages int
		want   string
	}{
		{"ring", 3, `unknown shape "ring", want pipeline, fanout, diamond, feedback, keyed`},
		{"pipeline", 0, "0, want 1 to 32 stages for a pipeline"},
		{"pipeline", 33, "33, want 1 to 32 stages"},
		{"fanout", 1, "1, want 2 to 32 stages for a fanout"},
		{"diamond", 3, "3, want 4 to 32 stages for a diamond"},
	} {
		_, err := NewGraph(c.shape, c.stages)
		require.ErrorContains(t, err, c.want)
	}
}

func TestImpossibleGraphsAreRefused(t *testing.T) {
	many := pipeline(stageNames(33))
	wide := make([]Stage, 0, 24)
	for i, name := range stageNames(24) {
		s := Stage{Name: name}
		for k := i + 1; k < 24 && k <= i+4; k++ {
			s.Next = append(s.Next, stageNames(24)[k])
		}
		wide = append(wide, s)
	}
	to := func(names ...string) []string { return names }
	for want, stages := range map[string][]Stage{
		"0 stages, want 1 to 32":                                           nil,
		"33 stages, want 1 to 32":                                          many,
		`stage "": name: want 1 to 32 letters, digits, and _ - or .`:       {{}},
		`stage "a b": name: want 1 to 32 letters`:                          {{Name: "a b"}},
		`stage "end": name: it stands for what comes after the last stage`: {{Name: "end"}},
		`stage "a": name: stage number 1 has it, too`:                      {{Name: "a"}, {Name: "a"}},
		`stage "a": next: no stage "c"; want a, b`:                         {{Name: "a", Next: to("c")}, {Name: "b"}},
		`stage "a": next: no stage "c"; want a, b, end`:                    {{Name: "a", Next: to("c"), Shares: []float64{1}}, {Name: "b"}},
		`stage "a": next: "b" is named twice`:                              {{Name: "a", Next: to("b", "b")}, {Name: "b"}},
		`stage "a": next: only a part of the requests can end here`:        {{Name: "a", Next: to("b", "end")}, {Name: "b"}},
		`stage "a": shares: 1, want one for each of the 2 next`:            {{Name: "a", Next: to("b", "end"), Shares: []float64{1}}, {Name: "b"}},
		`stage "a": shares: 0, want more than 0`:                           {{Name: "a", Next: to("b", "end"), Shares: []float64{1, 0}}, {Name: "b"}},
		`stage "a": shares: they add up to 0.9, want 1`:                    {{Name: "a", Next: to("b", "end"), Shares: []float64{0.5, 0.4}}, {Name: "b"}},
		`stage "b": name: nothing leads to it, and requests enter by the first stage, a: want it among the next of another`: {{Name: "a", Next: to("c")}, {Name: "b", Next: to("c")}, {Name: "c"}},
		`stage "b": name: no way leads to it from the first stage, a`:                                                       {{Name: "a"}, {Name: "b", Next: to("c")}, {Name: "c", Next: to("b")}},
		`stage "c": next: the cycle b -> c -> b has no end: want shares, of which a part goes on`:                           {{Name: "a", Next: to("b")}, {Name: "b", Next: to("c")}, {Name: "c", Next: to("b")}},
		`stage "a": next: the cycle a -> a has no end`:                                                                      {{Name: "a", Next: to("a")}},
		`stage "a": shares: all go back to a; want a part that goes on`:                                                     {{Name: "a", Next: to("a"), Shares: []float64{1}}},
		`stage "a": rounds: 0, want 1 to 100, the most that a request goes back to a`:                                       {{Name: "a", Next: to("a", "end"), Shares: []float64{0.5, 0.5}}},
		`stage "a": rounds: 101, want 1 to 100`:                                                                             {{Name: "a", Next: to("a", "end"), Shares: []float64{0.5, 0.5}, Rounds: 101}},
		`stage "a": rounds: it leads back to no stage; want none`:                                                           {{Name: "a", Rounds: 1}},
		`stage "b": next: it leads back to a and to b; want one of them`:                                                    {{Name: "a", Next: to("b")}, {Name: "b", Next: to("a", "b", "end"), Shares: []float64{0.3, 0.3, 0.4}, Rounds: 1}},
		`stage "c": next: it leads back to b, which not all requests have passed by then`:                                   {{Name: "a", Next: to("b", "c"), Shares: []float64{0.5, 0.5}}, {Name: "b", Next: to("c")}, {Name: "c", Next: to("b", "end"), Shares: []float64{0.5, 0.5}, Rounds: 1}},
		`stage "b": next: it branches inside the loop d -> b; want shares`:                                                  {{Name: "a", Next: to("b")}, {Name: "b", Next: to("c", "d")}, {Name: "c"}, {Name: "d", Next: to("b", "end"), Shares: []float64{0.5, 0.5}, Rounds: 1}},
		`stage "d": name: it is a join inside the loop e -> d; want it outside`:                                             {{Name: "a", Next: to("b", "c")}, {Name: "b", Next: to("d")}, {Name: "c", Next: to("d")}, {Name: "d", Next: to("e")}, {Name: "e", Next: to("d", "end"), Shares: []float64{0.5, 0.5}, Rounds: 1}},
		`stage "c": next: b is in another loop already; want loops that share no stage`:                                     {{Name: "a", Next: to("b")}, {Name: "b", Next: to("b", "c"), Shares: []float64{0.5, 0.5}, Rounds: 1}, {Name: "c", Next: to("a", "end"), Shares: []float64{0.5, 0.5}, Rounds: 1}},
		`more than 64 edges in all, with those to the end`:                                                                  wide,
	} {
		_, err := Build("test", stages)
		require.ErrorContains(t, err, want)
	}
	_, err := Build("test", []Stage{{Name: "a", Next: to("b")}})
	var at *StageError
	require.ErrorAs(t, err, &at)
	require.Equal(t, "next", at.Field)
	require.Zero(t, at.Stage)
}

// randomStages are a description of any graph without loops, and sometimes with some.
func randomStages(random *rand.Rand) []Stage {
	names := stageNames(1 + random.IntN(9))
	stages := make([]Stage, len(names))
	for i := range stages {
		s := &stages[i]
		s.Name = names[i]
		for k := i + 1; k < len(names); k++ {
			if random.IntN(3) == 0 || k == i+1 && random.IntN(4) > 0 {
				s.Next = append(s.Next, names[k])
			}
		}
		if random.IntN(3) == 0 && len(s.Next) > 0 || random.IntN(6) == 0 {
			if random.IntN(2) == 0 || len(s.Next) == 0 {
				s.Next = append(s.Next, End)
			}
			if random.IntN(2) == 0 {
				s.Next, s.Rounds = append(s.Next, names[random.IntN(i+1)]), 1+random.IntN(3)
			}
			for range s.Next {
				s.Shares = append(s.Shares, 1/float64(len(s.Next)))
			}
		}
	}
	return stages
}

// expected is how often each stage shall handle a request.
func expected(g *Graph, r *Request) []int64 {
	times := make([]int64, g.Stages())
	visited := SetOf(0)
	for _, stage := range g.order {
		if !visited.Has(stage) {
			continue
		}
		times[stage] = 1
		for e, head := range g.heads {
			taken := g.edges
			if g.routed {
				taken = r.way.edges
			}
			if g.nodes[stage].edges&taken>>e&1 != 0 {
				visited |= SetOf(head)
			}
		}
	}
	for stage, n := range g.nodes {
		if n.back != nil && visited.Has(stage) {
			for i := range times {
				if n.back.stages.Has(i) {
					times[i] *= 1 + int64(r.way.again[stage])
				}
			}
		}
	}
	return times
}

// Each stage handles each request as often as was drawn, a join after all that lead to it, whoever has the branches.
func TestRandomGraphsHandleWhatWasDrawn(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	built, branching, looping, joining := 0, 0, 0, 0
	for range 1000 {
		g, err := Build("random", randomStages(random))
		if err != nil {
			continue
		}
		built++
		if g.Branches() {
			branching++
		}
		if g.Loops() {
			looping++
		}
		for stage := range g.Stages() {
			if g.in[stage] != 0 {
				joining++
			}
		}
		h := NewHandler(g, NewClock(), nil)
		for _, r := range newRequests(g, 6, 2) {
			want := expected(g, r)
			got := make([]atomic.Int64, g.Stages())
			var branches sync.WaitGroup
			var step func(stage int)
			step = func(stage int) {
				got[stage].Add(1)
				for next := h.Step(stage, r); next != 0; next = next.Rest() {
					to := next.First()
					branches.Go(func() { step(to) })
				}
			}
			r.Submitted = h.clock.Now()
			step(0)
			branches.Wait()
			require.Positive(t, r.DoneAt(), "%+v", g.stages)
			for stage := range got {
				require.Equal(t, want[stage], got[stage].Load(), "stage %d of %+v", stage, g.stages)
			}
			require.Zero(t, h.Doubled(), "%+v", g.stages)
			require.Zero(t, h.Skipped(), "%+v", g.stages)
			if r.Traced() {
				times := make([]StageTimes, g.Stages())
				g.Observe(r, times)
				for stage := range times {
					require.EqualValues(t, want[stage], times[stage].Count)
					require.GreaterOrEqual(t, times[stage].Wait, 0.0)
				}
			}
		}
	}
	for _, n := range []int{built, branching, looping, joining} {
		require.Greater(t, n, 50)
	}
}
