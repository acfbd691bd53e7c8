package main

import "context"

const (
	fusedBatch  = 64
	fusedWork   = 10 // ns per event and stage, at least
	fusedBlocks = 1000
)

// fusedSuite measures what stages cost where one worker runs them all, so that batches are handed over directly.
//
// The events circulate: the last stage sends them back to the first, over a ring. So nothing but the one worker runs, no time goes into
// waiting for a source, and all that the worker does is in the figure: turns, clock readings, counters, hand-overs, and a trip through a
// ring in every round. The fixed cost is that of a round of three stages whose handlers only pass one event on, divided by three.
//
// The rival is the program without an engine: the same handlers called one after the other on the same slice, in place, on a pinned thread
// of its own. It copies nothing and counts nothing, so it is the least that anyone could pay. Work is as many dependent multiplications as
// make the rival spend 10 ns per event in each handler, rounded up to whole ones: the row called work says what that came to. In the rows called
// thin it is 10 ns in all three together.
func fusedSuite() suite {
	s := suite{id: "engine.fused"}
	add := func(name string, sample func(context.Context) (float64, error)) string {
		s.contenders = append(s.contenders, contender{name: name, unit: "ns/round", sample: sample})
		return name
	}
	three := add("three stages b1", circle{stages: 3, batch: 1, blocks: fusedBlocks, size: 500}.engine)
	nine := add("nine stages b1", circle{stages: 9, batch: 1, blocks: fusedBlocks, size: 500}.engine)
	full := add("three stages b64", circle{stages: 3, batch: fusedBatch, blocks: fusedBlocks, size: 500}.engine)
	s.rows = append(s.rows,
		row{
			id: "engine.fused.ns", of: []string{three}, bound: 40, what: "ns per stage and batch, of a round of three stages",
			value: func(r round) float64 { return r[three] / 3 },
		},
		row{
			id: "engine.fused.ns.more", of: []string{three, nine}, bound: none, what: "ns per batch that one more stage costs",
			value: func(r round) float64 { return (r[nine] - r[three]) / 6 },
		},
		row{
			id: "engine.fused.ns.b64", of: []string{full}, bound: none, what: "ns per stage and batch of 64 events that are passed on",
			value: func(r round) float64 { return r[full] / 3 },
		})
	for _, at := range []struct {
		suffix string
		work   float64 // ns per event and stage
		each   bool
		bound  float64
	}{
		{"", fusedWork, false, 1.15},
		{".handle", fusedWork, true, none},
		{".thin", fusedWork / 3., false, none},
		{".thin.handle", fusedWork / 3., true, none},
	} {
		c := circle{stages: 3, batch: fusedBatch, work: at.work, each: at.each, blocks: fusedBlocks, size: 100}
		s.rows = append(s.rows,
			ratio("engine.fused"+at.suffix, add("stages"+at.suffix, c.engine), add("calls"+at.suffix, c.calls), at.bound))
	}
	s.rows = append(s.rows, row{
		id: "engine.fused.work", of: []string{"calls"}, bound: none, what: "ns per event and stage of calls",
		value: func(r round) float64 { return r["calls"] / (3 * fusedBatch) },
	})
	return s
}
