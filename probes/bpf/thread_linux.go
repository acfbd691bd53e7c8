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

// The states of enum seda_state of a registered thread. In the last one time does not run any more.
const (
	running   = 1
	blocked   = 2
	preempted = 3
	ended     = 4
)

// thread is a registered one. What it points to is mapped as long as it is open.
type thread struct {
	source     *source
	slot       uint32
	generation uint32
	tid        int    // as the process sees it
	place      *place // in the index
	record     *record
	cells      []cell
	closed     atomic.Bool
}

func (t *thread) Word() *atomic.Uint32 { return &t.record.stage }

// begin returns the sequence number at which to read t, and whether there is anything to be read. A program writes for about 50 ns, and cannot be
// interrupted by anything but a hypervisor.
func (t *thread) begin() (sequence uint32, ok bool) {
	for ; !t.closed.Load() && !t.source.closed.Load(); runtime.Gosched() {
		if sequence = t.record.sequence.Load(); sequence&1 == 0 {
			return sequence, true
		}
	}
	return 0, false
}

// end reports whether what was read since begin belongs together.
func (t *thread) end(sequence uint32) bool { return t.record.sequence.Load() == sequence }

// Read makes no system call. A thread that never leaves its CPU, or never comes to one, has no switch at which programs could count: the time
// since the last one is added here.
func (t *thread) Read(now int64, v *probes.Values) bool {
	r := t.record
	for {
		sequence, ok := t.begin()
		if !ok {
			return false
		}
		state, in, out, wake := r.state.Load(), r.in.Load(), r.out.Load(), r.wake.Load()
		on, asleep, queued, lost := r.on.Load(), r.blocked.Load(), r.runQueue.Load(), r.preempted.Load()
		voluntary, involuntary, migrations := r.voluntary.Load(), r.involuntary.Load(), r.migrations.Load()
		generation := r.generation.Load()
		if !t.end(sequence) {
			continue
		}
		if generation != t.generation {
			return false // closed meanwhile
		}
		switch state {
		case running:
			on += max(now-in, 0)
		case preempted:
			lost += max(now-out, 0)
		case blocked:
			if wake == 0 {
				wake = now
			}
			asleep += max(wake-out, 0)
			queued += max(now-wake, 0)
		}
		v.OnCPU, v.Blocked, v.RunQueue, v.Preempted = on, asleep, queued, lost
		v.Voluntary, v.Involuntary, v.Migrations = voluntary, involuntary, migrations
		return true
	}
}

func (t *thread) AddStage(stage uint32, v *probes.StageValues) bool {
	if int(stage) >= len(t.cells) {
		return false // programs count for 0 what a thread does there
	}
	c := &t.cells[stage]
	for {
		sequence, ok := t.begin()
		if !ok {
			return false
		}
		sum := *v
		sum.Blocked += c.blocked.Load()
		sum.RunQueue += c.runQueue.Load()
		sum.Preempted += c.preempted.Load()
		sum.Voluntary += c.voluntary.Load()
		sum.Involuntary += c.involuntary.Load()
		for i := range c.delay {
			sum.Delay[i] += c.delay[i].Load()
		}
		generation := t.record.generation.Load()
		if !t.end(sequence) {
			continue
		}
		if generation != t.generation {
			return false
		}
		*v = sum
		return true
	}
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
