// Package bpf runs programs in the Linux kernel's scheduler that count what it
// does to registered threads: time on a CPU, asleep, in the run queue and
// preempted, switches, migrations, who took the CPU, and all time off the CPU by
// what the thread was at. It is a probes.Source.
//
// It needs Linux 5.18 with BTF, CAP_BPF and CAP_PERFMON, when it is opened; not
// for what comes later.
//
// A thread registers by running a program itself, so no id has to be translated,
// and the kernel forgets about it when it ends. Threads of other processes cost
// the time that it takes to see that they are. Counters are in memory that the
// process and the kernel share: reading them makes no system call, and finds
// them consistent by a sequence number. So does telling the stage, which is a
// store into a line that the kernel reads when the thread leaves its CPU.
//
// OpenStacks keeps where threads were, off their CPUs and on them, by programs that
// are loaded then: package profile makes profiles of that.
//
// With Config.Pin maps and programs can be looked at with bpftool: see
// docs/probes.md.
//
// The C file is compiled by go generate, with clang and the headers of libbpf;
// what comes out is part of the repository.
package bpf
