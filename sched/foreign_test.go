package sched

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// quietLaw decides nothing, and keeps what it is shown.
type quietLaw struct {
	shown Snapshot
	asked int // with a settled snapshot
}

func (l *quietLaw) Decide(s *Snapshot, _ *Draft) {
	l.shown = *s
	l.shown.Stages, l.shown.Workers = append([]StageSample(nil), s.Stages...), append([]WorkerSample(nil), s.Workers...)
	l.asked += btoi(s.Settled)
}

// machine is workers of which some lose a part of their CPU, each fully used, and stages that they serve.
type machine struct {
	f    *foreign
	law  *quietLaw
	y    *System
	s    Snapshot
	lost []float64
	used []float64 // part of the rest
	plan Plan
	why  string
	does func(serve [][]int) uint64 // events of each stage in 5 ms; nil: none
}

func newMachine(workers int, serve [][]int, stages ...Stage) *machine {
	m := &machine{law: &quietLaw{}, y: &System{Quantum: 1e5, Stages: stages, Workers: make([]Seat, workers)}}
	m.f = newForeign(m.y, m.law, nil)
	m.s = Snapshot{Settled: true, Workers: make([]WorkerSample, workers), Stages: make([]StageSample, len(stages))}
	m.lost, m.used = make([]float64, workers), make([]float64, workers)
	for w := range m.used {
		m.used[w] = 1
	}
	m.plan = NewDraft(m.y, Plan{Serve: serve}).Plan
	return m
}

func (m *machine) run(ns int64) {
	d := NewDraft(m.y, m.plan)
	for end := m.s.Now + ns; m.s.Now < end; {
		m.s.Now += 5e6
		for w := range m.s.Workers {
			x := &m.s.Workers[w]
			want := 5e6 * m.used[w] * float64(btoi(len(m.plan.Serve[w]) > 0))
			x.Known = true
			x.RunDelay += int64(want * m.lost[w])
			x.OnCPU += int64(want * (1 - m.lost[w]))
			x.Idle += int64(5e6 - want)
		}
		for i := range m.s.Stages {
			if m.does != nil {
				m.s.Stages[i].Done += m.does(m.plan.Serve)
			}
		}
		d.Reset(m.plan)
		m.f.Decide(&m.s, d)
		for _, c := range d.Changes {
			m.why = c.Why
		}
		m.plan.Serve = d.Plan.Serve
	}
}

func TestForeignLeavesAloneWhatIsNotDisturbed(t *testing.T) {
	m := newMachine(2, [][]int{{0}, {1}}, Stage{}, Stage{})
	m.lost = []float64{0.15, 0.05}
	m.run(1e9)
	require.Equal(t, [][]int{{0}, {1}}, m.plan.Serve)
	require.Greater(t, m.law.asked, 150, "though it waits to see what becomes of it")
	m.lost = []float64{0.5, 0.5}
	m.run(1e9)
	require.Equal(t, [][]int{{0}, {1}}, m.plan.Serve, "all are: nobody could help")
}

// The law's counters do not jump when probes begin to know something late, or fail.
func TestForeignProbesComeAndGo(t *testing.T) {
	m := newMachine(2, [][]int{{0}, {1}}, Stage{}, Stage{})
	m.lost = []float64{0.15, 0.05}
	m.s.Workers[0].RunDelay = 3e9 // of a thread that has run for long
	m.run(1e9)
	idle := m.law.shown.Workers[0].Idle
	require.InDelta(t, 0.15e9, idle, 0.01e9)
	m.s.Now += 5e6
	for w := range m.s.Workers {
		m.s.Workers[w].Thread = Thread{}
	}
	m.f.Decide(&m.s, NewDraft(m.y, m.plan))
	require.Equal(t, idle, m.law.shown.Workers[0].Idle)
	m.run(5e6)
	require.InDelta(t, idle, m.law.shown.Workers[0].Idle, 1e6)
}

func TestForeignHelps(t *testing.T) {
	serial, most := Stage{Parallel: 1}, Stage{MaxCores: 1}
	for name, c := range map[string]struct {
		serve  [][]int
		stages []Stage
		used   float64
		want   [][]int
	}{
		"a stage that can be shared":         {[][]int{{0}, {1}}, []Stage{{}, {}}, 1, [][]int{{0}, {0, 1}}},
		"every worker serves it already":     {[][]int{{0, 1}, {0, 1}}, []Stage{{}, {}}, 1, [][]int{{0, 1}, {0, 1}}},
		"a serial one, beside one that can":  {[][]int{{0}, {1}}, []Stage{serial, {}}, 1, [][]int{{1}, {0, 1}}},
		"a serial one, beside another":       {[][]int{{0}, {1}}, []Stage{serial, serial}, 1, [][]int{nil, {0, 1}}},
		"one that shall have no more":        {[][]int{{0}, {1}}, []Stage{most, {}}, 1, [][]int{{0}, {1}}},
		"the others have room":               {[][]int{{0}, {1}}, []Stage{{}, {}}, 0.2, [][]int{nil, {0, 1}}},
		"they have, but it wants two":        {[][]int{{0}, {0}}, []Stage{{MinCores: 2}}, 0.2, [][]int{{0}, {0}}},
		"of three the one with least to do":  {[][]int{{0}, {1, 2}, {1}}, []Stage{{}, {}, {}}, 1, [][]int{{0}, {1, 2}, {0, 1}}},
		"room, and every worker has it all":  {[][]int{{0}, {0}, {0}}, []Stage{{}}, 0.3, [][]int{nil, {0}, {0}}},
		"room for a stage nobody else knows": {[][]int{{0}, {1}, {1}}, []Stage{{}, {}}, 0.3, [][]int{nil, {0, 1}, {1}}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(len(c.serve), c.serve, c.stages...)
			for w := range m.used {
				m.used[w] = c.used
			}
			m.run(6e8)
			m.lost[0] = 0.6
			m.run(1e9)
			for w := range c.want {
				require.ElementsMatch(t, c.want[w], m.plan.Serve[w], "worker %d: %v", w, m.plan.Serve)
			}
			require.NoError(t, m.plan.Validate(len(m.y.Workers), len(m.y.Stages)))
		})
	}
}

// What was moved comes back when the neighbour has gone: at once where that is seen, after a while where the worker has nothing to do.
func TestForeignGivesBack(t *testing.T) {
	m := newMachine(2, [][]int{{0}, {1}}, Stage{}, Stage{})
	m.run(6e8)
	m.lost[0] = 0.6
	m.run(1e9)
	require.Equal(t, [][]int{{0}, {0, 1}}, m.plan.Serve)
	require.Contains(t, m.why, "worker 0 loses")
	asked := m.law.asked
	m.run(1e9)
	require.Equal(t, asked, m.law.asked, "the law looks on")
	m.lost[0] = 0
	m.run(6e8)
	require.Equal(t, [][]int{{0}, {1}}, m.plan.Serve)
	require.Contains(t, m.why, "worker 0 has its CPU again")

	m.used, m.lost[0] = []float64{0.2, 0.2}, 0.6
	m.run(1e9)
	require.Empty(t, m.plan.Serve[0])
	m.lost[0] = 0
	m.run(foreignAgain)
	require.Equal(t, [][]int{{0}, {1}}, m.plan.Serve)
}

// The law sees workers without the time that others had, and batches, where they are not without it already.
func TestForeignCleans(t *testing.T) {
	m := newMachine(1, [][]int{{0}}, Stage{})
	m.lost[0] = 0.5
	m.run(3e8)
	require.InDelta(t, m.s.Workers[0].Idle+m.s.Workers[0].RunDelay, m.law.shown.Workers[0].Idle, 3e6, "but for that of the first look")
	m.s.Stages[0].Batches.Add(10, 10_000)
	m.run(5e6)
	require.InDelta(t, 5000, m.law.shown.Stages[0].Batches.T, 1, "as much as of its worker, where stages are not told apart")
	before := m.law.shown.Stages[0].Batches.T
	m.s.Stages[0].Known = true
	m.s.Stages[0].Batches.Add(10, 10_000)
	m.run(5e6)
	require.EqualValues(t, 10_000, m.law.shown.Stages[0].Batches.T-before)
}

// What all workers lose is nobody's to give: the one that loses more is disturbed.
func TestForeignCompares(t *testing.T) {
	m := newMachine(2, [][]int{{0}, {1}}, Stage{Parallel: 1}, Stage{})
	m.lost = []float64{0.5, 0.35}
	m.run(1e9)
	require.Equal(t, [][]int{{0}, {1}}, m.plan.Serve)
	m.lost = []float64{0.7, 0.35}
	m.run(1e9)
	require.Equal(t, [][]int{{1}, {0, 1}}, m.plan.Serve)
	require.Contains(t, m.why, "worker 0 loses 70 %")
}

// A worker that has half of its CPU, and uses it, has no room, though it is the better one.
func TestForeignRoomOfDisturbed(t *testing.T) {
	m := newMachine(2, [][]int{{0}, {0}}, Stage{})
	m.lost = []float64{0.6, 0.95}
	m.run(1e9)
	require.Equal(t, [][]int{{0}, {0}}, m.plan.Serve)
	m.used = []float64{0.2, 0.2}
	m.run(1e9)
	require.Empty(t, m.plan.Serve[1])
}

// Which assignment does most beside a neighbour is tried: that of the law for workers of unequal worth, to move what is in the way, to leave it.
func TestForeignTries(t *testing.T) {
	divided, moved, left := [][]int{{1}, {0}}, [][]int{{1}, {0, 1}}, [][]int{{0}, {1}}
	for name, c := range map[string]struct {
		best [][]int
		more uint64
		want [][]int
	}{
		"divided":        {divided, 120, divided},
		"moved":          {moved, 120, moved},
		"nothing":        {left, 120, left},
		"all are alike":  {left, 104, divided},
		"none does much": {nil, 0, divided},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(2, left, Stage{Parallel: 1}, Stage{})
			var worth []float64
			m.f.divide = func(w []float64) [][]int { worth = w; return divided }
			tries := 0
			m.does = func(serve [][]int) uint64 {
				tries += btoi(same(serve, moved))
				if same(serve, c.best) {
					return c.more
				}
				return 100
			}
			m.lost[0] = 0.6
			m.run(2e9)
			require.Equal(t, c.want, m.plan.Serve)
			require.InDeltaSlice(t, []float64{0.4, 1}, worth, 0.01)
			tries = 0
			m.run(foreignRetry - 2e9)
			require.Equal(t, same(c.want, moved), tries > 0, "what was found holds")
			m.run(3e9)
			require.Equal(t, c.want, m.plan.Serve)
			require.Positive(t, tries, "and is tried again")
		})
	}
}

func TestDivide(t *testing.T) {
	one := Stage{Parallel: 1}
	for name, c := range map[string]struct {
		stages []Stage
		demand []float64
		worth  []float64
		want   [][]int
	}{
		"the larger one to the better worker":    {[]Stage{one, one}, []float64{1, 2}, []float64{0.5, 1}, [][]int{{0}, {1}}},
		"wherever that is":                       {[]Stage{one, one}, []float64{1, 2}, []float64{1, 0.5}, [][]int{{1}, {0}}},
		"both to the better one":                 {[]Stage{one, one}, []float64{2, 2}, []float64{0.1, 1}, [][]int{nil, {0, 1}}},
		"one that fills two has them":            {[]Stage{{}, one}, []float64{8, 1}, []float64{1, 0.5, 1}, [][]int{{0}, {0, 1}, {0}}},
		"what only one may run has no second":    {[]Stage{{MaxCores: 1}, one}, []float64{8, 1}, []float64{1, 0.5, 1}, [][]int{{0}, nil, {1}}},
		"nobody is left for the third":           {[]Stage{{}, {}, one}, []float64{60, 30, 1}, []float64{0.5, 1}, nil},
		"a stage that is to have two, has them":  {[]Stage{{MinCores: 2}, one}, []float64{1, 4}, []float64{0.5, 1, 1}, [][]int{{1}, {0}, {0}}},
		"what does nothing is served by someone": {[]Stage{one, one}, []float64{0, 2}, []float64{0.5, 1}, [][]int{{0}, {1}}},
	} {
		t.Run(name, func(t *testing.T) {
			y := &System{Quantum: 1e5, Stages: c.stages, Workers: make([]Seat, len(c.worth))}
			got := newLayout(y).divide(c.demand, c.worth)
			require.Equal(t, c.want, got)
			if got != nil {
				require.NoError(t, Plan{Serve: got}.Validate(len(c.worth), len(c.stages)))
			}
		})
	}
}
