package checks

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/ring"
)

type queue interface {
	PushBatch(items []event, stamp int64) int
	PushAll(items []event, stamp int64) bool
	Push(v event, stamp int64) bool
	PopBatch(dst []event) (n int, stamp int64)
	Pop() (v event, stamp int64, ok bool)
	HeadTime() (stamp int64, ok bool)
}

// setup is one shape of history.
type setup struct {
	name                            string
	make                            func(capacity int) queue
	producers, consumers, observers int
	seal                            bool
	maxBatch                        int
	pushWhole, popWhole             bool // claims and publishes, or takes and frees, at the same moment
}

func setups() (all []setup) {
	spsc := func(c int) queue { return ring.NewSPSC[event](c) }
	mpsc := func(c int) queue { return ring.NewMPSC[event](c) }
	mpmc := func(c int) queue { return ring.NewMPMC[event](c) }
	slot := func(c int) queue { return ring.NewSlot[event](c) }
	for _, batch := range []int{1, 3} {
		all = append(all, []setup{
			{name: "SPSC", make: spsc, producers: 1, consumers: 1, pushWhole: true, popWhole: true},
			{name: "MPSC", make: mpsc, producers: 3, consumers: 1, popWhole: true},
			{name: "MPSC/observed", make: mpsc, producers: 2, consumers: 1, observers: 1, popWhole: true},
			{name: "MPSC/sealed", make: mpsc, producers: 3, consumers: 1, seal: true, popWhole: true},
			{name: "MPMC", make: mpmc, producers: 2, consumers: 2},
			{name: "MPMC/observed", make: mpmc, producers: 2, consumers: 2, observers: 1},
			{name: "MPMC/sealed", make: mpmc, producers: 2, consumers: 2, seal: true},
			{name: "Slot", make: slot, producers: 2, consumers: 2},
			{name: "Slot/observed", make: slot, producers: 2, consumers: 2, observers: 1},
		}...)
		for i := len(all) - 9; i < len(all); i++ {
			all[i].maxBatch = batch
		}
	}
	return all
}

// testSeed is TEST_SEED, or anything.
func testSeed() uint64 {
	if v, err := strconv.ParseUint(os.Getenv("TEST_SEED"), 10, 64); err == nil {
		return v
	}
	return rand.Uint64()
}

// TestHistories records short histories of every setup, with single events and
// with small batches, and checks each.
func TestHistories(t *testing.T) {
	seed := testSeed()
	t.Logf("TEST_SEED=%d", seed)
	histories := 120
	if testing.Short() {
		histories = 12
	}
	overlaps, unanswered := 0, 0
	for _, s := range setups() {
		t.Run(fmt.Sprintf("%s/batch=%d", s.name, s.maxBatch), func(t *testing.T) {
			for i := range histories {
				capacity, procs := 2<<(i%3), 1+i%4
				calls := record(s, seed+uint64(i), capacity, procs)
				overlaps += overlapping(calls)
				if !requireLinearizable(t, s, capacity, calls) {
					unanswered++
				}
			}
		})
	}
	t.Logf("%d pairs of calls overlap; %d histories were not decided in time", overlaps, unanswered)
	require.LessOrEqual(t, unanswered, len(setups())*histories/50)
	require.Positive(t, overlaps, "calls one after the other prove nothing")
}

// requireLinearizable fails with a picture of the history: a page for the
// browser in the directory for temporary files. It returns false where the
// search has no answer in time, as when a client was stopped in the middle of a
// call and others made hundreds meanwhile.
func requireLinearizable(t *testing.T, s setup, capacity int, calls []*call) (answered bool) {
	t.Helper()
	m := model(capacity)
	result, info := porcupine.CheckOperationsVerbose(m, history(calls, s.pushWhole, s.popWhole), 5*time.Second)
	if result != porcupine.Illegal {
		return result == porcupine.Ok
	}
	f, err := os.CreateTemp("", "history-*.html")
	require.NoError(t, err)
	require.NoError(t, porcupine.Visualize(m, info, f))
	require.NoError(t, f.Close())
	require.Fail(t, "no order of the steps is right", "the history is drawn in %s", f.Name())
	return true
}

// overlapping counts the pairs of calls that overlap.
func overlapping(calls []*call) (pairs int) {
	for i, a := range calls {
		for _, b := range calls[:i] {
			if a.overlaps(b) {
				pairs++
			}
		}
	}
	return pairs
}

// recorder runs one history.
type recorder struct {
	setup
	q    queue
	seed uint64
	each int          // calls of a client
	now  func() int64 // order is all that counts
}

// record runs the clients at once, and then pops what is left, alone.
func record(s setup, seed uint64, capacity, procs int) []*call {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	began := time.Now()
	r := recorder{setup: s, q: s.make(capacity), seed: seed, each: 200, now: func() int64 { return int64(time.Since(began)) }}
	clients := r.clients()
	lists := make([][]*call, len(clients))
	var wg sync.WaitGroup
	var waiting atomic.Int64
	waiting.Store(int64(len(clients)))
	for id, make := range clients {
		wg.Go(func() {
			for waiting.Add(-1); waiting.Load() > 0; { // a channel would start them one after the other
				runtime.Gosched()
			}
			lists[id] = r.calls(id, make)
		})
	}
	wg.Wait()
	return append(slices.Concat(lists...), r.rest(len(clients), capacity)...)
}

// client makes its nth call.
type client func(id, n int, rng *rand.Rand) *call

func (r *recorder) clients() []client {
	return slices.Concat(
		slices.Repeat([]client{r.push}, r.producers),
		slices.Repeat([]client{r.pop}, r.consumers),
		slices.Repeat([]client{r.head}, r.observers))
}

func (r *recorder) calls(id int, make client) (calls []*call) {
	rng := rand.New(rand.NewPCG(r.seed, uint64(id)))
	for n := range r.each {
		if r.seal && id == 0 && n == r.each/2 {
			calls = append(calls, r.timed(call{client: id, kind: callSeal}, func(*call) { r.q.(interface{ Seal() }).Seal() }))
		}
		calls = append(calls, make(id, n, rng))
		if rng.IntN(4) == 0 {
			runtime.Gosched()
		}
	}
	return calls
}

// rest pops what is left.
func (r *recorder) rest(id, capacity int) (calls []*call) {
	for {
		c := r.popBatch(id, capacity)
		calls = append(calls, c)
		if len(c.popped) == 0 {
			return calls
		}
	}
}

// timed makes the call and notes when it began and ended. It begins before
// anything is loaded, and ends when its stores are visible to the other clients: the rings order nothing after a
// release store, so by the clock the call may have returned before.
func (r *recorder) timed(c call, f func(c *call)) *call {
	var fence atomic.Int64
	c.begin = r.now()
	fence.Add(1) // as any read-modify-write: no load after it comes before it
	f(&c)
	fence.Add(1) // and all stores before it are visible
	c.end = r.now()
	return &c
}

func (r *recorder) push(id, n int, rng *rand.Rand) *call {
	first := event(id*r.each+n+1) << 4
	items := make([]event, 1+rng.IntN(r.maxBatch))
	for i := range items {
		items[i] = first + event(i)
	}
	if rng.IntN(3) == 0 {
		return r.timed(call{client: id, kind: callPushAll, items: items}, func(c *call) {
			if r.q.PushAll(items, stampOf(first)) {
				c.n = len(items)
			}
		})
	}
	return r.timed(call{client: id, kind: callPush, items: items}, func(c *call) {
		if len(items) > 1 {
			c.n = r.q.PushBatch(items, stampOf(first))
		} else if r.q.Push(first, stampOf(first)) {
			c.n = 1
		}
	})
}

func (r *recorder) pop(id, _ int, rng *rand.Rand) *call {
	if rng.IntN(3) > 0 {
		return r.popBatch(id, 1+rng.IntN(r.maxBatch))
	}
	return r.timed(call{client: id, kind: callPop, want: 1}, func(c *call) {
		if v, stamp, ok := r.q.Pop(); ok {
			c.popped, c.stamp = []event{v}, stamp
		}
	})
}

func (r *recorder) popBatch(id, want int) *call {
	dst := make([]event, want)
	return r.timed(call{client: id, kind: callPop, want: want}, func(c *call) {
		n, stamp := r.q.PopBatch(dst)
		c.popped, c.stamp = dst[:n], stamp
	})
}

func (r *recorder) head(id, _ int, _ *rand.Rand) *call {
	return r.timed(call{client: id, kind: callHead}, func(c *call) { c.stamp, c.ok = r.q.HeadTime() })
}
