// Package probes says what the kernel did to threads: how long each was on a
// CPU, asleep, waiting for a CPU after it was woken, and waiting because another
// thread took its CPU; how often, and whose; and what the hardware counted.
//
// A Source provides some of these Metrics. Package procfs reads them from /proc
// and needs no privilege, package perf counts events, package bpf runs programs
// in the kernel, knows the most and needs CAP_BPF and CAP_PERFMON. Climb opens
// the best there is of each metric. It never fails for lack of privilege: a
// Report says where each metric comes from, and why it is missing.
//
//	source := probes.Climb(bpf.Step(bpf.Config{}), perf.Step(), procfs.Step())
//	defer source.Close()
//	fmt.Print(probes.ReportOf(source))
//
//	runtime.LockOSThread()
//	thread, err := source.Register() // the calling thread
//	thread.Word().Store(3)           // from now on it is at stage 3
//
//	var v probes.Values
//	thread.Read(probes.Now(), &v) // from anywhere
//
// A thread says what it is at by a store into its Word. Programs in the kernel
// charge the time it is off the CPU to that stage: exactly, since a thread that
// is off the CPU changes nothing. How long it was at a stage only the thread
// knows, so the time on the CPU by stage is that less the time off the CPU.
//
// Sources are safe for concurrent use. This package links the standard library
// alone; a program that does not import package bpf does not link eBPF.
package probes
