//go:build amd64 || arm64

package bpf

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/cilium/ebpf/asm"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/internal/leaktest"
	"github.com/seda-go/seda/probes"
)

// A thread that finds no room in the index is told so, and the source works on for others.
func TestFullIndex(t *testing.T) {
	s := openSource(t, Config{})
	index := s.mu.memory.index
	for i := range index {
		index[i].tid.Store(1<<30 + uint32(i)) // more than any thread has
	}
	leaktest.OnThread(func() {
		_, err := s.Register()
		require.ErrorIs(t, err, probes.Exhausted)
		require.ErrorIs(t, err, unix.ENOSPC)
	})
	for i := range index {
		index[i].tid.Store(0)
	}
	registered(t, s, func(th probes.Thread) { require.True(t, th.Read(probes.Now(), new(probes.Values))) })
}

// What the verifier says of a program that it does not take is shown, with the kernel's version.
func TestRejectedProgram(t *testing.T) {
	openSource(t, Config{}) // or skip
	spec, err := loadKernel()
	require.NoError(t, err)
	spec.Programs[kernelProgSedaWakeup].Instructions = asm.Instructions{asm.Return()} // without a value
	var o kernelObjects
	err = explain(spec.LoadAndAssign(&o, nil))
	require.ErrorIs(t, err, probes.Rejected)
	require.ErrorContains(t, err, "R0 !read_ok")
	require.ErrorContains(t, err, "kernel "+release())
}

// The kernel's ids of threads are not those that a process in a pid namespace sees, where it is process 1: nothing depends on them.
func TestInPidNamespace(t *testing.T) {
	openSource(t, Config{}) // or skip
	cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^TestStages$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWPID}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: TestStages")
}

// What could not be had on a thread without capabilities can be had on another one later: nothing of the refusal is remembered. Other tests have asked
// before, so that takes a process of its own.
func TestRefusalIsNotRemembered(t *testing.T) {
	if os.Getenv("SEDA_TEST_REFUSED_FIRST") == "" {
		openSource(t, Config{}) // or skip
		cmd := exec.Command(os.Args[0], "-test.v", "-test.run=^"+t.Name()+"$")
		cmd.Env = append(os.Environ(), "SEDA_TEST_REFUSED_FIRST=1")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: "+t.Name())
		return
	}
	leaktest.OnThread(func() { // it ends with its capabilities
		var none [2]unix.CapUserData
		require.NoError(t, unix.Capset(&unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, &none[0]))
		_, err := Open(Config{})
		require.ErrorIs(t, err, probes.NoCapBPF)
	})
	stacks, err := OpenStacks(openSource(t, Config{}), StackConfig{OffCPU: true})
	require.NoError(t, err)
	_, err = stacks.Lost() // is read from memory that the kernel shares
	require.NoError(t, err)
	require.NoError(t, stacks.Close())
}
