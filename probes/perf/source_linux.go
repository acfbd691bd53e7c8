package perf

import (
	"cmp"
	"encoding/binary"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/probes"
)

type source struct {
	has    probes.Metrics
	why    map[probes.Metric]probes.Reason
	closed atomic.Bool
}

// open tries out the events of each group on the calling thread, and keeps those that fit in with the ones before.
func open(want probes.Metrics) (probes.Source, error) {
	runtime.LockOSThread() // events of two threads make no group
	defer runtime.UnlockOSThread()
	s := &source{why: map[probes.Metric]probes.Reason{}}
	var first error
	for _, list := range events {
		var g group
		for _, e := range list {
			if !want.Has(e.metric) {
				continue
			}
			if err := g.add(e); err != nil {
				s.why[e.metric] = probes.ReasonOf(err)
				first = cmp.Or(first, err)
				continue
			}
			s.has |= probes.MetricsOf(e.metric)
		}
		if err := g.close(); err != nil {
			return nil, err
		}
	}
	if s.has == 0 && first != nil {
		return nil, first
	}
	return s, nil
}

func (s *source) Origin(m probes.Metric) (probes.Origin, probes.Reason) {
	if s.has.Has(m) {
		return probes.Perf, probes.Known
	}
	if why, ok := s.why[m]; ok {
		return probes.None, why
	}
	return probes.None, probes.NotAsked
}

func (s *source) Register() (probes.Thread, error) {
	if s.closed.Load() {
		return nil, ErrClosed
	}
	t := &thread{source: s}
	var denied error
	for _, list := range events {
		g := group{}
		for _, e := range list {
			if !s.has.Has(e.metric) {
				continue
			}
			switch err := g.add(e); {
			case err == nil:
			case lacksCapability(probes.ReasonOf(err)): // which was dropped after the source was opened: the rest can be counted all the same
				denied = cmp.Or(denied, err)
			default:
				return nil, errors.Join(err, g.close(), t.Close())
			}
		}
		if len(g.fds) > 0 {
			t.mu.groups = append(t.mu.groups, &g)
		}
	}
	if len(t.mu.groups) == 0 && denied != nil {
		return nil, denied
	}
	return t, nil
}

func lacksCapability(r probes.Reason) bool { return r == probes.NoCapPerfmon || r == probes.Paranoid }

func (s *source) Close() error {
	s.closed.Store(true)
	return nil
}

// group is events that are counted at the same times.
type group struct {
	fds     []int
	metrics []probes.Metric
	values  []uint64 // at the last reading: scaled values would go back now and then
}

func (g *group) add(e event) error {
	leader := -1
	if len(g.fds) > 0 {
		leader = g.fds[0]
	}
	fd, err := e.open(leader)
	if err != nil {
		return err
	}
	g.fds, g.metrics, g.values = append(g.fds, fd), append(g.metrics, e.metric), append(g.values, 0)
	return nil
}

// read brings values up to date. Counters outlive their thread.
func (g *group) read() bool {
	const head = 3 // the number of events, and for how long they were enabled and counted
	var buf [8 * (head + 8)]byte
	want := 8 * (head + len(g.fds))
	if n, err := unix.Read(g.fds[0], buf[:want]); err != nil || n != want {
		return false
	}
	word := func(i int) uint64 { return binary.NativeEndian.Uint64(buf[8*i:]) }
	for i := range g.values {
		g.values[i] = max(g.values[i], scale(word(head+i), word(1), word(2)))
	}
	return true
}

func (g *group) close() error {
	var errs []error
	for _, fd := range g.fds {
		errs = append(errs, unix.Close(fd))
	}
	g.fds = nil
	return errors.Join(errs...)
}

type thread struct {
	source *source
	mu     struct {
		sync.Mutex
		groups []*group
	}
}

func (t *thread) Word() *atomic.Uint32 { return nil }

func (t *thread) Read(_ int64, v *probes.Values) (any bool) {
	if t.source.closed.Load() {
		return false
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, g := range t.mu.groups {
		if !g.read() {
			continue
		}
		any = true
		for i, m := range g.metrics {
			*field(v, m) = g.values[i]
		}
	}
	return any
}

// field is where the metric stands in v.
func field(v *probes.Values, m probes.Metric) *uint64 {
	switch m {
	case probes.Migrations:
		return &v.Migrations
	case probes.PageFaults:
		return &v.PageFaults
	case probes.Cycles:
		return &v.Cycles
	case probes.Instructions:
		return &v.Instructions
	case probes.CacheMisses:
		return &v.CacheMisses
	case probes.TLBMisses:
		return &v.TLBMisses
	}
	return &v.Stalled
}

func (t *thread) AddStage(uint32, *probes.StageValues) bool { return false }

func (t *thread) Preemptors() ([]probes.Preemptor, error) { return nil, nil }

func (t *thread) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, g := range t.mu.groups {
		errs = append(errs, g.close())
	}
	t.mu.groups = nil
	return errors.Join(errs...)
}
