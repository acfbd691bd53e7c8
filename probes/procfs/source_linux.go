package procfs

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/probes"
)

// timed are the metrics out of schedstat.
var timed = probes.MetricsOf(probes.OnCPU, probes.Blocked, probes.RunQueue)

type source struct {
	has    probes.Metrics
	closed atomic.Bool
}

// open looks whether the files are there for the calling thread.
func open(want probes.Metrics) (probes.Source, error) {
	s := &source{}
	for file, gives := range map[string]probes.Metrics{"schedstat": timed, "status": probes.MetricsOf(probes.Switches)} {
		if text, err := os.ReadFile("/proc/thread-self/" + file); err == nil && len(text) > 0 && string(text) != "0 0 0\n" { // not compiled in
			s.has |= gives & want
		}
	}
	if s.has == 0 {
		return nil, fmt.Errorf("procfs: %w", probes.NoProc)
	}
	return s, nil
}

func (s *source) Origin(m probes.Metric) (probes.Origin, probes.Reason) {
	switch {
	case s.has.Has(m):
		return probes.Proc, probes.Known
	case Offers.Has(m):
		return probes.None, probes.NoProc
	}
	return probes.None, probes.NotAsked
}

func (s *source) Register() (probes.Thread, error) {
	if s.closed.Load() {
		return nil, ErrClosed
	}
	t := &thread{source: s, tid: unix.Gettid(), start: probes.Now(), schedstat: -1, status: -1}
	var err error
	if s.has&timed != 0 {
		t.schedstat, err = openOwn("schedstat")
	}
	if err == nil && s.has.Has(probes.Switches) {
		t.status, err = openOwn("status")
	}
	if err != nil {
		return nil, errors.Join(err, t.Close())
	}
	t.read(&t.before)
	return t, nil
}

func (s *source) Close() error {
	s.closed.Store(true)
	return nil
}

// thread keeps its files open: opening takes ten times as long as reading, and an id may be another thread's one day.
type thread struct {
	source *source
	tid    int
	start  int64
	before probes.Values

	mu                sync.Mutex
	schedstat, status int   // descriptors; -1: none
	blocked           int64 // ns at the last reading: what is old of the time on a CPU seems to have been spent asleep
	buf               [8 << 10]byte
}

// openOwn opens a file about the calling thread. Its id would not do: /proc may be that of a pid namespace above, where it has another one.
func openOwn(file string) (int, error) {
	path := "/proc/thread-self/" + file
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE):
		return -1, fmt.Errorf("procfs: open %s: %w: %w", path, probes.Exhausted, err)
	case err != nil:
		return -1, fmt.Errorf("procfs: open %s: %w: %w", path, probes.NoProc, err)
	}
	return fd, nil
}

func (t *thread) Word() *atomic.Uint32 { return nil }

func (t *thread) Read(now int64, v *probes.Values) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	var read probes.Values
	if !t.read(&read) {
		return false
	}
	if t.schedstat >= 0 {
		v.OnCPU, v.RunQueue = read.OnCPU-t.before.OnCPU, read.RunQueue-t.before.RunQueue
		t.blocked = max(t.blocked, now-t.start-v.OnCPU-v.RunQueue)
		v.Blocked = t.blocked
	}
	if t.status >= 0 {
		v.Voluntary, v.Involuntary = read.Voluntary-t.before.Voluntary, read.Involuntary-t.before.Involuntary
	}
	return true
}

// read reads sums since the thread began. The kernel refuses when the thread has ended.
func (t *thread) read(v *probes.Values) bool {
	if t.schedstat < 0 && t.status < 0 || t.source.closed.Load() {
		return false
	}
	ok := true
	if t.schedstat >= 0 {
		v.OnCPU, v.RunQueue, ok = times(t.text(t.schedstat))
	}
	if t.status >= 0 && ok {
		v.Voluntary, v.Involuntary, ok = t.switches()
	}
	return ok
}

// switches asks for the calling thread's own usage, if it is the one: that takes a tenth of the time.
func (t *thread) switches() (voluntary, involuntary uint64, ok bool) {
	var usage unix.Rusage
	if unix.Gettid() == t.tid && unix.Getrusage(unix.RUSAGE_THREAD, &usage) == nil {
		return uint64(usage.Nvcsw), uint64(usage.Nivcsw), true
	}
	return switches(t.text(t.status))
}

func (t *thread) text(fd int) []byte {
	n, err := unix.Pread(fd, t.buf[:], 0)
	if err != nil {
		return nil
	}
	return t.buf[:n]
}

func (t *thread) AddStage(uint32, *probes.StageValues) bool { return false }

func (t *thread) Preemptors() ([]probes.Preemptor, error) { return nil, nil }

func (t *thread) Close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, fd := range []*int{&t.schedstat, &t.status} {
		if *fd >= 0 {
			errs = append(errs, unix.Close(*fd))
			*fd = -1
		}
	}
	return errors.Join(errs...)
}
