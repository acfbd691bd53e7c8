//go:build amd64 || arm64

package bpf

import (
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/probes"
)

func keepStacks(t *testing.T, s *source, c StackConfig) *Stacks {
	t.Helper()
	st, err := OpenStacks(s, c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// passes reports whether a function of that name is on the stack.
func passes(s probes.Stack, name string) bool {
	pcs := []uintptr{}
	for i, pc := range s.User {
		if i == 0 {
			pc++ // of a call, it would be where it returns to
		}
		pcs = append(pcs, uintptr(pc))
	}
	all := runtime.CallersFrames(pcs)
	for {
		f, more := all.Next()
		if strings.HasSuffix(f.Function, "."+name) {
			return true
		}
		if !more {
			return false
		}
	}
}

//go:noinline
func longSleep() { sleep(20 * time.Millisecond) }

//go:noinline
func longSpin() { spin(20 * time.Millisecond) }

// Sums are those of the thread's counters, and known sleeps are where they were made.
func TestStacks(t *testing.T) {
	s := openSource(t, Config{})
	st := keepStacks(t, s, StackConfig{OffCPU: true, Rate: 997, Kernel: true})
	registered(t, s, func(th probes.Thread) {
		th.Word().Store(1)
		for range 5 {
			longSleep()
		}
		th.Word().Store(2)
		for range 5 {
			longSpin()
		}
		th.Word().Store(0)
		list, err := st.Read()
		require.NoError(t, err)
		for _, x := range list {
			t.Log(x.Thread, x.Stage, passes(x, "longSleep"), passes(x, "longSpin"), x.Blocked, x.RunQueue, x.Preempted, x.Samples, len(x.User), len(x.Kernel))
		}
	})
}
