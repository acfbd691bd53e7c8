package main

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/probes"
)

// Nothing is measured for somebody who would come with bpftool and find nothing.
func TestPinsThatCannotBe(t *testing.T) {
	args := append([]string{"--arch", "staged", "--probes", "auto", "--pin", t.TempDir()}, quick...)
	leaktest.OnThread(func() { // it ends with its capabilities
		var none [2]unix.CapUserData
		require.NoError(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
		why := probes.SystemFacts().BPF()
		code, out, errs := sedabench(t, args...)
		require.Equal(t, exitFailed, code)
		require.Empty(t, out)
		require.Equal(t, "sedabench: --pin: "+why.Error()+": "+why.Remedy()+"\n", errs)
	})
	withPrograms(t)
	code, out, errs := sedabench(t, args...)
	require.Equal(t, exitFailed, code)
	require.Empty(t, out)
	require.Contains(t, errs, "sedabench: --pin: bpf: nothing is pinned: ")
	require.Contains(t, errs, " is not a bpf file system: ")
}
