package engine

import (
	"sync/atomic"
	"time"
)

// Stats is a reading of the engine's counters. While the engine runs the counters of different workers are read at slightly different
// times; when nothing is in flight, and after Drain, the laws of conservation hold exactly:
//
//	inlet:  Offered = Accepted + Refused
//	edge:   Emitted = Entered + Dropped
//	stage:  Entered = Completed + Failed + Expired + Depth,  Entered = sum of Accepted + sum of Entered over the edges that lead to it
//
// While it runs, Entered >= Completed + Failed + Expired.
//
// As JSON, times are in nanoseconds.
type Stats struct {
	Engine    string        `json:"engine"`     // Config.Name
	State     State         `json:"state"`      // of its life: after StateEnded nothing changes any more but Uptime
	Uptime    time.Duration `json:"uptime_ns"`  // since New
	Plan      uint64        `json:"plan"`       // number of the plan that was published last
	ColdWakes uint64        `json:"cold_wakes"` // wake-ups that found every worker that could take the event asleep
	Control   ControlStats  `json:"control"`
	Workers   []WorkerStats `json:"workers"` // by index
	Stages    []StageStats  `json:"stages"`  // in the order they were added
}

// State is where an engine is in its life.
type State string

// The states, in the order in which an engine comes to them.
const (
	StateNew      State = "new"      // Start has not returned
	StateRunning  State = "running"  // it takes events
	StateDraining State = "draining" // Drain was called: it takes none, and finishes those that it has
	StateEnded    State = "ended"    // after Drain or Close, or since Start failed
)

// ControlStats is the control loop.
type ControlStats struct {
	Ticks     uint64 `json:"ticks"`     // times it looked
	Decisions uint64 `json:"decisions"` // changes that the policy made: Explain has the last ones
	Panics    uint64 `json:"panics"`    // decisions that were lost since the policy panicked, or left its goroutine
	Refused   uint64 `json:"refused"`   // decisions that could not be put in place
	Late      uint64 `json:"late"`      // decisions that took more than 100 ms
}

// WorkerStats is one worker.
type WorkerStats struct {
	CPU    int           `json:"cpu"`       // where it is pinned; -1: anywhere
	TID    int           `json:"tid"`       // id of its thread, also after that has ended; 0: it never had one of its own
	Plan   uint64        `json:"plan"`      // number of the plan it acts on
	Parks  uint64        `json:"parks"`     // times it slept
	Parked time.Duration `json:"parked_ns"` // how long it was without work in those times
	Asleep time.Duration `json:"asleep_ns"` // the same of the sleep it is in, which Parked has when it ends; 0: it is awake
	Busy   time.Duration `json:"busy_ns"`   // in handlers, those of blocking stages apart: batches that have ended
	Stage  string        `json:"stage"`     // the stage whose batch it is running; "" if none
	Since  time.Duration `json:"since_ns"`  // how long that batch has been running, to 4 us; 0 if none
	Thread ThreadStats   `json:"thread,omitzero"`
	PWait  time.Duration `json:"p_wait_ns"` // from being woken to running, less the wait for a CPU: what the runtime took to find it a P. 0 unless probes know of stages
	Lost   float64       `json:"lost"`      // part of the time it wanted its CPU, in about a second, that others had it; 0 unless probes know
}

// ThreadStats is what Config.Probes says of a worker's thread, or of all workers' threads while they had a batch of a stage. Those of a stage go by the
// last time a thread came to a CPU.
type ThreadStats struct {
	Known       bool          `json:"known"`        // the rest means something
	OnCPU       time.Duration `json:"on_cpu_ns"`    // on a CPU
	Blocked     time.Duration `json:"blocked_ns"`   // asleep; of a worker also while it had nothing to do
	RunQueue    time.Duration `json:"run_queue_ns"` // awake, and waiting for a CPU; where the source cannot tell them apart, Preempted is in it
	Preempted   time.Duration `json:"preempted_ns"` // waiting since another thread took the CPU
	Voluntary   uint64        `json:"voluntary"`    // times it went to sleep
	Involuntary uint64        `json:"involuntary"`  // times it lost its CPU
	Migrations  uint64        `json:"migrations"`   // times it went to another CPU. None for a stage
}

// StageStats is one stage.
type StageStats struct {
	Name      string        `json:"name"`
	Kind      string        `json:"kind"`      // "plain", "serial", "keyed" or "splitter"; blocking stages add ", blocking"
	Word      uint32        `json:"word"`      // the number by which Config.Probes knows it
	Entered   uint64        `json:"entered"`   // events accepted by inlets and edges
	Completed uint64        `json:"completed"` // events whose handler returned nil
	Failed    uint64        `json:"failed"`    // events whose handler returned an error or panicked
	Expired   uint64        `json:"expired"`   // events that were too late to be handled: their deadline, or the stage's MaxAge, had passed
	Panics    uint64        `json:"panics"`    // calls of the handler, or of a function given to Every, that panicked or left their goroutine
	Batches   uint64        `json:"batches"`
	Long      uint64        `json:"long"`        // batches that kept a worker for more than 10 ms; one that still does is in WorkerStats. None in a blocking stage, which keeps no worker
	Direct    uint64        `json:"direct"`      // events that came from the stage before without waiting in a ring
	Blocked   uint64        `json:"blocked"`     // times its handler made a pinned worker's thread sleep: an estimate, rather too low, that honest handlers do not get into
	Stalls    uint64        `json:"stalls"`      // looks that found an event claimed by a caller who had not finished storing it
	Threads   int           `json:"threads"`     // goroutines that a blocking stage has for its handler
	ThreadCap int           `json:"thread_cap"`  // batches that a blocking stage may have in its handler by the plan
	BatchCap  int           `json:"batch_cap"`   // events that a batch may have by the plan
	Cores     int           `json:"cores"`       // workers that serve it by the plan
	Depth     int           `json:"depth"`       // events in rings, in workers' hands, in debts of workers, and pending for later
	HeadAge   time.Duration `json:"head_age_ns"` // how long the oldest event in the rings has waited; 0 if there is none
	Busy      time.Duration `json:"busy_ns"`     // spent in the handler, all workers together
	Wait      time.Duration `json:"wait_ns"`     // sum over batches of how long the batch's oldest event had waited
	Thread    ThreadStats   `json:"thread,omitzero"`
	Inlets    []InletStats  `json:"inlets"`
	Edges     []EdgeStats   `json:"edges"` // that start here
}

// InletStats is one way in.
type InletStats struct {
	Name     string  `json:"name"`
	Offered  uint64  `json:"offered"` // Accepted + Refused
	Accepted uint64  `json:"accepted"`
	Refused  uint64  `json:"refused"` // ErrFull, ErrRefused, or given up waiting; what came after Drain or Close is not counted
	Limited  uint64  `json:"limited"` // of those, refused by the admission limit, or by the stage's Admit
	Depth    int     `json:"depth"`   // the limit: so many events may wait; 0: as many as fit
	Rate     float64 `json:"rate"`    // and so many may come in a second; 0: any number
	Waiting  int     `json:"waiting"` // Submit calls waiting for room
}

// EdgeStats is one edge.
type EdgeStats struct {
	From    string `json:"from"`
	To      string `json:"to"`
	Full    Full   `json:"full"`
	Failure bool   `json:"failure"` // made by OnFailure
	Timed   bool   `json:"timed"`   // for After only
	Emitted uint64 `json:"emitted"` // Entered + Dropped
	Entered uint64 `json:"entered"`
	Dropped uint64 `json:"dropped"`
	Owed    int    `json:"owed"`    // events that did not fit yet
	Pending int    `json:"pending"` // events of After whose time has not come, or that did not fit yet; like Owed they have entered and count as the target's depth
}

// Stats reads all counters. Any goroutine may call it at any time; it costs a few microseconds and stops nobody.
func (e *Engine) Stats() Stats {
	s := Stats{Engine: e.cfg.Name, State: e.lifeState(), Uptime: time.Duration(e.now()), ColdWakes: e.coldWakes.Load()}
	switch e.phase.Load() {
	case started, ended:
	default:
		return s
	}
	if p := e.plan.Load(); p != nil {
		s.Plan = p.Epoch
	}
	s.Control = e.controller.stats()
	for _, w := range e.workers {
		ws := WorkerStats{CPU: w.place(), TID: int(w.lastID.Load()), Plan: w.epoch.Load(), Parks: w.parks.Load(), Parked: time.Duration(w.slept.Load())}
		if e.phase.Load() == started {
			ws.Asleep, _ = w.sleeping(e.now())
		}
		if h := inHand(w.inHand.Load()); h != 0 {
			ws.Stage, ws.Since = e.stages[h.stage()].name, h.since(e.now())
		}
		s.Workers = append(s.Workers, ws)
	}
	threads := e.threadStats(s.Workers)
	for _, c := range e.added {
		st := StageStats{Name: c.name, Kind: c.run.kind(), Word: uint32(c.id + 1)}
		c.run.collect(&st, s.Workers)
		st.Blocked = e.watch.sleepsIn(c.id)
		if c.id < len(threads) && !c.blocking {
			st.Thread = threads[c.id]
			st.Thread.OnCPU = max(st.Busy-st.Thread.Blocked-st.Thread.RunQueue-st.Thread.Preempted, 0)
		}
		if p := e.plan.Load(); p != nil {
			st.Cores = p.eligible[c.id].Len()
		}
		s.Stages = append(s.Stages, st)
	}
	return s
}

func (e *Engine) lifeState() State {
	switch e.phase.Load() {
	case ended:
		return StateEnded
	case started:
		if p := e.plan.Load(); p != nil && p.draining {
			return StateDraining
		}
		return StateRunning
	}
	return StateNew
}

// Stage returns the statistics of the named stage, or the zero value.
func (s Stats) Stage(name string) StageStats {
	for _, st := range s.Stages {
		if st.Name == name {
			return st
		}
	}
	return StageStats{}
}

func (s *Stage[T]) kind() string {
	kind := "plain"
	if _, splits := any(s).(*Stage[submission]); splits {
		kind = "splitter"
	} else if s.keyed {
		kind = "keyed"
	} else if s.serial {
		kind = "serial"
	}
	if s.blocking {
		kind += ", blocking"
	}
	return kind
}

// collect adds what workers did for the stage to their statistics. It reads what is done before what came in, so that the books never show more done than entered.
func (s *Stage[T]) collect(st *StageStats, workers []WorkerStats) {
	for i := range s.hands {
		n := &s.hands[i].count
		st.Completed += n.completed.Load()
		st.Failed += n.failed.Load()
		st.Expired += n.expired.Load()
		st.Panics += n.panics.Load()
		st.Batches += n.batches.Load()
		st.Long += n.long.Load()
		st.Direct += n.direct.Load()
		st.Stalls += n.stalls.Load()
		busy := time.Duration(n.busy.Load()) + time.Duration(n.lost.Load())
		st.Busy += busy
		if i < len(workers) {
			workers[i].Busy += busy
		}
		st.Wait += time.Duration(n.wait.Load())
	}
	for k, in := range s.inlets {
		is := InletStats{Name: in.name, Refused: in.refused.Load(), Limited: in.limited.Load(), Waiting: int(in.waiting.Load())}
		is.Accepted = s.accepted(k)
		is.Limited = min(is.Limited, is.Refused) // which was read before
		if a := in.limit.Load(); a != nil {
			is.Depth, is.Rate = a.depth, a.rate()
		}
		is.Offered = is.Accepted + is.Refused
		st.Entered += is.Accepted
		st.Inlets = append(st.Inlets, is)
	}
	for _, ed := range s.ins {
		st.Entered += ed.stats().Entered
	}
	for _, ed := range s.outs {
		st.Edges = append(st.Edges, ed.stats())
	}
	st.Threads, st.ThreadCap = int(s.outside.carriers.Load()), int(s.outside.most.Load())
	st.BatchCap = int(s.most.Load())
	done := st.Completed + st.Failed + st.Expired
	st.Entered = max(st.Entered, done) // what a Drop edge pushed may be done before its worker has counted it
	st.Depth = int(st.Entered - done)
	if t, ok := s.headTime(); ok {
		st.HeadAge = max(s.e.now().Sub(t), 0)
	}
}

func (s *Stage[T]) batches() (n uint64) {
	for i := range s.hands {
		n += s.hands[i].count.batches.Load()
	}
	return n
}

// raise returns n or what an earlier reading found, whichever is more: an event that is on its way from a ring to a hand is in neither
// count, and a counter may not fall.
func raise(most *atomic.Uint64, n uint64) uint64 {
	for {
		old := most.Load()
		if n <= old {
			return old
		}
		if most.CompareAndSwap(old, n) {
			return n
		}
	}
}
