// Package arch has the ways to build a service that sedabench compares: the
// staged engine of this module, and what one would otherwise write. All run
// the same handler code, on the same number of CPUs, with queues that hold the
// same number of requests in all, and refuse what does not fit. Each is meant
// to be as good as an expert would make it; what is held equal and what is not
// is told in docs/methodology.md.
package arch
