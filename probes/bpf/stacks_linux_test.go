//go:build amd64 || arm64

package bpf

import (
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/probes"
)

func keepStacks(t *testing.T, s *source, c StackConfig) Stacks {
	t.Helper()
	st, err := OpenStacks(s, c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// passes reports whether a function of that name is on the stack.
func passes(s *probes.Stack, name string) bool {
	var pcs []uintptr
	for i, pc := range s.User {
		pcs = append(pcs, uintptr(pc+1-min(uint64(i), 1))) // the first is no return address
	}
	all := runtime.CallersFrames(pcs)
	for more := true; more; {
		var f runtime.Frame
		if f, more = all.Next(); strings.HasSuffix(f.Function, "."+name) {
			return true
		}
	}
	return false
}

// sumOf adds up the stacks that pass through the function at the stage; "" is any function.
func sumOf(t *testing.T, st Stacks, stage uint32, name string) (sum probes.Stack) {
	t.Helper()
	list, err := st.Read()
	require.NoError(t, err)
	for _, s := range list {
		if s.Stage != stage || name != "" && !passes(&s, name) {
			continue
		}
		sum.Blocked += s.Blocked
		sum.RunQueue += s.RunQueue
		sum.Preempted += s.Preempted
		sum.Sleeps += s.Sleeps
		sum.Preemptions += s.Preemptions
		sum.Samples += s.Samples
	}
	return sum
}

const oneSleep = 20 * time.Millisecond

//go:noinline
func sleepLong() { sleep(oneSleep) }

//go:noinline
func spinLong() { spin(time.Millisecond) }

// Known sleeps are at the stage and in the function in which they were made. What may be missing is the time for which the thread was not asleep.
func TestStackOfSleep(t *testing.T) {
	s := openSource(t, Config{})
	st := keepStacks(t, s, StackConfig{OffCPU: true, Kernel: true})
	registered(t, s, func(th probes.Thread) {
		const times = 5
		th.Word().Store(2)
		spinLong()
		var before, after probes.Values
		start := probes.Now()
		require.True(t, th.Read(start, &before))
		th.Word().Store(1)
		for range times {
			sleepLong()
		}
		th.Word().Store(2)
		end := probes.Now()
		require.True(t, th.Read(end, &after))
		awake := sum(after) - after.Blocked - sum(before) + before.Blocked
		in := sumOf(t, st, 1, "sleepLong")
		require.GreaterOrEqual(t, in.Blocked, 95*times*int64(oneSleep)/100-awake)
		require.LessOrEqual(t, in.Blocked, end-start)
		require.GreaterOrEqual(t, in.Sleeps, uint64(times))
		require.Zero(t, sumOf(t, st, 2, "sleepLong"))
		list, err := st.Read()
		require.NoError(t, err)
		for _, x := range list {
			require.Equal(t, unix.Gettid(), x.Thread)
			require.NotEmpty(t, x.Kernel, "it left its CPU in the kernel")
		}
	})
}

// Times of all stacks, with what there was no room for, are those that the source counts.
func TestStacksBalance(t *testing.T) {
	for _, room := range []int{0, 1} {
		s := openSource(t, Config{})
		st := keepStacks(t, s, StackConfig{OffCPU: true, Room: room})
		registered(t, s, func(th probes.Thread) {
			restless(th, 50)
			var v probes.Values
			var off probes.Stack
			switches, lostTime := uint64(1), int64(0)
			for ok := false; !ok; ok = v.Voluntary+v.Involuntary == switches { // or it lost its CPU between two readings
				require.True(t, th.Read(probes.Now(), &v))
				switches = v.Voluntary + v.Involuntary
				lost, err := st.Lost()
				require.NoError(t, err)
				require.Equal(t, room == 1, lost.Pauses > 0)
				off = probes.Stack{}
				for stage := range uint32(3) {
					x := sumOf(t, st, stage, "")
					off.Blocked += x.Blocked
					off.RunQueue += x.RunQueue
					off.Preempted += x.Preempted
					off.Sleeps += x.Sleeps
					off.Preemptions += x.Preemptions
				}
				lostTime = lost.Time
				times := lost.Pauses + off.Sleeps + off.Preemptions
				require.True(t, th.Read(probes.Now(), &v))
				if v.Voluntary+v.Involuntary == switches {
					require.Equal(t, switches, times)
				}
			}
			if room == 0 {
				require.Equal(t, []int64{v.Blocked, v.RunQueue, v.Preempted}, []int64{off.Blocked, off.RunQueue, off.Preempted})
			}
			require.Equal(t, v.Blocked+v.RunQueue+v.Preempted, lostTime+off.Blocked+off.RunQueue+off.Preempted)
		})
		require.NoError(t, st.Close())
	}
}

// A thread that shares its CPU with another loses it where it spins, and waits for it where it wakes.
func TestStackOfCompetition(t *testing.T) {
	s := openSource(t, Config{})
	st := keepStacks(t, s, StackConfig{OffCPU: true})
	var stop atomic.Bool
	var hog sync.WaitGroup
	hog.Go(func() {
		runtime.LockOSThread()
		toFirstCPU(t)
		for !stop.Load() {
		}
	})
	registered(t, s, func(th probes.Thread) {
		toFirstCPU(t)
		th.Word().Store(1)
		for sumOf(t, st, 1, "spinLong").Preempted < int64(time.Millisecond) {
			spinLong()
		}
		th.Word().Store(2)
		for sumOf(t, st, 2, "sleepLong").RunQueue == 0 {
			sleepLong()
		}
		th.Word().Store(0)
	})
	stop.Store(true)
	hog.Wait()
	require.Positive(t, sumOf(t, st, 1, "spinLong").Preemptions, "also after the thread was closed")
}

// Samples name the function that spins and its stage; the thread may have been there before the sampling began.
func TestSamples(t *testing.T) {
	s := openSource(t, Config{})
	registered(t, s, func(th probes.Thread) {
		const rate = 997
		st := keepStacks(t, s, StackConfig{Rate: rate})
		var before, v probes.Values
		require.True(t, th.Read(probes.Now(), &before))
		th.Word().Store(1)
		for sumOf(t, st, 1, "spinLong").Samples < 10 {
			for range 10 {
				spinLong()
			}
		}
		th.Word().Store(0)
		require.Zero(t, sumOf(t, st, 0, "spinLong").Samples)
		all := sumOf(t, st, 0, "").Samples + sumOf(t, st, 1, "").Samples
		require.True(t, th.Read(probes.Now(), &v))
		require.LessOrEqual(t, all, uint64((v.OnCPU-before.OnCPU)/int64(period(rate))+1))
		require.Zero(t, sumOf(t, st, 1, "").Sleeps, "nobody asked for it")
		require.NoError(t, st.Close())
	})
}

// A thread that has ended is not sampled: another one may have its id.
func TestEndedThreadIsNotSampled(t *testing.T) {
	s := openSource(t, Config{})
	registered(t, s, func(probes.Thread) {
		registered(t, s, func(th probes.Thread) {
			th.(*thread).record.state.Store(ended)
			st := keepStacks(t, s, StackConfig{Rate: 99})
			require.Len(t, st.(*stacks).samplers, 1)
			require.NoError(t, st.Close())
		})
	})
}

// A sleep that goes on is there already.
func TestStackOfLastingSleep(t *testing.T) {
	s := openSource(t, Config{})
	st := keepStacks(t, s, StackConfig{OffCPU: true})
	var ends [2]int
	require.NoError(t, unix.Pipe2(ends[:], unix.O_CLOEXEC))
	var sleeper sync.WaitGroup
	sleeper.Go(func() {
		registered(t, s, func(th probes.Thread) {
			th.Word().Store(5)
			must(unix.Read(ends[0], []byte{0}))
		})
	})
	require.Eventually(t, func() bool { return sumOf(t, st, 5, "Read").Blocked > int64(time.Millisecond) }, time.Minute, time.Millisecond)
	must(unix.Write(ends[1], []byte{0}))
	sleeper.Wait()
	require.NoError(t, errors.Join(unix.Close(ends[0]), unix.Close(ends[1])))
}

func TestStacksEnd(t *testing.T) {
	s := openSource(t, Config{})
	st := keepStacks(t, s, StackConfig{OffCPU: true, Rate: 99})
	_, err := OpenStacks(s, StackConfig{OffCPU: true})
	require.ErrorContains(t, err, "already")
	registered(t, s, func(th probes.Thread) {
		th.Word().Store(1)
		sleepLong()
		require.NoError(t, st.Close())
		require.NoError(t, st.Close())
		_, err := st.Read()
		require.ErrorIs(t, err, ErrClosed)
		_, err = st.Lost()
		require.ErrorIs(t, err, ErrClosed)

		again := keepStacks(t, s, StackConfig{OffCPU: true, Rate: 99})
		require.Zero(t, sumOf(t, again, 1, "sleepLong"))
		sleepLong()
		require.NoError(t, s.Close())
		require.Positive(t, sumOf(t, again, 1, "sleepLong").Blocked, "what was kept stays")
	})
	_, err = OpenStacks(s, StackConfig{OffCPU: true})
	require.ErrorIs(t, err, ErrClosed)
}

func TestStackConfig(t *testing.T) {
	for _, c := range []StackConfig{{}, {Rate: -1}, {Rate: maxRate + 1}, {OffCPU: true, Room: -1}, {OffCPU: true, Room: maxRoom + 1}} {
		_, err := OpenStacks(nil, c)
		require.Error(t, err)
		require.NotErrorIs(t, err, probes.Denied)
	}
	_, err := OpenStacks(probes.Climb(), StackConfig{OffCPU: true})
	require.Error(t, err, "of another package")
}

// Stacks that are being kept go on without capabilities, but for samples in the kernel.
func TestStacksWithoutCapabilities(t *testing.T) {
	s := openSource(t, Config{})
	other := openSource(t, Config{})
	st := keepStacks(t, s, StackConfig{OffCPU: true, Rate: 997})
	leaktest.OnThread(func() { // it ends with its capabilities
		var none [2]unix.CapUserData
		require.NoError(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
		_, err := OpenStacks(other, StackConfig{OffCPU: true})
		require.ErrorIs(t, err, probes.NoCapBPF)
		th, err := s.Register()
		require.NoError(t, err)
		th.Word().Store(1)
		sleepLong()
		list, err := st.Read()
		require.NotEmpty(t, list)
		if probes.SystemFacts().Perf() == probes.Known {
			require.NoError(t, err)
			for sumOf(t, st, 1, "spinLong").Samples == 0 {
				spinLong()
			}
		} else {
			require.ErrorIs(t, err, os.ErrPermission)
		}
		require.NoError(t, th.Close())
	})
}
