package manual

import "time"

// Driver is an engine without goroutines, as package engine gives it to who drives it. One goroutine at a time, which is also the one that
// uses the engine.
type Driver interface {
	// Awake appends to list the workers that can make a step: all but those that sleep and that nobody and no timer has woken.
	Awake(list []int) []int
	// Step lets a worker do what it does in one round of its life. It reports whether that was a batch; if not, the worker
	// may have fallen asleep.
	Step(worker int) bool
	// SetTime moves the engine's clock to a time not before the present one, in nanoseconds.
	SetTime(ns int64)
	// NextTimer returns a time at which some worker has a timer to look at, not after the first that is due.
	NextTimer() (ns int64, ok bool)
	// Pending returns how many events of After have not been sent.
	Pending() int
	// Assign publishes a plan, as Config.Assign describes it.
	Assign(workers map[string][]int) error
	// Hold makes that no worker runs the stage, or that they may again.
	Hold(stage any, held bool)
	// Cost makes the handler of the stage take so much of the engine's time for each event.
	Cost(stage any, perEvent time.Duration)
	// Fault makes the stage's nth event fail: fault is called after its handler, and returns its error or panics.
	Fault(stage any, nth int, fault func() error)
	// Drained reports whether an engine that drains has nothing left to do.
	Drained() bool
}

// Options say how an engine is to be driven.
type Options struct {
	Workers int             // 0: as the engine's Config says, or one
	Random  func(n int) int // a number from 0 to n-1, for whatever the engine leaves to chance
	// Forward lets the engine do the next thing, on behalf of a call that waits for it. It reports whether there was anything to do.
	Forward func() bool
	Limit   int       // times a call lets the engine go forward before it gives up
	Wall    time.Time // what the engine's clock shows as 0
}

// Set by package engine.
var (
	// Start starts an engine that nothing has been done with but building its graph.
	Start func(engine any, o Options) (Driver, error)
	// Tap calls seen, a func([]T), with the events that pass edge, an *Edge[T]: when they enter the ring of the stage it leads to, or are
	// handed over directly.
	Tap func(edge, seen any)
	// Assign publishes a plan, as Config.Assign describes it, in an engine that runs of itself.
	Assign func(engine any, workers map[string][]int) error
)
