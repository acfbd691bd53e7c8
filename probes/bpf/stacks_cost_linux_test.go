//go:build amd64 || arm64

package bpf

import (
	"fmt"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/internal/leaktest"
)

// BenchmarkStacks is what keeping stacks costs, where each switch leaves one registered thread for another: the source's own program, and that of stacks,
// by the kernel's own statistics.
func BenchmarkStacks(b *testing.B) {
	s, err := Open(Config{})
	if err != nil {
		b.Skip(err)
	}
	defer s.Close()
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	require.NoError(b, err)
	defer stats.Close()
	watched := func() func() {
		th, err := s.Register()
		require.NoError(b, err)
		return func() { require.NoError(b, th.Close()) }
	}
	b.Run("off", func(b *testing.B) {
		onSwitch := measured(b, s.(*source).objects.SedaSwitch)
		pingPong(b, b.N, watched)
		b.ReportMetric(onSwitch(), "switch-ns")
	})
	for _, kernel := range []bool{false, true} {
		b.Run(fmt.Sprintf("kernel=%v", kernel), func(b *testing.B) {
			st, err := OpenStacks(s, StackConfig{OffCPU: true, Kernel: kernel})
			require.NoError(b, err)
			onSwitch, more := measured(b, s.(*source).objects.SedaSwitch), measured(b, st.(*stacks).objects.SedaOff)
			pingPong(b, b.N, watched)
			b.ReportMetric(onSwitch(), "switch-ns")
			b.ReportMetric(more(), "stacks-ns")
			require.NoError(b, st.Close())
		})
	}
}

// BenchmarkSample is what a sample costs.
func BenchmarkSample(b *testing.B) {
	s, err := Open(Config{})
	if err != nil {
		b.Skip(err)
	}
	defer s.Close()
	stats, err := ebpf.EnableStats(uint32(unix.BPF_STATS_RUN_TIME))
	require.NoError(b, err)
	defer stats.Close()
	st, err := OpenStacks(s, StackConfig{Rate: 4999, Kernel: true})
	require.NoError(b, err)
	defer st.Close()
	onSample := measured(b, st.(*stacks).objects.SedaOn)
	leaktest.OnThread(func() {
		th, err := s.Register()
		require.NoError(b, err)
		for b.Loop() {
			spinLong()
		}
		require.NoError(b, th.Close())
	})
	b.ReportMetric(onSample(), "sample-ns")
	list, err := st.Read()
	require.NoError(b, err)
	require.NotEmpty(b, list)
}
