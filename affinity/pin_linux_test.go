package affinity_test

import (
	"fmt"
	"math"
	"math/bits"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/affinity"
)

// onThread runs f on a thread of its own, which it may pin: the goroutine ends
// locked, and the thread with it.
func onThread(t testing.TB, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		f()
	}()
	<-done
}

func TestPin(t *testing.T) {
	before, err := affinity.Allowed()
	require.NoError(t, err)
	for _, cpu := range before.CPUs() {
		onThread(t, func() {
			for range 2 { // to move, and to be there already
				if err := affinity.Pin(cpu); err != nil {
					t.Errorf("pin: %v", err)
					return
				}
				now, err := affinity.Current()
				if err != nil || now != cpu {
					t.Errorf("pinned to CPU %d, runs on %d, error %v", cpu, now, err)
				}
				bound, err := affinity.Allowed()
				if err != nil || bound != affinity.Of(cpu) {
					t.Errorf("pinned to CPU %d, bound to %s, error %v", cpu, bound, err)
				}
			}
		})
	}
	after, err := affinity.Allowed()
	require.NoError(t, err)
	require.Equal(t, before, after, "other threads keep their CPUs")
}

func TestPinMoves(t *testing.T) {
	all, err := affinity.Allowed()
	require.NoError(t, err)
	onThread(t, func() {
		for range 50 {
			for _, cpu := range all.CPUs() {
				if err := affinity.Pin(cpu); err != nil {
					t.Errorf("pin: %v", err)
					return
				}
			}
		}
		if err := affinity.PinSet(all); err != nil {
			t.Errorf("widen again: %v", err)
		}
		now, err := affinity.Current()
		if err != nil || !all.Has(now) {
			t.Errorf("runs on %d, not in %s, error %v", now, all, err)
		}
	})
}

func TestPinRefused(t *testing.T) {
	all, err := affinity.Allowed()
	require.NoError(t, err)
	absent := 1<<22 - 1 // no kernel has as many
	type result struct {
		err   error
		bound affinity.Set
	}
	try := func(pin func() error) (r result) {
		onThread(t, func() {
			r.err = pin()
			r.bound, _ = affinity.Allowed()
		})
		return r
	}
	for _, cpu := range []int{absent, all.Max() + 5000} {
		r := try(func() error { return affinity.Pin(cpu) })
		require.ErrorIs(t, r.err, unix.EINVAL)
		require.ErrorContains(t, r.err, "pin to CPU "+affinity.Of(cpu).String()+": offline, absent or outside the cpuset")
		require.Equal(t, all, r.bound, "unchanged")
	}
	for _, cpu := range []int{-1, 1 << 22, math.MaxInt} {
		r := try(func() error { return affinity.Pin(cpu) })
		require.ErrorContains(t, r.err, ": no such CPU")
		require.Equal(t, all, r.bound)
	}
	r := try(func() error { return affinity.PinSet(affinity.Set{}) })
	require.EqualError(t, r.err, "pin to CPUs: the set is empty")
	require.Equal(t, all, r.bound)

	first := all.Min()
	r = try(func() error { return affinity.PinSet(affinity.Of(first, absent)) })
	require.ErrorContains(t, r.err, "not usable", "the kernel drops what it does not know and says nothing")
	require.ErrorContains(t, r.err, "4194303 not usable")
	require.Equal(t, affinity.Of(first), r.bound)
}

func TestCurrent(t *testing.T) {
	all, err := affinity.Allowed()
	require.NoError(t, err)
	cpu, err := affinity.Current()
	require.NoError(t, err)
	require.True(t, all.Has(cpu))
	require.Zero(t, testing.AllocsPerRun(100, func() { _, _ = affinity.Current() }))
}

// TestAllowedOnLargeMachines asks kernels that refuse masks shorter than their
// number of possible CPUs.
func TestAllowedOnLargeMachines(t *testing.T) {
	for _, possible := range []int{64, 1024, 1025, 4096, 8192} {
		asked := 0
		s, err := affinity.AskMask(func(mask unix.CPUSetDynamic) error {
			asked++
			if len(mask)*bits.UintSize < possible {
				return unix.EINVAL
			}
			mask.Set(0)
			mask.Set(possible - 1)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, affinity.Of(0, possible-1), s)
		require.LessOrEqual(t, asked, 4)
	}
	_, err := affinity.AskMask(func(unix.CPUSetDynamic) error { return unix.EINVAL })
	require.ErrorIs(t, err, unix.EINVAL, "asking ends")
	_, err = affinity.AskMask(func(unix.CPUSetDynamic) error { return unix.EPERM })
	require.ErrorIs(t, err, unix.EPERM)
}

func TestVerify(t *testing.T) {
	want := affinity.Of(3, 2000)
	require.NoError(t, affinity.Verify(want, want))
	require.EqualError(t, affinity.Verify(want, affinity.Of(3)), "the kernel bound the thread to 3: 2000 not usable")
	require.NoError(t, affinity.Arrived(want, 2000))
	require.EqualError(t, affinity.Arrived(want, 4), "the thread still runs on CPU 4")
}

// TestPinThread moves a thread that does something else, and that is asleep.
func TestPinThread(t *testing.T) {
	all, err := affinity.Allowed()
	require.NoError(t, err)
	tid, ask, on := make(chan int), make(chan struct{}), make(chan int)
	go onThread(t, func() {
		tid <- unix.Gettid()
		for range ask {
			cpu, err := affinity.Current()
			if err != nil {
				t.Error(err)
			}
			on <- cpu
		}
		close(on)
	})
	id := <-tid
	for _, cpu := range append(all.CPUs(), all.CPUs()...) {
		require.NoError(t, affinity.PinThread(id, affinity.Of(cpu)))
		bound, err := affinity.AllowedOf(id)
		require.NoError(t, err)
		require.Equal(t, affinity.Of(cpu), bound)
		ask <- struct{}{}
		require.Equal(t, cpu, <-on)
	}
	require.NoError(t, affinity.PinThread(id, all))
	bound, err := affinity.AllowedOf(id)
	require.NoError(t, err)
	require.Equal(t, all, bound)
	own, err := affinity.Allowed()
	require.NoError(t, err)
	require.Equal(t, all, own, "the calling thread keeps its CPUs")

	const absent = 4194303
	require.ErrorIs(t, affinity.PinThread(id, affinity.Of(absent)), unix.EINVAL)
	require.ErrorContains(t, affinity.PinThread(id, affinity.Of(all.Min(), absent)), "4194303 not usable")
	require.EqualError(t, affinity.PinThread(id, affinity.Set{}), fmt.Sprintf("pin thread %d: the set is empty", id))
	close(ask)
	<-on
}

func TestNoSuchThread(t *testing.T) {
	for _, tid := range []int{-1, 0, math.MinInt} { // 0 would be the calling thread
		require.ErrorContains(t, affinity.PinThread(tid, affinity.Of(0)), "no such thread")
		_, err := affinity.AllowedOf(tid)
		require.ErrorContains(t, err, "no such thread")
	}
	const never = 1<<31 - 1 // above what the kernel gives out
	require.ErrorIs(t, affinity.PinThread(never, affinity.Of(0)), unix.ESRCH)
	_, err := affinity.AllowedOf(never)
	require.ErrorIs(t, err, unix.ESRCH)
}
