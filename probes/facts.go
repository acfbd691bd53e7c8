package probes

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// Facts is what decides which sources can be opened, as the kernel tells it.
type Facts struct {
	Major, Minor  int    // version of the kernel; 0: not Linux, or without /proc
	Capabilities  uint64 // that are effective for the calling thread, by bit
	UserNamespace bool   // and count only within it
	BTF           bool   // the kernel describes its types
	Lockdown      string // none, integrity or confidentiality
	Paranoid      int    // kernel.perf_event_paranoid
	PMU           bool   // there are hardware counters
}

// Capabilities, as in linux/capability.h.
const (
	capSysAdmin = 21
	capPerfmon  = 38
	capBPF      = 39
)

// SystemFacts returns those of this machine and the calling thread.
func SystemFacts() Facts { return ReadFacts(os.DirFS("/")) }

// ReadFacts reads them from a file system: that of a machine, or one made by hand. A file that is missing is a fact too.
func ReadFacts(root fs.FS) Facts {
	f := Facts{Lockdown: "none", Paranoid: 2}
	_, _ = fmt.Sscanf(read(root, "proc/sys/kernel/osrelease"), "%d.%d", &f.Major, &f.Minor)
	for line := range strings.Lines(read(root, "proc/thread-self/status")) {
		if mask, ok := strings.CutPrefix(line, "CapEff:"); ok {
			f.Capabilities, _ = strconv.ParseUint(strings.TrimSpace(mask), 16, 64)
		}
	}
	ids := strings.Fields(read(root, "proc/self/uid_map"))
	f.UserNamespace = len(ids) > 0 && strings.Join(ids, " ") != "0 0 4294967295"
	_, err := fs.Stat(root, "sys/kernel/btf/vmlinux")
	f.BTF = err == nil
	if _, mode, ok := strings.Cut(read(root, "sys/kernel/security/lockdown"), "["); ok {
		f.Lockdown, _, _ = strings.Cut(mode, "]")
	}
	if level, err := strconv.Atoi(strings.TrimSpace(read(root, "proc/sys/kernel/perf_event_paranoid"))); err == nil {
		f.Paranoid = level
	}
	units, _ := fs.ReadDir(root, "sys/bus/event_source/devices")
	for _, u := range units {
		f.PMU = f.PMU || strings.HasPrefix(u.Name(), "cpu") || strings.Contains(u.Name(), "pmu")
	}
	return f
}

func read(root fs.FS, name string) string {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return ""
	}
	return string(text)
}

func (f Facts) atLeast(major, minor int) bool {
	return f.Major > major || f.Major == major && f.Minor >= minor
}

// capable reports whether the thread has a capability, or the one it was part of before 5.8.
func (f Facts) capable(bit int) bool {
	return (f.Capabilities>>bit|f.Capabilities>>capSysAdmin)&1 == 1
}

// BPF says why programs of package bpf cannot be loaded, or Known. They need 5.18: since then sched_switch tells in which state a thread left.
func (f Facts) BPF() Reason {
	switch {
	case f.Major == 0:
		return f.foreign()
	case !f.atLeast(5, 18):
		return OldKernel
	case f.Lockdown == "confidentiality":
		return Lockdown
	case !f.capable(capBPF):
		return NoCapBPF
	case !f.capable(capPerfmon):
		return NoCapPerfmon
	case f.UserNamespace:
		return UserNamespace
	case !f.BTF:
		return NoBTF
	}
	return Known
}

// Perf says why perf_event_open cannot watch the process's own threads in user mode, or Known. Above 2 the level of paranoia is Debian's.
func (f Facts) Perf() Reason {
	switch {
	case f.Major == 0:
		return f.foreign()
	case f.Paranoid > 2 && (!f.capable(capPerfmon) || f.UserNamespace):
		return Paranoid
	}
	return Known
}

// Counters says why hardware counters cannot be read, or Known.
func (f Facts) Counters() Reason {
	if r := f.Perf(); r != Known {
		return r
	}
	if !f.PMU {
		return NoPMU
	}
	return Known
}

func (f Facts) foreign() Reason {
	if onLinux {
		return NoProc
	}
	return NotLinux
}
