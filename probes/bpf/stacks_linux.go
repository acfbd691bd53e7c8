//go:build amd64 || arm64

package bpf

import (
	"errors"
	"fmt"
	"slices"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/probes"
)

// stacks is further programs at work in the kernel, which look at the threads of a source. The source's mu guards all of it.
type stacks struct {
	source   *source
	config   StackConfig
	objects  stacksObjects
	link     link.Link // nil: nobody looks at switches
	samplers map[uint32]int
	ids      map[uint32]int // of threads, by generation; those that were closed too
	failures []error        // threads that have no sampler
	closed   bool
}

func openStacks(from probes.Source, c StackConfig) (Stacks, error) {
	s, ok := from.(*source)
	if !ok {
		return nil, errors.New("bpf: the source is none that this package opened")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed.Load():
		return nil, ErrClosed
	case s.mu.stacks != nil:
		return nil, errors.New("bpf: the stacks of the source are being kept already")
	}
	st := &stacks{source: s, config: c, samplers: map[uint32]int{}, ids: map[uint32]int{}}
	if err := st.load(); err != nil {
		return nil, errors.Join(explain(err), st.release())
	}
	s.mu.stacks = st
	for _, t := range s.mu.threads {
		st.watch(t)
	}
	return st, nil
}

// load attaches the program after those of the source, so that it runs after them.
func (s *stacks) load() error {
	spec, err := loadStacks()
	if err != nil {
		return err
	}
	of := &s.source.objects
	threads, index := spec.Maps[stacksMapSedaThreads], spec.Maps[stacksMapSedaIndex]
	threads.MaxEntries, index.MaxEntries = of.SedaThreads.MaxEntries(), of.SedaIndex.MaxEntries()
	spec.Maps[stacksMapSedaPauses].MaxEntries = threads.MaxEntries
	spec.Maps[stacksMapSedaStacks].MaxEntries = uint32(s.config.Room)
	err = errors.Join(
		spec.Variables[stacksVarIndexMask].Set(index.MaxEntries-1),
		spec.Variables[stacksVarStages].Set(uint32(s.source.config.Stages)),
		spec.Variables[stacksVarWithKernel].Set(s.config.Kernel))
	if err != nil {
		return err
	}
	shared := map[string]*ebpf.Map{stacksMapSedaThreads: of.SedaThreads, stacksMapSedaIndex: of.SedaIndex}
	if err := spec.LoadAndAssign(&s.objects, &ebpf.CollectionOptions{MapReplacements: shared}); err != nil {
		return err
	}
	if s.config.OffCPU {
		s.link, err = link.AttachTracing(link.TracingOptions{Program: s.objects.SedaOff})
	}
	return err
}

// watch begins to sample a thread. What goes wrong is told by whoever reads: a thread is not refused for that.
func (s *stacks) watch(t *thread) {
	s.ids[t.generation] = t.tid
	if s.config.Rate == 0 || t.record.state.Load() == ended { // whose id may be another thread's by now, which would be sampled twice
		return
	}
	fd, err := sampler(t.tid, s.config.Rate, s.objects.SedaOn)
	if err == nil {
		s.samplers[t.slot] = fd
	} else if !errors.Is(err, unix.ESRCH) { // it has just ended
		s.failures = append(s.failures, fmt.Errorf("bpf: sample thread %d: %w", t.tid, err))
	}
}

// unwatch is for a thread that is being closed.
func (s *stacks) unwatch(t *thread) {
	if fd, ok := s.samplers[t.slot]; ok {
		delete(s.samplers, t.slot)
		_ = unix.Close(fd) // nothing is left to be done about it
	}
}

func (s *stacks) Read() ([]probes.Stack, error) {
	s.source.mu.Lock()
	defer s.source.mu.Unlock()
	if s.closed {
		return nil, ErrClosed
	}
	sums := map[stacksSedaStack]stacksSedaSpent{}
	var key stacksSedaStack
	var v stacksSedaSpent
	all := s.objects.SedaStacks.Iterate()
	for all.Next(&key, &v) {
		sums[key] = v
	}
	errs := append(slices.Clone(s.failures), all.Err())
	for _, t := range s.source.mu.threads { // after the map: what ends meanwhile is in neither, rather than in both
		errs = append(errs, s.addPause(t, sums))
	}
	list := make([]probes.Stack, 0, len(sums))
	for key, v := range sums {
		list = append(list, probes.Stack{
			Thread: s.ids[key.Generation], Stage: key.Stage, User: frames(key.User[:]), Kernel: frames(key.Kernel[:]),
			Blocked: int64(v.BlockedNs), RunQueue: int64(v.RunqueueNs), Preempted: int64(v.PreemptedNs),
			Sleeps: v.Blocked, Preemptions: v.Preempted, Samples: v.Samples,
		})
	}
	return list, errors.Join(errs...)
}

// addPause adds the time for which t has been off its CPU.
func (s *stacks) addPause(t *thread, sums map[stacksSedaStack]stacksSedaSpent) error {
	for {
		sequence, ok := t.begin()
		if !ok {
			return nil
		}
		now, wake := probes.Now(), t.record.wake.Load()
		var p stacksSedaPause
		if err := s.objects.SedaPauses.Lookup(t.slot, &p); err != nil {
			return err
		}
		if !t.end(sequence) {
			continue
		}
		out := int64(p.OutNs)
		if out == 0 || p.Stack.Generation != t.generation {
			return nil
		}
		if wake == 0 {
			wake = now
		}
		v := sums[p.Stack]
		if p.State == preempted {
			v.PreemptedNs += uint64(max(now-out, 0))
			v.Preempted++
		} else {
			v.BlockedNs += uint64(max(wake-out, 0))
			v.RunqueueNs += uint64(max(now-wake, 0))
			v.Blocked++
		}
		sums[p.Stack] = v
		return nil
	}
}

func frames(list []uint64) []uint64 {
	if n := slices.Index(list, 0); n >= 0 {
		list = list[:n]
	}
	return slices.Clone(list)
}

func (s *stacks) Lost() (l probes.Lost, err error) {
	s.source.mu.Lock()
	defer s.source.mu.Unlock()
	if s.closed {
		return l, ErrClosed
	}
	return l, errors.Join(s.objects.LostNs.Get(&l.Time), s.objects.LostPauses.Get(&l.Pauses), s.objects.LostSamples.Get(&l.Samples))
}

func (s *stacks) Close() error {
	s.source.mu.Lock()
	defer s.source.mu.Unlock()
	if s.closed {
		return nil
	}
	s.source.mu.stacks = nil
	return s.release()
}

func (s *stacks) release() error {
	s.closed = true
	return errors.Join(s.stop(), s.objects.Close())
}

// stop detaches the programs. What they kept stays.
func (s *stacks) stop() error {
	var errs []error
	if s.link != nil {
		errs = append(errs, s.link.Close())
		s.link = nil
	}
	for _, fd := range s.samplers {
		errs = append(errs, unix.Close(fd))
	}
	clear(s.samplers)
	return errors.Join(errs...)
}
