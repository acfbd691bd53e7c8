//go:build linux && (amd64 || arm64)

package bpf

import (
	"runtime"
	"sync"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/probes"
)

// pingPong lets two threads on one CPU wake each other n times through pipes. Both do ready first, and done last.
func pingPong(t testing.TB, n int, ready func() (done func())) {
	var a, b [2]int
	require.NoError(t, unix.Pipe2(a[:], unix.O_CLOEXEC))
	require.NoError(t, unix.Pipe2(b[:], unix.O_CLOEXEC))
	var threads sync.WaitGroup
	side := func(in, out int, first bool) {
		runtime.LockOSThread()
		toFirstCPU(t)
		done := ready()
		buf := []byte{1}
		if first {
			must(unix.Write(out, buf))
		}
		for range n {
			must(unix.Read(in, buf))
			must(unix.Write(out, buf))
		}
		done()
	}
	threads.Go(func() { side(a[0], b[1], true) })
	threads.Go(func() { side(b[0], a[1], false) })
	threads.Wait()
	for _, fd := range [...]int{a[0], a[1], b[0], b[1]} {
		require.NoError(t, unix.Close(fd))
	}
}

func must(n int, err error) {
	if n != 1 || err != nil {
		panic(err)
	}
}

// toFirstCPU binds the thread to the first CPU it may use.
func toFirstCPU(t testing.TB) {
	var mask, one unix.CPUSet
	require.NoError(t, unix.SchedGetaffinity(0, &mask))
	cpu := 0
	for !mask.IsSet(cpu) {
		cpu++
	}
	one.Set(cpu)
	require.NoError(t, unix.SchedSetaffinity(0, &one))
}

// measured reports ns per run of a program, by the kernel's own statistics, which cost some 20 ns themselves.
func measured(t testing.TB, p *ebpf.Program) func() float64 {
	read := func() (uint64, float64) {
		st, err := p.Stats()
		require.NoError(t, err)
		return st.RunCount, float64(st.Runtime)
	}
	count, ns := read()
	return func() float64 {
		c, n := read()
		return (n - ns) / float64(c-count)
	}
}

// BenchmarkPrograms measures the switch and the wakeup program where each switch leaves one registered thread for another.
func BenchmarkPrograms(b *testing.B) {
	s, err := Open(Config{})
	if err != nil {
		b.Skip(err)
	}
	defer s.Close()
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	require.NoError(b, err)
	defer stats.Close()
	o := &s.(*source).objects
	onSwitch, onWakeup := measured(b, o.SedaSwitch), measured(b, o.SedaWakeup)
	pingPong(b, b.N, func() func() {
		th, err := s.Register()
		require.NoError(b, err)
		return func() { require.NoError(b, th.Close()) }
	})
	b.ReportMetric(onSwitch(), "switch-ns")
	b.ReportMetric(onWakeup(), "wakeup-ns")
}

// BenchmarkPingPong is what the programs cost two threads that do nothing but wake each other: those registered, those of a process in which none
// is, and without programs.
func BenchmarkPingPong(b *testing.B) {
	nothing := func() func() { return func() {} }
	b.Run("off", func(b *testing.B) { pingPong(b, b.N, nothing) })
	s, err := Open(Config{})
	if err != nil {
		b.Skip(err)
	}
	defer s.Close()
	b.Run("foreign", func(b *testing.B) { pingPong(b, b.N, nothing) })
	b.Run("registered", func(b *testing.B) {
		pingPong(b, b.N, func() func() {
			th, err := s.Register()
			require.NoError(b, err)
			return func() { require.NoError(b, th.Close()) }
		})
	})
}

func BenchmarkThread(b *testing.B) {
	s, err := Open(Config{})
	if err != nil {
		b.Skip(err)
	}
	defer s.Close()
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(b, err)
		now := probes.Now()
		var v probes.Values
		var sv probes.StageValues
		b.Run("Read", func(b *testing.B) {
			for b.Loop() {
				th.Read(now, &v)
			}
		})
		b.Run("AddStage", func(b *testing.B) {
			for b.Loop() {
				th.AddStage(1, &sv)
			}
		})
		b.Run("Word", func(b *testing.B) {
			for b.Loop() {
				th.Word().Store(1)
			}
		})
		require.NoError(b, th.Close())
	})
}
