package arch

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seda-go/seda/internal/load"
	"github.com/seda-go/seda/internal/release"
	"github.com/seda-go/seda/internal/workload"
	"github.com/seda-go/seda/ring"
)

// loops is one event loop per core, as in nginx, Redis or Seastar: a thread
// that never blocks in a handler, with an inbox of its own and nothing shared.
// A request stays on the loop it came to, as an explicit state machine; where its states may block it waits without the thread.
type loops struct {
	handler *workload.Handler
	keyed   bool // a stage is
	loops   []*loop
	helpers *helpers // nil: there are none
	done    chan struct{}
	err     error // of releasing what loops sleep on; written before done is closed
}

// loop is one thread.
type loop struct {
	handler *workload.Handler
	inbox   *ring.MPSC[*workload.Request]
	room    int // requests the inbox may hold; the ring itself is the next power of two
	batch   []*workload.Request
	ready   []machine
	waits   *waits // nil: states only compute
	clock   workload.Clock
	sleep   *sleeper
	closed  atomic.Bool // set by Stop, after which nothing is pushed
}

// machine is a request and the state it is in: the stage that comes next.
type machine struct {
	request *workload.Request
	stage   int
}

func startEventLoops(c Config) (Service, error) {
	s := &loops{handler: c.Handler, keyed: c.Handler.Graph().AnyKeyed(), helpers: startHelpers(c), done: make(chan struct{})}
	room := max(c.room()/c.Workers, 1)
	for range c.Workers {
		sleep, err := newSleeper()
		if err != nil {
			s.helpers.dismiss()
			return nil, errors.Join(err, s.closeSleepers())
		}
		l := &loop{
			handler: c.Handler, room: room, inbox: ring.NewMPSC[*workload.Request](powerOfTwo(room)),
			batch: make([]*workload.Request, c.Batch), clock: workload.NewClock(), sleep: sleep,
		}
		l.waits = newWaits(c, l, s.helpers)
		s.loops = append(s.loops, l)
	}
	var ends sync.WaitGroup
	started := make(chan error, c.Workers)
	cpus := c.CPUs.CPUs()
	for i, l := range s.loops {
		cpu := -1
		if len(cpus) > 0 {
			cpu = cpus[i%len(cpus)]
		}
		ends.Go(func() { l.run(cpu, started) })
	}
	go func() {
		ends.Wait()
		s.helpers.dismiss()
		s.err = s.closeSleepers()
		close(s.done)
	}()
	var err error
	for range s.loops {
		err = errors.Join(err, <-started)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop(context.Background()))
	}
	return s, nil
}

func powerOfTwo(n int) int {
	p := 2
	for p < n {
		p *= 2
	}
	return p
}

// Submit gives each loop its share of the requests: over time as many as if
// each client had its loop, as connections have, but in one piece. What a loop
// has no room for goes to those that have. Where a stage is keyed each loop has
// keys of its own, as shards of the data in Seastar, so that there is nothing to
// lock.
func (s *loops) Submit(requests []*workload.Request) int {
	if s.keyed {
		return s.submitByKey(requests)
	}
	n := len(s.loops)
	first := int(uint32(requests[0].Client) % uint32(n))
	accepted := 0
	for i := range n {
		share := (len(requests) - i + n - 1) / n
		accepted += s.loops[(first+i)%n].submit(requests[accepted : accepted+share])
	}
	for i := 0; i < n && accepted < len(requests); i++ {
		accepted += s.loops[(first+i)%n].submit(requests[accepted:])
	}
	return accepted
}

// submitByKey gives each loop the requests of its keys, up to the first for which
// there is no room.
func (s *loops) submitByKey(requests []*workload.Request) int {
	accepted := 0
	for accepted < len(requests) {
		l := s.loops[partOf(requests[accepted].Key, len(s.loops))]
		if l.inbox.Len() >= l.room || !l.inbox.Push(requests[accepted], 0) {
			break
		}
		accepted++
	}
	release.Fence() // as in submit
	for _, l := range s.loops {
		if l.inbox.Len() > 0 {
			l.sleep.wake()
		}
	}
	return accepted
}

func (l *loop) submit(requests []*workload.Request) int {
	room := min(l.room-l.inbox.Len(), len(requests))
	if room <= 0 {
		return 0
	}
	n := l.inbox.PushBatch(requests[:room], 0)
	release.Fence() // push, then look who sleeps; pairs with the announcement in park
	l.sleep.wake()
	return n
}

// spinFor is how long a loop polls an empty inbox before it sleeps. Waking a
// sleeping thread takes up to 40 us on virtual machines; Seastar polls for 200 us.
const spinFor = int64(100 * time.Microsecond)

func (l *loop) run(cpu int, started chan<- error) {
	leave, err := load.Occupy(cpu)
	started <- err
	if err != nil {
		return
	}
	for l.turn() || l.idle() {
	}
	// An error leaves the goroutine locked to its thread, which therefore ends with it.
	_ = leave()
}

// turn advances what is in the inbox, and reports whether there was anything.
func (l *loop) turn() bool {
	if l.waits != nil {
		return l.waits.turn()
	}
	n, _ := l.inbox.PopBatch(l.batch)
	for _, r := range l.batch[:n] {
		l.advance(r)
	}
	return n > 0
}

// advance runs the machine of r to its end: its states only compute, so there
// is nothing to wait for that another request could use.
func (l *loop) advance(r *workload.Request) {
	l.ready = append(l.ready, machine{r, 0})
	for len(l.ready) > 0 {
		m := l.take()
		for next := l.handler.Step(m.stage, m.request); next != 0; next = next.Rest() {
			l.ready = append(l.ready, machine{m.request, next.First()})
		}
	}
}

// take takes a machine that is ready.
func (l *loop) take() machine {
	last := len(l.ready) - 1
	m := l.ready[last]
	l.ready = l.ready[:last]
	return m
}

// some reports whether there is something to do.
func (l *loop) some() bool { return l.inbox.Len() > 0 && !l.waits.full() || l.waits.some() }

// over reports whether there never will be.
func (l *loop) over() bool { return l.closed.Load() && l.inbox.Len() == 0 && !l.waits.any() }

// idle polls for a while and then sleeps until there is something to do. It returns false when there never will be.
func (l *loop) idle() bool {
	due := l.waits.next()
	limit := min(l.clock.Now()+spinFor, due)
	for !l.waits.helped() && l.clock.Now() < limit {
		for range 16 {
			if l.some() {
				return true
			}
		}
	}
	if due > limit {
		l.sleep.park(func() bool { return l.some() || l.over() }, l.waits.left(l.clock.Now()))
	}
	return !l.over()
}

func (s *loops) Stop(ctx context.Context) error {
	for _, l := range s.loops {
		l.closed.Store(true)
		l.sleep.wake()
	}
	if err := wait(ctx, s.done); err != nil {
		return err
	}
	return s.err
}

func (s *loops) closeSleepers() error {
	var errs []error
	for _, l := range s.loops {
		errs = append(errs, l.sleep.close())
	}
	return errors.Join(errs...)
}

func (s *loops) Batches() []float64 { return single(s.handler.Graph()) }
