package enginetest

import (
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/seda-go/seda/engine"
	"github.com/seda-go/seda/engine/internal/manual"
)

// TB is what a Harness needs of a test: any *testing.T, *testing.B or *testing.F will do.
type TB interface {
	Helper()
	Logf(format string, args ...any)
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// Options describes a run. The zero value serves.
type Options struct {
	// Seed decides what is left to chance: which worker makes the next step, and the lane of an inlet with several. 0: the
	// environment variable TEST_SEED, or else a new one. It stands in the test's log.
	Seed uint64
	// Limit is how many batches Run, Settle between two timers, or a call that waits may take before the engine is said never to come to
	// rest. Default 1,048,576.
	Limit int
	// Workers is the number of workers. 0: as the engine's Config says, or one.
	Workers int
}

// Harness is an engine that a test drives. Start makes it. All of it, and of the engine, is for the test's own goroutine.
type Harness struct {
	t        TB
	e        *engine.Engine
	d        manual.Driver
	seed     uint64
	limit    int
	random   *rand.Rand
	awake    []int // scratch
	timeouts []*timeout
}

// wall is what the time of day is, to contexts, when the engine's clock shows 0.
var wall = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Start checks the graph of e as Engine.Start does, and starts e for the test to drive. A mistake in the graph fails the test. When the test
// ends e is closed.
func Start(t TB, e *engine.Engine, o Options) *Harness {
	t.Helper()
	h := &Harness{t: t, e: e, seed: o.Seed, limit: o.Limit}
	if h.limit == 0 {
		h.limit = 1 << 20
	}
	if h.seed == 0 {
		h.seed = newSeed(t)
	}
	h.random = rand.New(rand.NewPCG(h.seed, 0))
	t.Logf("TEST_SEED=%d", h.seed)
	var err error
	h.d, err = manual.Start(e, manual.Options{
		Workers: o.Workers, Random: h.random.IntN, Forward: h.forward, Limit: h.limit, Wall: wall,
	})
	if err != nil {
		t.Fatalf("enginetest: %v", err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return h
}

func newSeed(t TB) uint64 {
	t.Helper()
	env := os.Getenv("TEST_SEED")
	if env == "" {
		return 1 + rand.Uint64N(1e9)
	}
	seed, err := strconv.ParseUint(env, 10, 64)
	if err != nil {
		t.Fatalf("enginetest: TEST_SEED: %v", err)
	}
	return seed
}

// Step lets workers do something, one after the other, until one of them has run a batch. It reports false if none can: all that is left
// waits for time, for a stage that is held, or for the test.
func (h *Harness) Step() bool {
	h.t.Helper()
	for range h.limit {
		h.awake = h.d.Awake(h.awake[:0])
		if len(h.awake) == 0 {
			return false
		}
		if h.d.Step(h.awake[h.random.IntN(len(h.awake))]) {
			h.passTime()
			return true
		}
	}
	h.t.Fatalf("enginetest: TEST_SEED=%d: workers find nothing to run and do not fall asleep", h.seed)
	return false
}

// Run makes steps until nothing can run, and returns how many batches that were. The clock stands still, but for what handlers cost.
func (h *Harness) Run() (batches int) {
	h.t.Helper()
	for h.Step() {
		if batches++; batches == h.limit {
			h.t.Fatalf("enginetest: TEST_SEED=%d: the engine does not come to rest", h.seed)
		}
	}
	return batches
}

// Advance runs the engine while time passes: d of it. Timers fire at their times, and what they set off runs before the clock goes on.
func (h *Harness) Advance(d time.Duration) {
	h.t.Helper()
	if d < 0 {
		h.t.Fatalf("enginetest: Advance by %v: the clock does not go back", d)
	}
	end := h.e.Now() + engine.Time(d)
	h.Run()
	for {
		at, ok := h.d.NextTimer()
		if !ok || engine.Time(at) > end {
			break
		}
		h.setTime(at)
		h.Run()
	}
	h.setTime(int64(end))
	h.Run()
}

// Settle runs the engine, and moves the clock on from timer to timer, until no event of After is pending that could still leave. What
// engine.Stage.Every brings goes on meanwhile, and is not waited for.
func (h *Harness) Settle() {
	h.t.Helper()
	h.Run()
	for steps := 0; h.d.Pending() > 0; steps++ {
		at, ok := h.d.NextTimer()
		if !ok {
			return
		}
		if steps == h.limit {
			h.t.Fatalf("enginetest: TEST_SEED=%d: the engine does not settle", h.seed)
		}
		h.setTime(at)
		h.Run()
	}
}

// Drain drains the engine and returns its statistics. It fails the test if something remains.
func (h *Harness) Drain() engine.Stats {
	h.t.Helper()
	if err := h.e.Drain(context.Background()); err != nil {
		h.t.Fatalf("enginetest: TEST_SEED=%d: %v", h.seed, err)
	}
	return h.e.Stats()
}

// forward makes a step or, if there is none to make, moves the clock on to the next timer.
func (h *Harness) forward() bool {
	if h.Step() {
		return true
	}
	at, ok := h.d.NextTimer()
	if !ok {
		return false
	}
	h.setTime(at)
	return true
}

func (h *Harness) setTime(at int64) {
	h.d.SetTime(at)
	h.passTime()
}
