//go:build amd64 || arm64

package bpf

import (
	"cmp"
	"errors"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/probes"
)

// The states of enum seda_state in which time still runs.
const (
	running   = 1
	blocked   = 2
	preempted = 3
)

// thread is a registered one. What it points to is mapped as long as it is open.
type thread struct {
	source     *source
	slot       uint32
	generation uint32
	place      *place // in the index
	record     *record
	cells      []cell
	closed     atomic.Bool
}

func (t *thread) Word() *atomic.Uint32 { return &t.record.stage }

// consistent calls copy until nothing was written meanwhile, and reports whether what it copied is t's. A program writes for about 50 ns, and
// cannot be interrupted by anything but a hypervisor.
func (t *thread) consistent(copy func()) bool {
	if t.closed.Load() || t.source.closed.Load() {
		return false
	}
	for r := t.record; ; runtime.Gosched() {
		before := r.sequence.Load()
		if before&1 == 1 {
			continue
		}
		copy()
		if r.generation.Load() != t.generation {
			return false // closed meanwhile
		}
		if r.sequence.Load() == before {
			return true
		}
	}
}

// Read makes no system call. A thread that never leaves its CPU, or never comes to one, has no switch at which programs could count: the time
// since the last one is added here.
func (t *thread) Read(now int64, v *probes.Values) bool {
	var state uint32
	var in, out, wake int64
	read := *v
	ok := t.consistent(func() {
		r := t.record
		state, in, out, wake = r.state.Load(), r.in.Load(), r.out.Load(), r.wake.Load()
		read.OnCPU, read.Blocked, read.RunQueue, read.Preempted = r.on.Load(), r.blocked.Load(), r.runQueue.Load(), r.preempted.Load()
		read.Voluntary, read.Involuntary, read.Migrations = r.voluntary.Load(), r.involuntary.Load(), r.migrations.Load()
	})
	if !ok {
		return false
	}
	switch state {
	case running:
		read.OnCPU += max(now-in, 0)
	case preempted:
		read.Preempted += max(now-out, 0)
	case blocked:
		if wake == 0 {
			wake = now
		}
		read.Blocked += max(wake-out, 0)
		read.RunQueue += max(now-wake, 0)
	}
	*v = read
	return true
}

func (t *thread) AddStage(stage uint32, v *probes.StageValues) bool {
	if int(stage) >= len(t.cells) {
		stage = 0 // as the programs do
	}
	var read probes.StageValues
	ok := t.consistent(func() {
		c := &t.cells[stage]
		read.Blocked, read.RunQueue, read.Preempted = c.blocked.Load(), c.runQueue.Load(), c.preempted.Load()
		read.Voluntary, read.Involuntary = c.voluntary.Load(), c.involuntary.Load()
		for i := range c.delay {
			read.Delay[i] = c.delay[i].Load()
		}
	})
	if !ok {
		return false
	}
	v.Blocked += read.Blocked
	v.RunQueue += read.RunQueue
	v.Preempted += read.Preempted
	v.Voluntary += read.Voluntary
	v.Involuntary += read.Involuntary
	for i, n := range read.Delay {
		v.Delay[i] += n
	}
	return true
}

// Preemptors reads a map of the kernel that keeps the commands it saw last, of all threads: 1024.
func (t *thread) Preemptors() ([]probes.Preemptor, error) {
	t.source.mu.Lock() // it is closed by nobody meanwhile
	defer t.source.mu.Unlock()
	if t.closed.Load() || t.source.closed.Load() {
		return nil, nil
	}
	var list []probes.Preemptor
	var key kernelSedaTaker
	var taken kernelSedaTaken
	all := t.source.objects.SedaTakers.Iterate()
	for all.Next(&key, &taken) {
		if key.Generation == t.generation {
			list = append(list, probes.Preemptor{Command: text(key.Comm), Count: taken.Count, Time: int64(taken.Ns)})
		}
	}
	slices.SortFunc(list, func(a, b probes.Preemptor) int { return cmp.Compare(b.Time, a.Time) })
	if err := all.Err(); !errors.Is(err, ebpf.ErrIterationAborted) { // it grew faster than it was read: what was read is right
		return list, err
	}
	return list, nil
}

func text(comm [16]int8) string {
	var b [16]byte
	for i, c := range comm {
		b[i] = byte(c)
	}
	return unix.ByteSliceToString(b[:])
}

func (t *thread) Close() error { return t.source.unregister(t) }
