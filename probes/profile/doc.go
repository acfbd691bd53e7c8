// Package profile makes profiles for pprof of the stacks that package bpf keeps:
// where threads were when they left their CPUs, how long they were off, and why;
// and where they were on them, by samples. Samples are labelled with the stage
// and the worker, those of time off the CPU with the reason too.
//
//	source, err := bpf.Open(bpf.Config{})
//	stacks, err := bpf.OpenStacks(source, bpf.StackConfig{OffCPU: true, Rate: 199})
//	...                              // threads register, and work
//	list, err := stacks.Read()
//	profile.OffCPU(list, profile.Config{}).Write(file)
//
// Addresses of the program are named by its own tables, with frames that were
// inlined; those of the kernel by /proc/kallsyms, where it may be read.
package profile
