package probes

// A Stack is where a thread was, at one stage, and what became of it there. On the CPU that is known by samples, off the CPU exactly.
type Stack struct {
	Thread int    // its id, as the process that registered it sees it
	Stage  uint32 // its word

	// Addresses, the innermost first: that of the next instruction, then those that calls return to. Frames without a frame pointer are missing, and
	// what called a function that has none, such as a system call's.
	User, Kernel []uint64

	Blocked     int64 // ns asleep
	RunQueue    int64 // ns from being woken to running
	Preempted   int64 // ns
	Sleeps      uint64
	Preemptions uint64
	Samples     uint64 // in which it was found on the CPU
}

// Lost is what there was no room for.
type Lost struct {
	Pauses  uint64 // times off the CPU
	Time    int64  // ns of those
	Samples uint64
}
