package sched

// Snapshot is what is known at one time. Counters only grow, from the start of the engine on (and wrap around as uint64 does); a policy that
// wants rates keeps what it needs of the snapshot before. A policy must not change or keep a snapshot: its slices are used again for the next.
type Snapshot struct {
	Now     int64  // ns on the engine's clock
	Epoch   uint64 // of the plan that was published last
	Settled bool   // that plan is in force: no worker acts on an older one. Only then can another assignment be published
	Workers []WorkerSample
	Stages  []StageSample
	Sources []SourceSample
}

// WorkerSample is one worker in a Snapshot.
type WorkerSample struct {
	Asleep bool
	Parked int64 // ns asleep so far
	Idle   int64 // ns awake without a batch so far, searching
	Thread       // of its own thread, where probes see it
}

// Thread is what probes know of one or several threads: all zero, but for Known, where there are none.
type Thread struct {
	Known    bool
	OnCPU    int64 // ns so far
	RunDelay int64 // ns runnable without a CPU
	Blocked  int64 // ns asleep in the middle of a batch
}

// StageSample is one stage in a Snapshot.
type StageSample struct {
	Entered uint64 // events that came in
	Done    uint64 // events that left: completed, failed or expired
	Expired uint64 // of those, too late to be handled
	Batches Moments
	Depth   int        // events in rings, hands and buffers
	HeadAge int64      // ns that the oldest event in its rings has waited; 0 if none
	Wait    int64      // ns, sum over batches of how long their oldest event waited
	Held    uint64     // times that a worker found events and could not run it, since a ring ahead was full
	Threads int        // blocking stages: batches in the handler now
	Sojourn *Histogram // from the enqueueing of a batch's oldest event to the end of the batch, one count per batch; nil: not sampled this time
	Misses  uint64     // last-level cache misses of its batches; 0 where no counter exists
	Thread             // of the threads that ran it, while they did
}

// SourceSample is one source in a Snapshot.
type SourceSample struct {
	Offered  uint64 // Accepted + Refused
	Accepted uint64
	Refused  uint64
	Depth    int   // events waiting in its rings
	HeadAge  int64 // ns; 0 if none
}

// Moments are sums over batches: of 1, of the number of events b, of the time t that the handler took (ns; where probes tell stages apart, without the time in
// which its thread was runnable and had no CPU), and of the products that a fit of
// t = a + c·b needs. Differences of two readings are right even after a sum has wrapped around.
type Moments struct {
	N, B, T, BB, BT uint64
}

// Add counts a batch of b events that took t nanoseconds.
func (m *Moments) Add(b, t uint64) {
	m.N++
	m.B += b
	m.T += t
	m.BB += b * b
	m.BT += b * t
}

// Sub returns what came after the reading before.
func (m Moments) Sub(before Moments) Moments {
	return Moments{m.N - before.N, m.B - before.B, m.T - before.T, m.BB - before.BB, m.BT - before.BT}
}
