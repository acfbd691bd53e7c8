package main

import (
	"slices"

	"github.com/seda-go/seda/sched"
	"github.com/seda-go/seda/sched/sim"
)

// How long simulations run, in simulated ns. Policies begin with serve-all and are measured once they had the time to search, at their pace.
const (
	coresWarmup = 150e6
	coresLength = 250e6
	coresTick   = 2e6
	coresSettle = 50e6 // after a shift
	coresTries  = 120  // of the search for the best static assignment
	canWin      = 1.1  // times serve-all
)

// coresSuite measures the cores law in the simulator, on random graphs: a round is a graph. Where the best static assignment that a search finds beats
// serve-all by more than a tenth, what part of that gain is lost; elsewhere, what is lost against serve-all. As many graphs as fit into a minute, or
// as many as SEDA_GRAPHS says. They are graphs on which no constant of the law was chosen.
func coresSuite() suite {
	names := []string{"serve-all", "best", "cores", "moves", "tries", "search", "settle", "moves.shift", "stall"}
	s := suite{id: "sched.cores", collect: coresRounds}
	for _, n := range names {
		s.contenders = append(s.contenders, contender{name: n, unit: "of a graph"})
	}
	lost := func(r round) float64 { return (r["best"] - r["cores"]) / (r["best"] - r["serve-all"]) }
	wins := func(r round) bool { return r["best"] > canWin*r["serve-all"] }
	all := []string{"serve-all", "best", "cores"}
	s.rows = []row{
		{id: "sched.cores.gain", of: all, value: lost, when: wins, bound: 0.1, what: "lost of what the best static assignment gains on serve-all, where that is > 10 %"},
		{
			id: "sched.cores.gain.sum", of: all, when: wins, bound: none,
			pick: func(rounds []round) (func(round) float64, string) {
				could, did := 0.0, 0.0
				for _, r := range rounds {
					could, did = could+r["best"]/r["serve-all"]-1, did+r["cores"]/r["serve-all"]-1
				}
				return func(round) float64 { return 1 - did/could }, "the same, of the sum of all gains"
			},
		},
		{
			id: "sched.cores.elsewhere", of: all, when: func(r round) bool { return !wins(r) }, bound: 1 / 0.98, what: "serve-all / cores, elsewhere",
			value: func(r round) float64 { return r["serve-all"] / r["cores"] },
		},
		plain("sched.cores.moves", "moves", 2, "changes of the assignment from 150 ms on, in 250 ms, under a load that does not change"),
		highest("sched.cores.moves.most", "moves", "the same, of the graph with most"),
		plain("sched.cores.tries", "tries", none, "changes in the 150 ms before, while the law searches"),
		plain("sched.cores.search", "search", none, "ms until the last of these"),
		{id: "sched.cores.shift", of: []string{"settle"}, bound: 50, what: "ms from a shift of the load to 95 % of the best static assignment then", when: shifted, value: func(r round) float64 { return r["settle"] }},
		{id: "sched.cores.shift.moves", of: []string{"moves.shift"}, bound: 2, what: "changes of the assignment later than 50 ms after a shift", when: shifted, value: func(r round) float64 { return r["moves.shift"] }},
		{
			id: "sched.cores.gain.mean", of: all, when: wins, bound: none,
			pick: func(rounds []round) (func(round) float64, string) {
				sum := 0.0
				for _, r := range rounds {
					sum += lost(r) / float64(len(rounds))
				}
				return func(round) float64 { return sum }, "the same, on average over graphs: the median hides the tail"
			},
		},
		highest("sched.cores.starved", "stall", "of all graphs: longest time without a batch of a stage with events and room ahead / all quanta and the longest batch"),
	}
	s.rows[len(s.rows)-1].bound = 1
	for _, name := range baselines() {
		s.contenders = append(s.contenders, contender{name: name, unit: "requests/s"})
		s.rows = append(s.rows, row{
			id: "sched.cores.baseline." + name, of: []string{name}, bound: none, what: "serve-all / " + name,
			when:  func(r round) bool { return r[name] > 0 },
			value: func(r round) float64 { return r["serve-all"] / r[name] },
		})
	}
	return s
}

// highest is a row with the highest value of a contender in any round.
func highest(id, name, what string) row {
	return row{id: id, of: []string{name}, bound: none, pick: func(rounds []round) (func(round) float64, string) {
		worst := 0.0
		for _, r := range rounds {
			worst = max(worst, r[name])
		}
		return func(round) float64 { return worst }, what
	}}
}

func shifted(r round) bool { _, ok := r["settle"]; return ok }

// baselines are the policies that assign cores, other than ours.
func baselines() (names []string) {
	for _, n := range []string{"seda-2001", "seda2001", "caladan"} {
		if slices.Contains(sched.Names(), n) {
			names = append(names, n)
		}
	}
	return names
}

// coresOf returns how many cores a graph has: one in twenty has 128, the others 2 to 32.
func coresOf(graph uint64) int {
	if graph%20 == 19 {
		return 128
	}
	return []int{2, 3, 4, 6, 8, 12, 16, 24, 32}[graph%9]
}

func coresRound(graph uint64, shift, others bool) (round, error) {
	y := randomSystem(graph, coresOf(graph))
	all, err := coresRun(y, nil, nil)
	if err != nil {
		return nil, err
	}
	ours, err := coresRun(y, sched.Cores, nil)
	if err != nil {
		return nil, err
	}
	best, err := bestRate(y)
	if err != nil {
		return nil, err
	}
	r := round{"serve-all": all.Rate(), "cores": ours.Rate(), "best": max(best, all.Rate(), ours.Rate())}
	r["moves"] = float64(movesAfter(ours, coresWarmup))
	r["tries"] = float64(movesAfter(ours, 0)) - r["moves"]
	r["search"] = float64(lastMove(ours, coresWarmup)) / 1e6
	r["stall"] = longestStall(y, ours)
	if shift {
		if err := coresShift(y, graph, r); err != nil {
			return nil, err
		}
	}
	for _, name := range baselines() {
		if !others {
			break
		}
		maker, err := sched.Find(name)
		if err != nil {
			return nil, err
		}
		res, err := coresRun(y, maker, nil)
		if err != nil {
			return nil, err
		}
		r[name] = res.Rate()
	}
	return r, nil
}

func coresRun(y *sim.System, policy sched.Maker, serve [][]int) (*sim.Result, error) {
	return sim.Run(y, sim.Options{
		Seed: 1, Warmup: coresWarmup, Duration: coresLength, Policy: policy, Tick: coresTick, Plan: sched.Plan{Serve: serve}, Sample: 500e3,
	})
}

// bestRate returns what the best static assignment does that a search finds, in the same time as the others.
func bestRate(y *sim.System) (float64, error) {
	best, err := sim.BestStatic(y, sim.Search{Seed: 1, Tries: coresTries, Length: 4000})
	if err != nil {
		return 0, err
	}
	res, err := coresRun(y, nil, best.Plan.Serve)
	if err != nil {
		return 0, err
	}
	return res.Rate(), nil
}

func movesAfter(res *sim.Result, at int64) (n int) {
	for _, d := range res.Decisions {
		n += btoi(d.What == "cores" && d.At > at)
	}
	return n
}

// lastMove returns when the assignment changed last before a time; 0 if it did not.
func lastMove(res *sim.Result, before int64) (at int64) {
	for _, d := range res.Decisions {
		if d.What == "cores" && d.At <= before {
			at = d.At
		}
	}
	return at
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// coresShift makes the costliest stage half as costly and another one three times as costly as it was in the middle of a run, and notes how the law
// follows.
func coresShift(y *sim.System, graph uint64, r round) error {
	demand := sim.Fluid(y, 0).Demand
	first := slices.Index(demand, slices.Max(demand))
	second := int(graph/4) % len(demand)
	if second == first {
		second = (first + 1) % len(demand)
	}
	after := *y
	after.Stages = slices.Clone(y.Stages)
	after.Stages[first].Event = scaled(y.Stages[first].Event, 0.5)
	after.Stages[second].Event = scaled(y.Stages[second].Event, 3)
	best, err := bestRate(&after)
	if err != nil {
		return err
	}
	moving := *y
	moving.Stages = slices.Clone(y.Stages)
	moving.Stages[first].Scale = []sim.Step{{At: coresWarmup, Value: 0.5}}
	moving.Stages[second].Scale = []sim.Step{{At: coresWarmup, Value: 3}}
	res, err := coresRun(&moving, sched.Cores, nil)
	if err != nil {
		return err
	}
	r["settle"] = settledAfter(res, coresWarmup, 0.95*best)
	r["moves.shift"] = float64(movesAfter(res, coresWarmup+coresSettle))
	return nil
}

func scaled(d sim.Service, by float64) sim.Service {
	d.Mean *= by
	d.Long *= by
	return d
}

// settledAfter returns after how many ms the output of the next 40 ms reached a rate; 250, which is all there is, if never.
func settledAfter(res *sim.Result, from int64, rate float64) float64 {
	const span = 80 // points
	for i := range res.Line {
		if a := &res.Line[i]; a.At >= from && i+span < len(res.Line) {
			b := &res.Line[i+span]
			if float64(b.Sources[0].Done-a.Sources[0].Done) >= rate*float64(b.At-a.At)/1e9 {
				return float64(a.At-from) / 1e6
			}
		}
	}
	return 250
}

// longestStall returns for how long a stage that had events, and room ahead, did nothing, over what it may have to wait for.
func longestStall(y *sim.System, res *sim.Result) float64 {
	bound := 0.0
	for i := range y.Stages {
		m := res.Stages[i].Batches
		bound = max(bound, float64(m.T)/float64(max(m.N, 1)))
	}
	bound = 2*bound + float64(len(y.Stages))*quantum
	worst := int64(0)
	for i, s := range y.Stages {
		since := int64(-1)
		for k := 1; k < len(res.Line); k++ {
			a, b := &res.Line[k-1], &res.Line[k]
			stuck := a.Stages[i].Depth > 0 && a.Stages[i].Done == b.Stages[i].Done && roomAhead(y, &s, a) && roomAhead(y, &s, b)
			switch {
			case !stuck:
				since = -1
			case since < 0:
				since = a.At
			default:
				worst = max(worst, b.At-since)
			}
		}
	}
	return float64(worst) / bound
}

func roomAhead(y *sim.System, s *sim.Stage, p *sim.Point) bool {
	for _, e := range s.Edges {
		if t := &y.Stages[e.To]; p.Stages[e.To].Depth+t.MaxBatch*len(y.Workers) >= t.Capacity {
			return false
		}
	}
	return true
}
