//go:build linux && (amd64 || arm64)

package bpf

import (
	"errors"
	"os"
	"unsafe"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// sampler lets a program run on a thread, so often per second of its time on a CPU. It needs no hardware counters. The descriptor is the
// sampler: closing it ends it.
func sampler(tid, rate int, p *ebpf.Program) (fd int, err error) {
	attr := unix.PerfEventAttr{
		Type: unix.PERF_TYPE_SOFTWARE, Config: unix.PERF_COUNT_SW_CPU_CLOCK, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})),
		Sample: uint64(period(rate)), Bits: unix.PerfBitDisabled,
	}
	const anyCPU, noGroup = -1, -1
	fd, err = unix.PerfEventOpen(&attr, tid, anyCPU, noGroup, unix.PERF_FLAG_FD_CLOEXEC)
	if errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) { // capabilities were dropped: what it does in the kernel is then not seen
		attr.Bits |= unix.PerfBitExcludeKernel
		fd, err = unix.PerfEventOpen(&attr, tid, anyCPU, noGroup, unix.PERF_FLAG_FD_CLOEXEC)
	}
	if err != nil {
		return -1, os.NewSyscallError("perf_event_open", err)
	}
	err = os.NewSyscallError("PERF_EVENT_IOC_SET_BPF", unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_SET_BPF, p.FD()))
	if err == nil {
		err = os.NewSyscallError("PERF_EVENT_IOC_ENABLE", unix.IoctlSetInt(fd, unix.PERF_EVENT_IOC_ENABLE, 0))
	}
	if err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}
