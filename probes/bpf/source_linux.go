//go:build amd64 || arm64

package bpf

import (
	"errors"
	"fmt"
	"math/bits"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/probes"
)

// source is the programs at work in the kernel, and the memory they share with the process.
type source struct {
	config  Config
	objects kernelObjects
	links   []link.Link
	pins    *pins
	closed  atomic.Bool

	mu struct {
		sync.Mutex
		memory     *memory            // nil once it is blank: when the source and all threads are closed
		free       []uint32           // slots, those that were used longest ago first: a program that is under way in one has then long ended
		generation uint32             // of the last registration
		threads    map[uint32]*thread // that are open, by slot
		stacks     *stacks            // nil: nobody keeps them
	}
}

// open does not even try where the answer is known: the library would remember for the process what it found out on a thread without capabilities.
func open(c Config) (probes.Source, error) {
	if why := probes.SystemFacts().BPF(); why != probes.Known {
		return nil, fmt.Errorf("bpf: %w", why)
	}
	s := &source{config: c}
	s.mu.threads = map[uint32]*thread{}
	if err := s.load(); err != nil {
		return nil, errors.Join(explain(err), s.release())
	}
	if c.Pin != "" {
		var err error
		if s.pins, err = pin(c.Pin, &s.objects); err != nil {
			c.Warn(fmt.Errorf("bpf: nothing is pinned: %w", err))
		}
	}
	return s, nil
}

func (s *source) load() error {
	spec, err := loadKernel()
	if err != nil {
		return err
	}
	spec.Maps[kernelMapSedaThreads].MaxEntries = uint32(s.config.Threads)
	spec.Maps[kernelMapSedaCells].MaxEntries = uint32(s.config.Threads * s.config.Stages)
	const sparse = 16 // entries of the index for each thread: that PROBES in a row are taken is then next to impossible
	index := uint32(1) << bits.Len(uint(sparse*s.config.Threads-1))
	spec.Maps[kernelMapSedaIndex].MaxEntries = index
	if err := spec.Variables[kernelVarIndexMask].Set(index - 1); err != nil {
		return err
	}
	if err := spec.Variables[kernelVarStages].Set(uint32(s.config.Stages)); err != nil {
		return err
	}
	if err := spec.Variables[kernelVarWeakOrder].Set(runtime.GOARCH != "amd64"); err != nil {
		return err
	}
	if err := spec.LoadAndAssign(&s.objects, nil); err != nil {
		return err
	}
	// The library finds out with the first run whether programs can be run, by loading one: now, since threads register without capabilities too. There is no such
	// slot, so the program does nothing.
	none := kernelSedaRegistration{Slot: uint32(s.config.Threads)}
	if _, err := s.objects.SedaRegister.Run(&ebpf.RunOptions{Context: &none, ContextOut: &none}); err != nil {
		return err
	}
	if s.mu.memory, err = mapMemory(&s.objects, s.config.Stages); err != nil {
		return err
	}
	runtime.AddCleanup(s, func(m *memory) { _ = m.unmap() }, s.mu.memory) // threads hold s: no reader is left then
	for slot := range s.config.Threads {
		s.mu.free = append(s.mu.free, uint32(slot))
	}
	for _, p := range []*ebpf.Program{s.objects.SedaSwitch, s.objects.SedaWakeup, s.objects.SedaMigrate} {
		l, err := link.AttachTracing(link.TracingOptions{Program: p})
		if err != nil {
			return err
		}
		s.links = append(s.links, l)
	}
	return nil
}

// explain finds the reason in what the kernel says of itself: the library guesses, and often wrongly.
func explain(err error) error {
	var rejected *ebpf.VerifierError
	switch why := probes.SystemFacts().BPF(); {
	case why != probes.Known:
		return fmt.Errorf("bpf: %w", why)
	case errors.As(err, &rejected):
		return fmt.Errorf("bpf: %w: kernel %s: %+v", probes.Rejected, release(), rejected)
	case errors.Is(err, unix.ENOMEM) || errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE):
		return fmt.Errorf("bpf: %w: %w", probes.Exhausted, err)
	case errors.Is(err, ebpf.ErrNotSupported) || errors.Is(err, unix.EINVAL):
		return fmt.Errorf("bpf: %w: kernel %s: %w", probes.OldKernel, release(), err)
	}
	return fmt.Errorf("bpf: %w: %w", probes.Denied, err)
}

func release() string {
	text, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(text))
}

func (s *source) Origin(m probes.Metric) (probes.Origin, probes.Reason) {
	if Offers.Has(m) {
		return probes.BPF, probes.Known
	}
	return probes.None, probes.NotAsked
}

// Register runs a program in the thread itself, so that the kernel knows which thread is meant whatever its id is here.
func (s *source) Register() (probes.Thread, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return nil, ErrClosed
	}
	if len(s.mu.free) == 0 {
		return nil, fmt.Errorf("bpf: %d threads are registered: %w", s.config.Threads, probes.Exhausted)
	}
	slot := s.mu.free[0]
	s.mu.memory.clear(slot)
	s.mu.generation++
	r := kernelSedaRegistration{Slot: slot, Generation: s.mu.generation}
	_, err := s.objects.SedaRegister.Run(&ebpf.RunOptions{Context: &r, ContextOut: &r})
	if err == nil && r.Error != 0 {
		err = unix.Errno(r.Error)
	}
	if errors.Is(err, unix.ENOSPC) {
		err = fmt.Errorf("%w: %w", probes.Exhausted, err)
	}
	if err != nil {
		return nil, fmt.Errorf("bpf: register a thread: %w", err)
	}
	s.mu.free = s.mu.free[1:]
	t := &thread{
		source: s, slot: slot, generation: r.Generation, tid: unix.Gettid(), place: &s.mu.memory.index[r.Place],
		record: &s.mu.memory.records[slot], cells: s.mu.memory.row(slot),
	}
	s.mu.threads[slot] = t
	if s.mu.stacks != nil {
		s.mu.stacks.watch(t)
	}
	return t, nil
}

// unregister gives a slot back: programs do not find it any more.
func (s *source) unregister(t *thread) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.closed.Swap(true) {
		return nil
	}
	if t.place.slot.Load() == t.slot { // the thread may have ended, and one that got its id be registered there
		t.place.tid.Store(0)
	}
	t.record.generation.Store(0)
	s.mu.free = append(s.mu.free, t.slot)
	delete(s.mu.threads, t.slot)
	if s.mu.stacks != nil {
		s.mu.stacks.unwatch(t)
	}
	return s.blank()
}

// Close detaches the programs. The memory stays while threads are open: they write their words there.
func (s *source) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Swap(true) {
		return nil
	}
	return s.release()
}

func (s *source) release() error {
	errs := []error{s.pins.remove()}
	if s.mu.stacks != nil {
		errs = append(errs, s.mu.stacks.stop())
	}
	for _, l := range s.links {
		errs = append(errs, l.Close())
	}
	s.closed.Store(true)
	return errors.Join(append(errs, s.objects.Close(), s.blank())...)
}

// blank gives the kernel its memory back when the source and all threads are closed. The caller holds mu, or has the source to itself.
func (s *source) blank() error {
	if !s.closed.Load() || len(s.mu.threads) > 0 || s.mu.memory == nil {
		return nil
	}
	m := s.mu.memory
	s.mu.memory = nil
	return m.blank()
}
