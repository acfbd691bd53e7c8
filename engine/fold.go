package engine

import (
	"time"

	"github.com/seda-go/seda/sched"
)

// folder folds what probes know of the workers' threads into snapshots.
//
// A stage's time on the CPU is what its batches took less what the kernel charged to it as time off the CPU. Cache misses are known by thread: those of a
// worker that served several stages since the last reading are shared out by the time it gave them, which is an estimate.
//
// A reading may take a 256th of the time: with programs in the kernel that is every tick, out of /proc, which takes microseconds for each worker, less often
// where there are many. How long one takes is believed up to twice the last one: another thread may have taken the CPU in the middle of it.
type folder struct {
	e      *Engine
	next   Time
	cost   time.Duration
	stages []stageThread // by stage: what is known now
	misses []uint64      // by worker, at the last reading
	busy   [][]uint64    // by worker and stage, likewise
	spent  []uint64      // by stage, scratch: time since then
}

type stageThread struct {
	sched.Thread
	misses uint64
}

const (
	foldShare = 256
	foldFirst = time.Millisecond // more than the first reading is taken to cost
	foldLeast = time.Microsecond // none takes less, though the clock may not have moved: twice nothing would stay nothing
)

func (f *folder) open(e *Engine) {
	f.e, f.cost = e, foldFirst
	f.stages, f.spent = make([]stageThread, len(e.stages)), make([]uint64, len(e.stages))
	f.misses, f.busy = make([]uint64, len(e.workers)), make([][]uint64, len(e.workers))
	for i := range f.busy {
		f.busy[i] = make([]uint64, len(e.stages))
	}
}

// fold puts what is known into s, of which the counters are in the ledgers of stages.
func (f *folder) fold(s *sched.Snapshot, ledgers []ledger, now Time) {
	if f.e.cfg.Probes == nil {
		return
	}
	if now >= f.next {
		f.read(s, ledgers)
		f.note(f.e.now().Sub(now))
		f.next = now + Time(foldShare*f.cost)
	}
	for i := range f.stages {
		s.Stages[i].Thread, s.Stages[i].Misses = f.stages[i].Thread, f.stages[i].misses
	}
}

// note takes in how long a reading took.
func (f *folder) note(took time.Duration) { f.cost = min(max(took, foldLeast), 2*f.cost) }

func (f *folder) read(s *sched.Snapshot, ledgers []ledger) {
	for i := range f.stages {
		t := &f.stages[i].Thread
		*t = sched.Thread{Known: !f.e.stages[i].blocking, OnCPU: t.OnCPU} // which may not fall
	}
	for i, w := range f.e.workers {
		o := &s.Workers[i].Thread
		if f.readWorker(w, o, ledgers); w.foreign.see(*o, Time(s.Now)) {
			f.e.warnForeign(w)
		}
	}
	for i := range f.stages {
		t := &f.stages[i].Thread
		if !t.Known {
			continue
		}
		var busy uint64
		for k := range f.e.workers {
			busy += ledgers[i].busy(k)
		}
		t.OnCPU = max(t.OnCPU, int64(busy)-t.RunDelay-t.Blocked)
	}
}

// readWorker reads one worker, and adds what it did to the stages.
func (f *folder) readWorker(w *worker, o *sched.Thread, ledgers []ledger) {
	p := &w.probed
	p.mu.Lock()
	err := p.look()
	o.Known = p.known && p.times
	if o.Known {
		o.OnCPU, o.RunDelay, o.Blocked = p.all.OnCPU, p.all.RunQueue+p.all.Preempted, 0
	}
	for i := range f.stages {
		t, off := &f.stages[i].Thread, p.at(i)
		t.Known = t.Known && p.cells
		t.Blocked += off.blocked
		t.RunDelay += off.delay()
		o.Blocked += off.blocked
	}
	missed := p.all.CacheMisses
	p.mu.Unlock()
	f.share(w.id, missed, ledgers)
	if err != nil {
		f.e.unprobed(w, err)
	}
}

// share shares out a worker's cache misses since the last reading.
func (f *folder) share(worker int, missed uint64, ledgers []ledger) {
	var all uint64
	for i := range ledgers {
		b := ledgers[i].busy(worker)
		f.spent[i], f.busy[worker][i] = b-f.busy[worker][i], b
		all += f.spent[i]
	}
	missed, f.misses[worker] = missed-f.misses[worker], missed
	if all == 0 || missed == 0 {
		return
	}
	for i, t := range f.spent {
		f.stages[i].misses += uint64(float64(missed) * float64(t) / float64(all))
	}
}

// threadStats fills in what probes know of workers, and returns what they know by stage, or nil.
func (e *Engine) threadStats(workers []WorkerStats) []ThreadStats {
	if e.cfg.Probes == nil {
		return nil
	}
	stages := make([]ThreadStats, len(e.stages))
	for i := range stages {
		stages[i].Known = true
	}
	for k, w := range e.workers {
		p, o := &w.probed, &workers[k]
		p.mu.Lock()
		err := p.look()
		v := &p.all
		o.Thread = ThreadStats{
			p.known && p.times, time.Duration(v.OnCPU), time.Duration(v.Blocked), time.Duration(v.RunQueue), time.Duration(v.Preempted),
			v.Voluntary, v.Involuntary, v.Migrations,
		}
		if p.cells {
			o.PWait = max(time.Duration(w.waking.Load())-time.Duration(p.at(-1).runQueue), 0)
		}
		for i := range stages {
			stages[i].add(p.at(i), p.cells)
		}
		p.mu.Unlock()
		o.Lost = w.foreign.lost()
		if err != nil {
			e.unprobed(w, err)
		}
	}
	return stages
}

func (t *ThreadStats) add(o offTime, known bool) {
	t.Known = t.Known && known
	t.Blocked += time.Duration(o.blocked)
	t.RunQueue += time.Duration(o.runQueue)
	t.Preempted += time.Duration(o.preempted)
	t.Voluntary += o.voluntary
	t.Involuntary += o.involuntary
}
