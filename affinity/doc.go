// Package affinity knows the machine's CPUs: which there are, how they share
// cores, caches and memory, which of them the process may use, in what order to
// fill them, and how to bind a thread to one.
//
// A Set is a set of CPU ids. ReadTopology reads a Topology, and ReadLimits the
// cgroup's cpuset and quota, from a file system such as os.DirFS("/"), a
// capture of another machine, or one made by hand; System reads both from this
// machine. Topology.Place orders CPUs by a policy: one of each cache in turn,
// or close together. Allowed, Pin, PinSet and Current call the kernel for the
// calling thread, AllowedOf and PinThread for another one of the process.
//
//	topo, limits, err := affinity.System()
//	allowed, err := affinity.Allowed()
//	order := topo.Place(allowed, affinity.Spread)
//
//	runtime.LockOSThread() // first, and for the rest of the goroutine's life
//	err = affinity.Pin(order[0])
//
// Reading needs no privilege. Files that a kernel, an architecture or a
// container may lack are optional, and what is assumed without them is said at
// the field they fill; a file that is there and makes no sense is an error that
// names it and quotes what it holds.
//
// Sets, topologies and limits are immutable and safe for concurrent use. Only
// Linux has the files and the calls; elsewhere the calls return
// ErrNotSupported and parsing still works.
package affinity
