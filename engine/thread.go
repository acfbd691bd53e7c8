package engine

import (
	"bytes"
	"strconv"
	"time"
)

// threadStatus is what the kernel says of a thread in /proc.
type threadStatus struct {
	asleep    bool   // it waits for something other than a CPU
	voluntary uint64 // times it went to sleep by itself
}

// parseStatus reads the text of /proc/self/task/<tid>/status.
func parseStatus(text []byte) (st threadStatus, ok bool) {
	state, ok := field(text, "\nState:\t")
	if !ok {
		return st, false
	}
	count, ok := field(text, "\nvoluntary_ctxt_switches:\t")
	if !ok {
		return st, false
	}
	n, err := strconv.ParseUint(string(count), 10, 64)
	return threadStatus{asleep: state[0] == 'S' || state[0] == 'D', voluntary: n}, err == nil
}

// field returns what follows name on its line, which is at least one byte long and ended.
func field(text []byte, name string) (value []byte, ok bool) {
	_, rest, _ := bytes.Cut(text, []byte(name))
	value, _, ok = bytes.Cut(rest, []byte("\n"))
	return value, ok && len(value) > 0
}

// parseOnCPU reads the time on a CPU out of the text of /proc/self/task/<tid>/schedstat.
func parseOnCPU(text []byte) (time.Duration, bool) {
	first, _, _ := bytes.Cut(text, []byte(" "))
	ns, err := strconv.ParseInt(string(first), 10, 64)
	return time.Duration(ns), err == nil
}
