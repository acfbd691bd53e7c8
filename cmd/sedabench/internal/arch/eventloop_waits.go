package arch

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/seda-go/seda/internal/workload"
)

// waits are the machines of a loop that wait, where stages may block: until a time, or for what a helper is asked to do in their place. A nil waits is
// that of a loop whose states only compute. Only the loop uses it, but for ended.
type waits struct {
	l       *loop
	most    int // machines that may wait at the same time
	count   int // of those that do
	timers  timers
	helpers *helpers // nil: machines sleep
	ended   mailbox  // machines that helpers are through with
}

// newWaits gives each loop its part of those that may block.
func newWaits(c Config, l *loop, h *helpers) *waits {
	if !c.blocks() {
		return nil
	}
	return &waits{l: l, most: (c.hands() + c.Workers - 1) / c.Workers, helpers: h}
}

// full reports whether no more may wait.
func (w *waits) full() bool { return w != nil && w.count >= w.most }

// some reports whether a helper is through with something.
func (w *waits) some() bool { return w != nil && w.ended.count.Load() > 0 }

// any reports whether something waits.
func (w *waits) any() bool { return w != nil && w.count > 0 }

// helped reports whether helpers are at work, which need a CPU that a loop must not spin on.
func (w *waits) helped() bool { return w.any() && w.helpers != nil }

// next returns when to wake the first of those that sleep.
func (w *waits) next() int64 {
	if w == nil || len(w.timers) == 0 {
		return never
	}
	return w.timers[0].due
}

const never = math.MaxInt64

// left returns how long it is until then, in ns: never where nothing sleeps, for which to wait costs a system call less.
func (w *waits) left(now int64) int64 {
	if due := w.next(); due < never {
		return due - now
	}
	return never
}

// turn goes on with machines that need wait no longer and with what is in the inbox, and reports whether there was anything.
func (w *waits) turn() bool {
	did := w.wake()
	if len(w.l.ready) == 0 && !w.full() {
		n, _ := w.l.inbox.PopBatch(w.l.batch[:min(len(w.l.batch), w.most-w.count)])
		for _, r := range w.l.batch[:n] {
			w.l.ready = append(w.l.ready, machine{r, 0})
		}
	}
	for len(w.l.ready) > 0 && !w.full() {
		w.begin(w.l.take())
		did = true
	}
	return did
}

// begin lets a machine wait in its state.
func (w *waits) begin(m machine) {
	w.count++
	w.l.handler.Begin(m.stage, m.request)
	if w.helpers == nil {
		w.timers.push(timer{w.l.clock.Now() + int64(w.l.handler.Sleep(m.stage, m.request)), m})
		return
	}
	w.helpers.jobs <- job{m, w} // there is room for all that may wait
}

// wake goes on with those that have waited.
func (w *waits) wake() (did bool) {
	for _, m := range w.ended.empty() {
		w.end(m)
		did = true
	}
	for now := w.l.clock.Now(); w.next() <= now; did = true {
		w.end(w.timers.pop())
	}
	return did
}

// end finishes a machine's state, after which it is ready for those that come next.
func (w *waits) end(m machine) {
	w.count--
	for next := w.l.handler.Finish(m.stage, m.request); next != 0; next = next.Rest() {
		w.l.ready = append(w.l.ready, machine{m.request, next.First()})
	}
}

// helpers are a bounded number of goroutines that block in the place of loops, as in libuv: whoever has read from a file knows of no way to be told
// later. What they are through with goes back to the loop it is from.
type helpers struct {
	handler *workload.Handler
	jobs    chan job
	all     sync.WaitGroup
}

type job struct {
	machine
	from *waits
}

// startHelpers returns nil where nobody needs them.
func startHelpers(c Config) *helpers {
	if !c.blocks() || c.Handler.Means.Sleeps() {
		return nil
	}
	h := &helpers{handler: c.Handler, jobs: make(chan job, c.hands()+c.Workers)}
	for range c.hands() {
		h.all.Go(h.work)
	}
	return h
}

func (h *helpers) work() {
	for j := range h.jobs {
		h.handler.Block(j.stage, j.request)
		j.from.ended.put(j.machine)
		j.from.l.sleep.wake() // after put, an atomic operation: pairs with the announcement in park
	}
}

// dismiss ends the helpers, which must have nothing to do.
func (h *helpers) dismiss() {
	if h != nil {
		close(h.jobs)
		h.all.Wait()
	}
}

// mailbox is where helpers leave machines.
type mailbox struct {
	count atomic.Int32 // of those in it
	mu    struct {
		sync.Mutex
		list []machine
	}
	read []machine // by the loop, which swaps it for the list
}

func (b *mailbox) put(m machine) {
	b.mu.Lock()
	b.mu.list = append(b.mu.list, m)
	b.mu.Unlock()
	b.count.Add(1)
}

// empty returns what is in the mailbox, which is good until it is called again.
func (b *mailbox) empty() []machine {
	if b.count.Load() == 0 {
		return nil
	}
	b.mu.Lock()
	b.read, b.mu.list = b.mu.list, b.read[:0]
	b.mu.Unlock()
	b.count.Add(-int32(len(b.read)))
	return b.read
}

// timer is a machine that sleeps until it is due.
type timer struct {
	due int64
	machine
}

// timers are a binary heap, the soonest first.
type timers []timer

func (h *timers) push(t timer) {
	all := append(*h, t)
	*h = all
	for i := len(all) - 1; i > 0 && all[i].due < all[(i-1)/2].due; i = (i - 1) / 2 {
		all[i], all[(i-1)/2] = all[(i-1)/2], all[i]
	}
}

func (h *timers) pop() machine {
	all := *h
	first, last := all[0], len(all)-1
	all[0] = all[last]
	all = all[:last]
	*h = all
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if all[child].due < all[least].due {
				least = child
			}
		}
		if least == i {
			return first.machine
		}
		all[i], all[least] = all[least], all[i]
		i = least
	}
}
