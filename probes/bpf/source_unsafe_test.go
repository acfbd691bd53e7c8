//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unsafe"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/probes"
)

// openSource returns a source, or skips: only if the facts say that there cannot be one.
func openSource(t *testing.T, c Config) *source {
	t.Helper()
	s, err := Open(c)
	if why := probes.SystemFacts().BPF(); why != probes.Known {
		require.ErrorIs(t, err, why)
		t.Skip(why)
	}
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.(*source)
}

// registered runs f on a thread of its own that s watches.
func registered(t *testing.T, s probes.Source, f func(probes.Thread)) {
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(t, err)
		f(th)
		require.NoError(t, th.Close())
	})
}

func sleep(d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	for unix.Nanosleep(&ts, &ts) == unix.EINTR {
	}
}

// fallAsleep returns when a thread that has never slept has: on a machine that is busy enough a millisecond is over before it comes to that.
func fallAsleep(t *testing.T, th probes.Thread) {
	for v := (probes.Values{}); v.Blocked == 0; {
		sleep(time.Millisecond)
		require.True(t, th.Read(probes.Now(), &v))
	}
}

func yield() { _, _, _ = unix.RawSyscall(unix.SYS_SCHED_YIELD, 0, 0, 0) }

func spin(d time.Duration) {
	for end := probes.Now() + int64(d); probes.Now() < end; {
	}
}

// restless does some of all that a thread can do.
func restless(th probes.Thread, rounds int) {
	for i := range uint32(rounds) {
		th.Word().Store(i % 3)
		sleep(200 * time.Microsecond)
		spin(50 * time.Microsecond)
		yield()
	}
}

// voluntary is how often the thread has gone to sleep, as the kernel counts it: a sleep may be over before it begins.
func voluntary(t *testing.T) uint64 {
	var usage unix.Rusage
	require.NoError(t, unix.Getrusage(unix.RUSAGE_THREAD, &usage))
	return uint64(usage.Nvcsw)
}

func sum(v probes.Values) int64 { return v.OnCPU + v.Blocked + v.RunQueue + v.Preempted }

// Times add up to the time since registration, whatever the thread did, and those of its stages to those of the thread.
func TestBooksBalance(t *testing.T) {
	s := openSource(t, Config{})
	leaktest.OnThread(func() {
		before := probes.Now()
		th, err := s.Register()
		require.NoError(t, err)
		after := probes.Now()
		var v probes.Values
		for range 20 {
			restless(th, 5)
			now := probes.Now()
			require.True(t, th.Read(now, &v))
			require.LessOrEqual(t, sum(v), probes.Now()-before, "it may have lost its CPU after now")
			require.GreaterOrEqual(t, sum(v), now-after)
		}
		var all probes.StageValues
		for all.Voluntary+all.Involuntary != v.Voluntary+v.Involuntary { // it lost its CPU between two readings
			require.True(t, th.Read(probes.Now(), &v))
			all = probes.StageValues{}
			for stage := range uint32(3) {
				require.True(t, th.AddStage(stage, &all))
			}
		}
		require.Equal(t, []int64{v.Blocked, v.RunQueue, v.Preempted}, []int64{all.Blocked, all.RunQueue, all.Preempted})
		require.Equal(t, v.Voluntary+v.Involuntary, all.Delay.Count())
		require.NoError(t, th.Close())
	})
}

// Time asleep is charged to the stage in the word, and to nothing where there is no such stage.
func TestStages(t *testing.T) {
	s := openSource(t, Config{Stages: 4})
	registered(t, s, func(th probes.Thread) {
		const long = 20 * time.Millisecond
		slept := func(word uint32) (grown [4]int64) {
			for i := range grown {
				var v probes.StageValues
				require.True(t, th.AddStage(uint32(i), &v))
				grown[i] = -v.Blocked
			}
			th.Word().Store(word)
			sleep(long)
			th.Word().Store(0)
			for i := range grown {
				var v probes.StageValues
				require.True(t, th.AddStage(uint32(i), &v))
				grown[i] += v.Blocked
			}
			return grown
		}
		for word, stage := range map[uint32]int{0: 0, 1: 1, 3: 3, 4: 0, 1 << 31: 0} {
			for found := false; !found; { // who is stopped between the start of the timer and the switch sleeps for less
				for i, ns := range slept(word) {
					if i == stage {
						found = ns >= int64(long)
					} else if i != 0 { // a fault while the word is 0
						require.Zero(t, ns, "word %d, stage %d", word, i)
					}
				}
			}
		}
	})
}

// Whoever reads while the thread switches sees books that balance, and counts that grow. Two sources see the same.
func TestReadWhileSwitching(t *testing.T) {
	s, twin := openSource(t, Config{}), openSource(t, Config{Threads: 2, Stages: 3})
	var th, second probes.Thread
	var ended atomic.Bool
	var start int64
	ready := make(chan struct{})
	var reader sync.WaitGroup
	reader.Go(func() {
		<-ready
		var before, v probes.Values
		for !ended.Load() {
			now := probes.Now()
			require.True(t, th.Read(now, &v))
			require.LessOrEqual(t, sum(v), max(now, probes.Now())-start)
			const skew = 10_000 // ns between the clock as the kernel's programs and as we read it, on two CPUs; 20 are usual
			require.GreaterOrEqual(t, v.Voluntary, before.Voluntary)
			require.GreaterOrEqual(t, v.Involuntary, before.Involuntary)
			require.GreaterOrEqual(t, v.OnCPU, before.OnCPU-skew)
			before = v
			var sv probes.StageValues
			require.True(t, th.AddStage(1, &sv))
			require.Equal(t, sv.Voluntary+sv.Involuntary, sv.Delay.Count())
		}
	})
	leaktest.OnThread(func() {
		var err error
		start = probes.Now()
		th, err = s.Register()
		require.NoError(t, err)
		second, err = twin.Register()
		require.NoError(t, err)
		close(ready)
		slept := voluntary(t)
		restless(th, 100)
		slept = voluntary(t) - slept
		ended.Store(true)
		var a, b probes.Values
		require.True(t, second.Read(probes.Now(), &b))
		require.True(t, th.Read(probes.Now(), &a))
		require.GreaterOrEqual(t, b.Voluntary, slept)
		require.GreaterOrEqual(t, a.Voluntary, b.Voluntary)
	})
	reader.Wait()
	require.NoError(t, errors.Join(th.Close(), second.Close()))
}

// A thread that has ended keeps its values, and its time stands still.
func TestEndedThread(t *testing.T) {
	s := openSource(t, Config{})
	var th probes.Thread
	leaktest.OnThread(func() {
		var err error
		th, err = s.Register()
		require.NoError(t, err)
		fallAsleep(t, th)
	})
	r := th.(*thread).record
	require.Eventually(t, func() bool { return r.state.Load() == ended }, time.Minute, time.Millisecond) // it leaves its CPU after it left the process
	var v, later probes.Values
	now := probes.Now()
	require.True(t, th.Read(now, &v))
	require.True(t, th.Read(now+1_000_000, &later))
	require.Equal(t, v, later)
	require.Positive(t, v.Blocked)
	require.NoError(t, th.Close())
	require.False(t, th.Read(now, &v))
	require.NoError(t, th.Close())
}

// Slots are given out again, with nothing of the thread before in them; when there are none, the next thread is told so.
func TestSlots(t *testing.T) {
	s := openSource(t, Config{Threads: 2, Stages: 2})
	registered(t, s, func(first probes.Thread) {
		first.Word().Store(1)
		sleep(time.Millisecond)
		_, err := s.Register()
		require.ErrorIs(t, err, unix.EEXIST, "the thread is registered")
		for range 5 {
			registered(t, s, func(second probes.Thread) {
				require.Zero(t, second.Word().Load())
				var v probes.StageValues
				require.True(t, second.AddStage(1, &v))
				require.Zero(t, v)
				leaktest.OnThread(func() {
					_, err := s.Register()
					require.ErrorIs(t, err, probes.Exhausted)
				})
				second.Word().Store(1)
				sleep(time.Millisecond)
			})
		}
		require.NoError(t, first.Close())
		again, err := s.Register()
		require.NoError(t, err, "the same thread, after it was closed")
		fallAsleep(t, again)
		var v probes.Values
		require.NoError(t, again.Close())
		var sv probes.StageValues
		require.False(t, first.Read(probes.Now(), &v))
		require.False(t, first.AddStage(1, &sv))
	})
}

// Threads may outlive their source: their words stay where they are.
func TestClosedSource(t *testing.T) {
	s := openSource(t, Config{})
	registered(t, s, func(th probes.Thread) {
		require.NoError(t, s.Close())
		th.Word().Store(1)
		sleep(time.Millisecond)
		var v probes.Values
		require.False(t, th.Read(probes.Now(), &v))
		list, err := th.Preemptors()
		require.NoError(t, err)
		require.Empty(t, list)
		_, err = s.Register()
		require.ErrorIs(t, err, ErrClosed)
		require.NotNil(t, s.mu.memory)
	})
	require.Nil(t, s.mu.memory, "given back with the last thread")
}

// A program that is under way when its thread's slot is given out again leaves the sequence number even: else nobody could ever read.
func TestProgramUnderWayInReusedSlot(t *testing.T) {
	s := openSource(t, Config{Threads: 1})
	leaktest.OnThread(func() {
		before, err := s.Register()
		require.NoError(t, err)
		sequence := &before.(*thread).record.sequence
		sequence.Add(1) // as the program does before it writes
		require.NoError(t, before.Close())
		th, err := s.Register()
		require.NoError(t, err)
		sequence.Add(1) // and after
		require.Zero(t, sequence.Load()%2)
		require.NoError(t, th.Close())
	})
}

// Whoever reads while the source and then the thread is closed is told that there is nothing, also when a program takes its time: no reader is left
// in memory that is not there any more.
func TestCloseWhileReading(t *testing.T) {
	rounds := 20
	if testing.Short() { // readers that spin have an emulated machine to themselves
		rounds = 2
	}
	for range rounds {
		s := openSource(t, Config{Threads: 1})
		var readers sync.WaitGroup
		leaktest.OnThread(func() {
			th, err := s.Register()
			require.NoError(t, err)
			th.(*thread).record.sequence.Add(1) // a program that is long under way
			var begun atomic.Int32
			for range 4 {
				readers.Go(func() {
					begun.Add(1)
					for th.Read(probes.Now(), new(probes.Values)) || th.AddStage(0, new(probes.StageValues)) {
					}
				})
			}
			for begun.Load() < 4 {
				runtime.Gosched()
			}
			require.NoError(t, s.Close())
			require.NoError(t, th.Close())
		})
		readers.Wait()
	}
}

// A thread that yields to another on its CPU knows whose it was.
func TestPreemptors(t *testing.T) {
	s := openSource(t, Config{})
	var stop atomic.Bool
	var hog sync.WaitGroup
	hog.Go(func() {
		runtime.LockOSThread()
		toFirstCPU(t)
		require.NoError(t, os.WriteFile("/proc/thread-self/comm", []byte("hog"), 0o600))
		for !stop.Load() {
			yield()
		}
	})
	registered(t, s, func(th probes.Thread) {
		toFirstCPU(t)
		var list []probes.Preemptor
		found := func() bool {
			for range 100 {
				yield()
			}
			var err error
			list, err = th.Preemptors()
			require.NoError(t, err)
			for _, p := range list {
				if p.Command == "hog" {
					return p.Count > 0 && p.Time > 0
				}
			}
			return false
		}
		for !found() {
		}
		var v probes.Values
		require.True(t, th.Read(probes.Now(), &v))
		require.Positive(t, v.Involuntary)
		require.Positive(t, v.Preempted)
	})
	stop.Store(true)
	hog.Wait()
}

func TestWithoutCapabilities(t *testing.T) {
	s := openSource(t, Config{})
	leaktest.OnThread(func() { // it ends with its capabilities
		var none [2]unix.CapUserData
		require.NoError(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
		_, err := Open(Config{})
		require.ErrorIs(t, err, probes.NoCapBPF)
		require.NotContains(t, err.Error(), "MEMLOCK")

		// A source that was opened before goes on, also with new threads.
		th, err := s.Register()
		require.NoError(t, err)
		fallAsleep(t, th)
		require.NoError(t, th.Close())
	})
}

// What the kernel refuses is explained by what it says of itself, and a rejected program with the verifier's log.
func TestExplain(t *testing.T) {
	openSource(t, Config{}) // or skip: without capabilities all errors come from that
	rejected := &ebpf.VerifierError{Cause: unix.EACCES, Log: []string{"R1 invalid mem access 'scalar'"}}
	for why, err := range map[probes.Reason]error{
		probes.Rejected:  fmt.Errorf("load: %w", rejected),
		probes.Exhausted: fmt.Errorf("map: %w", unix.EMFILE),
		probes.OldKernel: fmt.Errorf("map: %w", ebpf.ErrNotSupported),
		probes.Denied:    fmt.Errorf("load: %w", unix.EPERM),
	} {
		require.Equal(t, why, probes.ReasonOf(explain(err)), "%v", err)
	}
	text := explain(rejected).Error()
	require.Contains(t, text, "R1 invalid mem access")
	require.Contains(t, text, "kernel "+release())
}

func TestConfig(t *testing.T) {
	for _, c := range []Config{{Threads: -1}, {Stages: -1}, {Threads: maxThreads + 1}, {Stages: maxStages + 1}} {
		_, err := Open(c)
		require.Error(t, err)
		require.NotErrorIs(t, err, probes.Denied)
	}
}

// The kernel's fields and ours stand at the same places, and no line has two writers on different sides.
func TestLayout(t *testing.T) {
	require.Equal(t, offsets(kernelSedaThread{}), offsets(record{}))
	require.Equal(t, offsets(kernelSedaCell{}), offsets(cell{}))
	require.Equal(t, offsets(kernelSedaPlace{}), offsets(place{}))
	require.EqualValues(t, 64, unsafe.Offsetof(record{}.sequence), "behind the line that the thread writes")
	require.Zero(t, unsafe.Sizeof(record{})%64)
	require.Zero(t, unsafe.Sizeof(cell{})%64)
}

func offsets(x any) (list []uintptr) {
	v := reflect.TypeOf(x)
	for i := range v.NumField() {
		if f := v.Field(i); f.Type.Size() > 0 {
			list = append(list, f.Offset)
		}
	}
	return list
}

// The verifier takes the programs as machines get them whose stores are not in order.
func TestWeakOrder(t *testing.T) {
	openSource(t, Config{}) // or skip
	spec, err := loadKernel()
	require.NoError(t, err)
	require.NoError(t, spec.Variables[kernelVarWeakOrder].Set(true))
	var o kernelObjects
	require.NoError(t, spec.LoadAndAssign(&o, nil))
	require.NoError(t, o.Close())
}

func TestReadDoesNotAllocate(t *testing.T) {
	s := openSource(t, Config{})
	registered(t, s, func(th probes.Thread) {
		var v probes.Values
		var sv probes.StageValues
		require.Zero(t, testing.AllocsPerRun(100, func() {
			th.Word().Store(1)
			th.Read(probes.Now(), &v)
			th.AddStage(1, &sv)
		}))
	})
}

// bpffs mounts a bpf file system for a test.
func bpffs(t *testing.T) string {
	dir := t.TempDir()
	if err := unix.Mount("bpf", dir, "bpf", 0, ""); err != nil {
		t.Skip("no bpf file system can be mounted: ", err)
	}
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, 0)) })
	return dir
}

func TestPins(t *testing.T) {
	top := bpffs(t)
	require.NoError(t, os.MkdirAll(top+"/seda/999999999", 0o700)) // no process has that id
	require.NoError(t, os.Mkdir(top+"/seda/1", 0o700))
	warn := func(err error) { require.NoError(t, err) }
	s := openSource(t, Config{Pin: top, Warn: warn})
	second := openSource(t, Config{Pin: top, Warn: warn})
	self := strconv.Itoa(os.Getpid())
	require.Equal(t, []string{"1", self, self + "-2"}, names(t, top+"/seda"))
	for _, dir := range []string{self, self + "-2"} {
		require.Equal(t, "cells index migrate switch takers threads wakeup", strings.Join(names(t, top+"/seda/"+dir), " "))
	}
	require.NoError(t, errors.Join(s.Close(), second.Close()))
	require.Equal(t, []string{"1"}, names(t, top+"/seda"))
}

// A link in place of the folder leads nowhere: what it points to is not swept, and nothing is pinned there.
func TestPinsBehindLink(t *testing.T) {
	top, other := bpffs(t), t.TempDir()
	require.NoError(t, os.Mkdir(other+"/999999999", 0o700))
	require.NoError(t, os.Symlink(other, top+"/seda"))
	var warned error
	openSource(t, Config{Pin: top, Warn: func(err error) { warned = err }})
	require.ErrorContains(t, warned, "not a folder")
	require.Equal(t, []string{"999999999"}, names(t, other))
}

func names(t *testing.T, dir string) (list []string) {
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

// Where nothing can be pinned the source works, and says so.
func TestNoPins(t *testing.T) {
	top := bpffs(t)
	require.NoError(t, unix.Mount("", top, "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))
	for _, dir := range []string{t.TempDir(), top, top + "/none"} {
		var warned error
		s := openSource(t, Config{Pin: dir, Warn: func(err error) { warned = err }})
		require.Error(t, warned)
		registered(t, s, func(th probes.Thread) {
			var v probes.Values
			require.True(t, th.Read(probes.Now(), &v))
		})
	}
}
