package engine

import (
	"fmt"
	"io"
	"log/slog"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/probes"
	"github.com/seda-go/seda/sched"
)

// Time is a point on the engine's monotonic clock, in nanoseconds since the engine was made.
type Time int64

// Sub returns the time from u to t.
func (t Time) Sub(u Time) time.Duration { return time.Duration(t - u) }

// Kind says what a worker is. It is chosen once, at Start, for all workers of the engine.
type Kind uint8

const (
	// Auto is Pinned where two or more CPUs are allowed and no CPU quota applies, else Shared.
	Auto Kind = iota
	// Pinned workers are goroutines locked to an OS thread that is pinned to one CPU for its whole life.
	Pinned
	// Shared workers are ordinary goroutines that park on channels.
	Shared
)

// String returns the kind's name in lower case.
func (k Kind) String() string { return nameOf(int(k), "auto", "pinned", "shared") }

// Idle says what a worker without work does. Shared workers always park.
type Idle uint8

const (
	// Adaptive spins while events arrive faster than a parked worker could be woken, and parks otherwise.
	Adaptive Idle = iota
	// Park goes to sleep at once.
	Park
	// Spin never sleeps: each worker keeps its CPU busy for as long as the engine runs.
	Spin
)

// String returns the mode's name in lower case.
func (i Idle) String() string { return nameOf(int(i), "adaptive", "park", "spin") }

func nameOf(i int, names ...string) string {
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("unknown(%d)", i)
}

// Config describes an engine. The zero value serves.
type Config struct {
	// Name stands in logs and profiles. Default "engine".
	Name string
	// Workers is the number of workers, 1 to 256. Default: one less than the allowed CPUs, or than what a CPU quota is worth (the
	// collector, the network poller and the rest of the program need one), at least one, and no more than CPUs names.
	Workers int
	// CPUs are the CPUs for pinned workers, in any number from Workers up. Default: chosen from the allowed ones. A CPU named here
	// that the kernel refuses is an error of Start; a CPU the engine chose and cannot have leaves that worker unpinned, with a log line.
	// An engine that chooses avoids the CPUs of the process's other engines, and by default has fewer workers for it; where it
	// cannot, it shares, with a log line. CPUs that another running engine names are an error of Start, unless Oversubscribe.
	CPUs affinity.Set
	// Kind is what a worker is. Default Auto.
	Kind Kind
	// Oversubscribe allows more pinned workers than CPUs, and CPUs that another engine names.
	Oversubscribe bool
	// Confine keeps the process's other threads off the CPUs of pinned workers: their affinity is set to the other allowed CPUs while the
	// engine runs, and back when it ends. It pays where other goroutines compute while workers do; they then share what is left,
	// which is nothing, and Confine without effect, where workers have every CPU. It fixes GOMAXPROCS as Procs says; with Procs -1 the
	// runtime may count the CPUs left. A thread that somebody binds to other CPUs meanwhile keeps them, less the workers'.
	Confine bool
	// Idle is what a pinned worker does without work. Default Adaptive. Under a CPU quota it is Park, since a spinning thread uses
	// up the quota.
	Idle Idle
	// Procs is GOMAXPROCS while the engine runs: 0 raises it to at least Workers+2 if workers are pinned (with as many Ps as spinning
	// threads, timers and the collector wait for milliseconds), -1 leaves it alone, a positive number sets it. The old value
	// comes back when the last engine that changed it ends; what does not come back is the runtime's own following of cpuset and quota
	// changes (runtime.SetDefaultGOMAXPROCS turns that on again).
	Procs int
	// Policy decides, while the engine runs, which stages workers serve, how large batches are, and what is let in: see package sched, whose Find
	// knows those that have a name. Default: the adaptive one. A policy that panics, does not return or decides the impossible loses that decision; what it decided
	// before holds on.
	Policy sched.Maker
	// Assign is a static plan: the workers, by index, that serve a stage. Stages it does not name are served by every worker, and so
	// is every stage when it is nil. With it the policy decides about all but the assignment.
	Assign map[string][]int
	// Probes, if not nil, watch the threads of pinned workers: how long each was on its CPU, asleep, and waiting for it, at which stage. Policies then tell a
	// slow handler from a worker without a CPU, and Stats has the numbers. The caller closes it, after the engine has ended; several engines may have
	// one. A source that numbers stages needs room for one more than the engine has, or tells of workers alone. What it lacks, or one that
	// fails, is done without, with a log line. Shared workers and blocking stages have no threads of their own, and are not watched.
	Probes probes.Source
	// Trace, if not nil, receives what the policy is shown and what it decides, a line of JSON each time: see Replay. It is written by a goroutine of its own;
	// lines that it has no room for are left out and counted in the next one, and after an error there are none.
	Trace io.Writer
	// Log receives what an operator should know. Default slog.Default().
	Log *slog.Logger
}

func (c *Config) setDefaults() {
	if c.Name == "" {
		c.Name = "engine"
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Log = c.Log.With("engine", c.Name)
}

func (c *Config) validate() (errs []error) {
	if c.Workers < 0 || c.Workers > sched.MaxSet {
		errs = append(errs, fmt.Errorf("config: Workers is %d, want 0 to %d", c.Workers, sched.MaxSet))
	}
	if c.Kind > Shared {
		errs = append(errs, fmt.Errorf("config: Kind is %v", c.Kind))
	}
	if c.Idle > Spin {
		errs = append(errs, fmt.Errorf("config: Idle is %v", c.Idle))
	}
	if c.Procs < -1 {
		errs = append(errs, fmt.Errorf("config: Procs is %d, want -1 or more", c.Procs))
	}
	return errs
}

// Limits of a stage, an inlet and an edge; Start reports what lies outside.
const (
	defaultCapacity = 1024
	defaultMaxBatch = 64
	defaultWaiters  = 1024
	maxBatch        = 1 << 16
	maxLanes        = 64
	// runaway times MaxOut is what one event may emit on one edge before it fails: enough for any honest expansion, too little to
	// take the machine's memory.
	runaway = 1024
)

// StageConfig describes a stage. The zero value of each field but Name is a good default.
type StageConfig[T any] struct {
	// Name is unique in its engine and stands in statistics, logs and profiles.
	Name string
	// Capacity is how many events a ring of the stage holds, a power of two. Default 1024. Events from edges and events from Submit wait
	// in rings of their own, and so do shards and classes: the capacity is that of each.
	Capacity int
	// MaxBatch is the most events a worker takes at once, 1 to 65536. Default 64, or Capacity if that is less.
	MaxBatch int
	// Waiters is how many Submit calls may wait for room at the same time; further ones get ErrRefused. Default 1024; negative: none
	// may wait, so that Submit refuses at once when the ring is full.
	Waiters int
	// MinCores and MaxCores are the fewest and the most workers that shall serve the stage, as far as the policy assigns stages at all. Default 0: no
	// bound. The engine starts with at most MaxCores.
	MinCores, MaxCores int
	// Target is how long an event that enters by the stage's inlets may take until the last stage it leads to is through with it. Policies
	// refuse events rather than exceed it, and let those expire that have waited for too long, by the limit that holds when a worker comes to them. Default 0: any time,
	// and nothing is refused early. It costs what Deadlines does.
	Target time.Duration
	// Admit, if not nil, is asked about every event that is submitted to the stage, after the limit that a policy sets: false refuses it with a
	// *RefusedError. Events that come over edges were accepted before and are not asked about. It is called by the submitting goroutine (by a worker for events of
	// Every), must be quick and safe for concurrent use. If it panics the event is refused with a *PanicError.
	Admit func(event T, q QueueInfo) bool
	// Serial lets one worker at a time run the stage. Events of one inlet are then handled in the order of their submission, and
	// what the stage emits arrives in the order it was emitted.
	Serial bool
	// Blocking, if not 0, says that the handler may block, and how many batches may be in the handler at a time, up to 4096. The handler
	// runs on goroutines of the stage's own, which are bound to no CPU, come as they are needed and go after 5 s without work; workers
	// do the rest. A batch then is one event unless MaxBatch says otherwise, and costs about a microsecond and a half more. Replies
	// are sent at once.
	Blocking int
	// Key, if not nil, says which events have to be handled in order, one after the other: those of one inlet, or of one edge from a
	// serial or keyed stage, with equal keys. Others run on several workers at the same time. Any function of the event will do
	// (Hash helps with strings); it is called by submitting goroutines and by workers, and must be quick, pure and safe for concurrent
	// use. If it panics Submit returns a *PanicError, and an event whose handler emits fails.
	Key func(T) uint64
	// Shards is how many groups keys are divided into, a power of two up to 256; a worker runs a group at a time. Default: four times the
	// number of workers, or of a blocking stage's threads, rounded up to a power of two. With a single worker, or thread, there is one
	// whatever Shards says, and only Sample calls Key. Only with Key.
	Shards int
	// Classes is how many classes of events the stage tells apart, 1 to 4. Default 1. Class 0 is the ordinary and lowest; while events of
	// several classes wait they are taken in proportion 1:4:16:64. The class is that of the inlet, and follows what is derived from the
	// event through stages that have as many classes.
	Classes int
	// MaxAge is how long an event may wait in the stage's rings, to be discarded, counted as Expired and answered with ErrExpired
	// after that. Default 0: any time.
	MaxAge time.Duration
	// Deadlines makes the stage observe and pass on the deadlines of events, which Call takes from its context: an event whose deadline
	// has passed is discarded as one beyond MaxAge is. Stages with MaxAge, Classes or a Target do so as well. It costs 24 bytes per slot and the
	// copying of them.
	Deadlines bool
}

// InletConfig describes an inlet. The zero value of each field but Name is a good default.
type InletConfig struct {
	// Name is unique among the stage's inlets, of which the one that Stage.Submit uses is named "submit".
	Name string
	// Capacity is how many events each lane holds, a power of two. Default: the stage's Capacity.
	Capacity int
	// Lanes is the number of rings that callers are spread over, 1 to 64. Default 1; more lanes contend less and give up order.
	Lanes int
	// Target is as in StageConfig. Default: the stage's.
	Target time.Duration
	// Waiters is as in StageConfig. Default: the stage's.
	Waiters int
	// Class of the events, 0 to one less than the stage's Classes. Default 0.
	Class int
}

// Full says what an edge does with events that do not fit into the ring of the stage it leads to.
type Full uint8

const (
	// Block holds the emitting stage back until there is room. No thread waits: the worker runs other stages meanwhile.
	Block Full = iota
	// Drop discards the events that do not fit, and counts them.
	Drop
	// Fail makes the event whose handler emits fail with ErrFull. Where several emit into the last slots at the same time, what
	// does not fit after all is kept and delivered as with Block, or, if the edge is part of a cycle, dropped and counted.
	Fail
)

// String returns the policy's name in lower case.
func (f Full) String() string { return nameOf(int(f), fullNames...) }

var fullNames = []string{"block", "drop", "fail"}

// MarshalText returns the policy's name.
func (f Full) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText takes a policy's name.
func (f *Full) UnmarshalText(name []byte) error {
	i := slices.Index(fullNames, string(name))
	if i < 0 {
		return fmt.Errorf("%q is none of %s", name, strings.Join(fullNames, ", "))
	}
	*f = Full(i)
	return nil
}

const noLimit = math.MaxInt
