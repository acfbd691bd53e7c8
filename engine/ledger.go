package engine

import (
	"slices"

	"github.com/seda-go/seda/internal/invariant"
	"github.com/seda-go/seda/sched"
)

// ledger is what a sampler has read of a stage's counters. A counter belongs to a hand, and only that hand's worker writes it: what a worker that has
// slept ever since had counted when it was read last need not be read again, which is most of what there is where workers outnumber CPUs.
type ledger struct {
	hands   table   // hand.count, and then hand.popped of each inlet
	edges   []table // that lead to the stage, by hand of the stage they come from: events entered
	sojourn table   // hand.sojourn, and then what the hand had done when that was read; no sum of it
}

func (s *Stage[T]) ledger() ledger {
	l := ledger{hands: newTable(len(s.hands), tallies+len(s.inlets)), sojourn: newTable(len(s.hands), sched.Buckets+1)}
	for _, ed := range s.ins {
		l.edges = append(l.edges, newTable(ed.hands(), 1))
	}
	return l
}

// busy returns how long, in nanoseconds, a worker has run the stage's batches, with a CPU or without.
func (l *ledger) busy(worker int) uint64 {
	return l.hands.rows[worker][tallyBusy] + l.hands.rows[worker][tallyLost]
}

// checkRest checks that what was left out of a reading had not changed.
func (p *sampler) checkRest(rest sched.Set) {
	for k, st := range p.e.stages {
		now, was := st.run.ledger(), &p.ledgers[k]
		st.run.sample(new(sched.StageSample), make([]sched.SourceSample, len(st.inlets)), &now, sched.Set{}, p.e.now())
		for i := rest.Next(0); i >= 0; i = rest.Next(i + 1) {
			same := slices.Equal(was.hands.rows[i], now.hands.rows[i])
			for e := range was.edges {
				same = same && was.edges[e].rows[i][0] == now.edges[e].rows[i][0]
			}
			invariant.Check(same || p.e.workers[i].nap() != p.naps[i], "worker %d counted in stage %s while it slept", i, st.name)
		}
	}
}

// table has a row for each hand, and the sums of its columns.
type table struct {
	rows [][]uint64
	sums []uint64
}

func newTable(rows, width int) table {
	t := table{make([][]uint64, rows), make([]uint64, width)}
	cells := make([]uint64, rows*width)
	for i := range t.rows {
		t.rows[i] = cells[i*width:][:width:width]
	}
	return t
}

// put says what a counter of a row is now.
func (t *table) put(row []uint64, column int, v uint64) {
	t.sums[column] += v - row[column]
	row[column] = v
}

// naps notices sleepers that have not stirred since the reading before. It has the number of the sleep that each worker was in then, 0 for none.
type naps []uint64

// rest returns the workers that sleep as they did at the reading before.
func (n naps) rest(workers []*worker) (rest sched.Set) {
	for i, w := range workers {
		nap := w.nap()
		if nap > 0 && nap == n[i] {
			rest.Add(i)
		}
		n[i] = nap
	}
	return rest
}

// nap returns which of its sleeps w is in, from 1 on, or 0 if it is in none. While it is in one sleep it counts nothing, and all that it has counted before can
// be read: it has told of the sleep with a release store, and tells of its end before it does anything. parks is read first. Were it read last, a worker that
// wakes up in between would look as if it was in its next sleep already, in which it is to count more.
func (w *worker) nap() uint64 {
	parks := w.parks.Load()
	if w.state.Load() != asleep {
		return 0
	}
	return parks + 1
}
