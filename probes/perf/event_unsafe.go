//go:build linux

package perf

import (
	"errors"
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/probes"
)

// event is what perf_event_open calls one metric.
type event struct {
	metric probes.Metric
	kind   uint32
	config uint64
	kernel bool // it happens in the kernel only
}

// events lists them by group.
var events = [][]event{
	{
		{metric: probes.PageFaults, kind: unix.PERF_TYPE_SOFTWARE, config: unix.PERF_COUNT_SW_PAGE_FAULTS},
		{metric: probes.Migrations, kind: unix.PERF_TYPE_SOFTWARE, config: unix.PERF_COUNT_SW_CPU_MIGRATIONS, kernel: true},
	},
	{
		{metric: probes.Cycles, kind: unix.PERF_TYPE_HARDWARE, config: unix.PERF_COUNT_HW_CPU_CYCLES},
		{metric: probes.Instructions, kind: unix.PERF_TYPE_HARDWARE, config: unix.PERF_COUNT_HW_INSTRUCTIONS},
		{metric: probes.CacheMisses, kind: unix.PERF_TYPE_HARDWARE, config: unix.PERF_COUNT_HW_CACHE_MISSES},
		{metric: probes.TLBMisses, kind: unix.PERF_TYPE_HW_CACHE, config: unix.PERF_COUNT_HW_CACHE_DTLB |
			unix.PERF_COUNT_HW_CACHE_OP_READ<<8 | unix.PERF_COUNT_HW_CACHE_RESULT_MISS<<16},
		{metric: probes.Stalled, kind: unix.PERF_TYPE_HARDWARE, config: unix.PERF_COUNT_HW_STALLED_CYCLES_BACKEND},
	},
}

// open begins to count e in the calling thread. leader is a descriptor of the group, or -1 for its first event.
func (e event) open(leader int) (int, error) {
	attr := unix.PerfEventAttr{
		Type: e.kind, Config: e.config, Size: uint32(unsafe.Sizeof(unix.PerfEventAttr{})), Bits: unix.PerfBitExcludeHv,
		Read_format: unix.PERF_FORMAT_GROUP | unix.PERF_FORMAT_TOTAL_TIME_ENABLED | unix.PERF_FORMAT_TOTAL_TIME_RUNNING,
	}
	const self, anyCPU = 0, -1
	fd, err := unix.PerfEventOpen(&attr, self, anyCPU, leader, unix.PERF_FLAG_FD_CLOEXEC)
	if err == nil || !refused(err) {
		return fd, e.explain(err)
	}
	if e.kernel {
		return -1, fmt.Errorf("perf: %v: %w", e.metric, probes.NoCapPerfmon)
	}
	attr.Bits |= unix.PerfBitExcludeKernel
	fd, err = unix.PerfEventOpen(&attr, self, anyCPU, leader, unix.PERF_FLAG_FD_CLOEXEC)
	return fd, e.explain(err)
}

func refused(err error) bool { return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM) }

// explain finds the reason in the facts and in the error's number.
func (e event) explain(err error) error {
	if err == nil {
		return nil
	}
	facts, why := probes.SystemFacts(), probes.Denied
	switch {
	case refused(err):
		if r := facts.Perf(); r != probes.Known {
			why = r
		}
	case errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) || errors.Is(err, unix.ENOMEM):
		why = probes.Exhausted
	case errors.Is(err, unix.ENOSYS):
		why = probes.OldKernel
	case !facts.PMU:
		why = probes.NoPMU
	default: // ENOENT, EOPNOTSUPP, ENODEV; EINVAL where the group is more than the processor can count at once
		why = probes.NoEvent
	}
	return fmt.Errorf("perf: %v: %w: %w", e.metric, why, err)
}
