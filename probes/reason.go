package probes

import (
	"errors"
	"strconv"
)

// Reason says why something is not known. As an error it can be wrapped by those that have more to tell; ReasonOf finds it again.
type Reason uint8

// The reasons.
const (
	Known         Reason = iota // nothing is missing
	NotAsked                    // no source was asked for it
	NotLinux                    // the system is not Linux, or the architecture is not supported
	NoProc                      // /proc is not mounted, or the file is not in it
	OldKernel                   // the kernel lacks the feature
	NoBTF                       // the kernel does not describe its types
	UserNamespace               // what the process may do counts in its user namespace only
	NoCapBPF                    // it lacks CAP_BPF
	NoCapPerfmon                // it lacks CAP_PERFMON
	Lockdown                    // the kernel is locked down
	Paranoid                    // kernel.perf_event_paranoid forbids it
	Denied                      // the kernel refused although capabilities allow it: seccomp, or a security module
	Rejected                    // the kernel's verifier rejected a program
	NoPMU                       // the machine has no counters for hardware events, or its hypervisor does not show them
	NoEvent                     // the counters do not count that event
	Exhausted                   // no file descriptors, memory or slots left

	reasonCount
)

// reasons says what each means, and what to do about it.
var reasons = [reasonCount]struct{ what, remedy string }{
	Known:         {"known", ""},
	NotAsked:      {"no source was asked for it", "use the sources that are on by default"},
	NotLinux:      {"there is no source for this system", "run on Linux, on amd64 or arm64"},
	NoProc:        {"/proc does not show it", "mount /proc, and let the process see its own threads"},
	OldKernel:     {"the kernel is too old", "run Linux 5.18 or later"},
	NoBTF:         {"/sys/kernel/btf/vmlinux is missing", "run a kernel with CONFIG_DEBUG_INFO_BTF=y, and mount /sys"},
	UserNamespace: {"capabilities of a user namespace do not count", "run in the initial user namespace, as root or with CAP_BPF and CAP_PERFMON"},
	NoCapBPF:      {"CAP_BPF is missing", "setcap cap_bpf,cap_perfmon=ep on the program, or --cap-add BPF --cap-add PERFMON for a container"},
	NoCapPerfmon:  {"CAP_PERFMON is missing", "setcap cap_bpf,cap_perfmon=ep on the program, or --cap-add BPF --cap-add PERFMON for a container"},
	Lockdown:      {"the kernel is locked down", "boot without lockdown=confidentiality"},
	Paranoid:      {"kernel.perf_event_paranoid forbids it", "sysctl kernel.perf_event_paranoid=2, or give the program CAP_PERFMON"},
	Denied:        {"refused although capabilities allow it", "allow bpf and perf_event_open in the seccomp profile, or in the security module"},
	Rejected:      {"the kernel's verifier rejected a program", "report it with the log and the kernel's version"},
	NoPMU:         {"there are no hardware counters", "run on bare metal, or let the hypervisor show its performance-monitoring unit"},
	NoEvent:       {"the hardware does not count it", "nothing: this processor has no such event"},
	Exhausted:     {"file descriptors, memory or slots ran out", "raise ulimit -n, or the source's number of threads"},
}

// Error says what is missing.
func (r Reason) Error() string {
	if r < reasonCount {
		return reasons[r].what
	}
	return "reason " + strconv.Itoa(int(r))
}

// Remedy says what to do about it.
func (r Reason) Remedy() string {
	if r < reasonCount {
		return reasons[r].remedy
	}
	return ""
}

// ReasonOf returns the Reason that err wraps; Denied, if it wraps none, and Known for nil.
func ReasonOf(err error) Reason {
	if err == nil {
		return Known
	}
	if r := Reason(0); errors.As(err, &r) {
		return r
	}
	return Denied
}
