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

// setup is one shape of history. Every client makes opsPerClient calls.
type setup struct {
	name                            string
	make                            func(capacity int) queue
	producers, consumers, observers int
	seal                            bool
	maxBatch                        int
	shortPush, shortPop             bool // may fall short when overlapped
}

func setups() (all []setup) {
	spsc := func(c int) queue { return ring.NewSPSC[event](c) }
	mpsc := func(c int) queue { return ring.NewMPSC[event](c) }
	mpmc := func(c int) queue { return ring.NewMPMC[event](c) }
	slot := func(c int) queue { return ring.NewSlot[event](c) }
	for _, batch := range []int{1, 3} {
		all = append(all, []setup{
			{name: "SPSC", make: spsc, producers: 1, consumers: 1, shortPop: batch > 1},
			{name: "MPSC", make: mpsc, producers: 3, consumers: 1, shortPop: true},
			{name: "MPSC/observed", make: mpsc, producers: 2, consumers: 1, observers: 1, shortPop: true},
			{name: "MPSC/sealed", make: mpsc, producers: 3, consumers: 1, seal: true, shortPop: true},
			{name: "MPMC", make: mpmc, producers: 2, consumers: 2, shortPush: true, shortPop: true},
			{name: "MPMC/observed", make: mpmc, producers: 2, consumers: 2, observers: 1, shortPush: true, shortPop: true},
			{name: "MPMC/sealed", make: mpmc, producers: 2, consumers: 2, seal: true, shortPush: true, shortPop: true},
			{name: "Slot", make: slot, producers: 2, consumers: 2, shortPush: true, shortPop: true},
			{name: "Slot/observed", make: slot, producers: 2, consumers: 2, observers: 1, shortPush: true, shortPop: true},
		}...)
		for i := len(all) - 9; i < len(all); i++ {
			all[i].maxBatch = batch
		}
	}
	return all
}

// TestHistories records short histories of every setup, with single events and
// with small batches, and checks each.
func TestHistories(t *testing.T) {
	seed := rand.Uint64()
	if v, err := strconv.ParseUint(os.Getenv("TEST_SEED"), 10, 64); err == nil {
		seed = v
	}
	t.Logf("TEST_SEED=%d", seed)
	histories := 120
	if testing.Short() {
		histories = 12
	}
	overlaps := 0
	for _, s := range setups() {
		t.Run(fmt.Sprintf("%s/batch=%d", s.name, s.maxBatch), func(t *testing.T) {
			for i := range histories {
				r := recorder{setup: s, seed: seed + uint64(i)}
				capacity, procs := 2<<(i%3), 1+i%4
				history := r.record(capacity, procs)
				overlaps += overlapping(history)
				allow(history, s.shortPush, s.shortPop)
				requireLinearizable(t, fifo(capacity), history)
			}
		})
	}
	t.Logf("%d pairs of calls overlap", overlaps)
	require.Positive(t, overlaps, "calls one after the other prove nothing")
}

// requireLinearizable fails with a picture of the history: a page for the
// browser in the directory for temporary files.
func requireLinearizable(t *testing.T, model porcupine.Model, history []porcupine.Operation) {
	t.Helper()
	result, info := porcupine.CheckOperationsVerbose(model, history, 20*time.Second)
	if result == porcupine.Ok {
		return
	}
	f, err := os.CreateTemp("", "history-*.html")
	require.NoError(t, err)
	require.NoError(t, porcupine.Visualize(model, info, f))
	require.NoError(t, f.Close())
	require.Equal(t, porcupine.Ok, result, "the history is drawn in %s", f.Name())
}

// overlapping counts the pairs of calls that overlap.
func overlapping(history []porcupine.Operation) (pairs int) {
	for i, a := range history {
		for _, b := range history[:i] {
			if a.Call <= b.Return && b.Call <= a.Return {
				pairs++
			}
		}
	}
	return pairs
}

// recorder runs one history.
type recorder struct {
	setup
	seed  uint64
	began time.Time
}

const opsPerClient = 200

// client makes its nth call.
type client func(q queue, id, n int, rng *rand.Rand) porcupine.Operation

// record runs the clients at once, and then pops what is left, alone.
func (r *recorder) record(capacity, procs int) []porcupine.Operation {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	clients := slices.Concat(
		slices.Repeat([]client{r.push}, r.producers),
		slices.Repeat([]client{r.pop}, r.consumers),
		slices.Repeat([]client{r.head}, r.observers))
	q := r.make(capacity)
	histories := make([][]porcupine.Operation, len(clients))
	r.began = time.Now()
	var wg sync.WaitGroup
	var waiting atomic.Int64
	waiting.Store(int64(len(clients)))
	for id, call := range clients {
		wg.Go(func() {
			for waiting.Add(-1); waiting.Load() > 0; { // a channel would start them one after the other
				runtime.Gosched()
			}
			histories[id] = r.calls(q, id, call)
		})
	}
	wg.Wait()
	all := slices.Concat(histories...)
	for {
		op := r.popBatch(q, len(clients), capacity)
		all = append(all, op)
		if len(op.Output.(output).items) == 0 {
			return all
		}
	}
}

func (r *recorder) calls(q queue, id int, call client) (history []porcupine.Operation) {
	rng := rand.New(rand.NewPCG(r.seed, uint64(id)))
	for n := range opsPerClient {
		if r.seal && id == 0 && n == opsPerClient/2 {
			history = append(history, r.timed(id, input{kind: opSeal}, func() (out output) {
				q.(interface{ Seal() }).Seal()
				return out
			}))
		}
		history = append(history, call(q, id, n, rng))
		if rng.IntN(4) == 0 {
			runtime.Gosched()
		}
	}
	return history
}

// timed makes the call and notes when it began and ended, which is when its
// stores are visible to the other clients: the rings order nothing after a
// release store, so by the clock the call may have returned before.
func (r *recorder) timed(id int, in input, call func() output) porcupine.Operation {
	op := porcupine.Operation{ClientId: id, Input: in, Call: int64(time.Since(r.began))}
	op.Output = call()
	var fence atomic.Int64
	fence.Add(1) // as any read-modify-write, after all stores before it are visible
	op.Return = int64(time.Since(r.began))
	return op
}

func (r *recorder) push(q queue, id, n int, rng *rand.Rand) porcupine.Operation {
	first := event(id*opsPerClient+n+1) << 4
	items := make([]event, 1+rng.IntN(r.maxBatch))
	for i := range items {
		items[i] = first + event(i)
	}
	if rng.IntN(3) == 0 {
		return r.timed(id, input{kind: opPushAll, items: items}, func() output {
			return output{ok: q.PushAll(items, stampOf(first))}
		})
	}
	return r.timed(id, input{kind: opPush, items: items}, func() (out output) {
		if len(items) > 1 {
			out.n = q.PushBatch(items, stampOf(first))
		} else if q.Push(first, stampOf(first)) {
			out.n = 1
		}
		return out
	})
}

func (r *recorder) pop(q queue, id, _ int, rng *rand.Rand) porcupine.Operation {
	if rng.IntN(3) > 0 {
		return r.popBatch(q, id, 1+rng.IntN(r.maxBatch))
	}
	return r.timed(id, input{kind: opPop, want: 1}, func() output {
		v, stamp, ok := q.Pop()
		if !ok {
			return output{}
		}
		return output{items: []event{v}, stamp: stamp}
	})
}

func (r *recorder) popBatch(q queue, id, want int) porcupine.Operation {
	dst := make([]event, want)
	return r.timed(id, input{kind: opPop, want: want}, func() output {
		n, stamp := q.PopBatch(dst)
		return output{items: dst[:n], stamp: stamp}
	})
}

func (r *recorder) head(q queue, id, _ int, _ *rand.Rand) porcupine.Operation {
	return r.timed(id, input{kind: opHead}, func() output {
		stamp, ok := q.HeadTime()
		return output{stamp: stamp, ok: ok}
	})
}
