package sim

import "github.com/seda-go/seda/sched"

// worker is a worker at run time. Its state is in the sets of run: searching, waking, parked, or, in none of them, running.
type worker struct {
	id       int
	seat     sched.Seat
	siblings []int
	whole    bool // serves every stage
	epoch    uint64
	picker   sched.Picker
	idler    idler

	stage   *stage // of the batch in hand; nil: none
	shard   int
	batch   []event
	out     [][]out // by edge of that stage: what the batch emits
	direct  bool
	head    int64   // when the oldest event of the batch came
	began   int64   // of the batch
	turn    int64   // when the turn began
	lag     float64 // ns that its next batch takes longer: for what it did in between
	touched sched.Set
	warm    []int // stages whose footprint is in the cache, the last one first

	dry   int64 // when its last batch ended
	since int64 // of the search, or the sleep
	spent WorkerResult
}

// out is an event that a batch in hand will emit.
type out struct {
	req   int32
	shard int16
	class int16
}

func (r *run) addWorkers() {
	r.workers = make([]worker, len(r.y.Workers))
	edges := 0
	for i := range r.stages {
		edges = max(edges, len(r.stages[i].edges))
	}
	for i := range r.workers {
		w := &r.workers[i]
		w.id, w.seat = i, r.y.Workers[i]
		w.out = make([][]out, edges)
		w.picker.Reset(len(r.stages), r.y.quantum())
		w.idler = idler{mode: r.y.Costs.Idle, wake: int64(r.y.Costs.Wake)}
		for k, other := range r.y.Workers {
			if k != i && other.Core >= 0 && other.Core == w.seat.Core {
				w.siblings = append(w.siblings, k)
			}
		}
		r.waking.Add(i)
	}
}

// due is called at the time that the worker has in the calendar: its batch is done, it has woken up, or has searched for long enough.
func (w *worker) due(r *run) {
	switch {
	case w.stage != nil:
		w.finish(r)
	case r.waking.Has(w.id):
		r.waking.Remove(w.id)
		w.spent.Parked += r.now - w.since
		w.loop(r)
	default:
		w.idler.inVain(r.now - w.since)
		w.endSearch(r)
		w.sleep(r)
	}
}

// loop goes on between two batches: take notice of a new plan, run a batch, or else be idle.
func (w *worker) loop(r *run) {
	w.attend(r)
	if !w.tryTurn(r) {
		w.idle(r)
	}
	w.signal(r)
}

// attend takes notice of a new plan.
func (w *worker) attend(r *run) {
	if w.epoch == r.epoch {
		return
	}
	if w.epoch > 0 {
		w.lag += r.y.Costs.Move
		w.spent.Moves++
	}
	w.epoch = r.epoch
	w.whole = r.serve[w.id].Len() == len(r.stages)
	given := r.ready.AndNot(&r.serve[w.id])
	for i := given.Next(0); i >= 0; i = given.Next(i + 1) {
		r.wakeFor(&r.stages[i], w)
	}
}

// account returns what w has spent so far, and on what.
func (w *worker) account(r *run) WorkerResult {
	spent := w.spent
	switch {
	case w.stage != nil:
		spent.Busy += r.now - w.began
	case r.searching.Has(w.id):
		spent.Idle += r.now - w.since
	default: // asleep, or being woken
		spent.Parked += r.now - w.since
	}
	return spent
}
