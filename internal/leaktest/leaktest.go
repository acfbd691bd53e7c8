package leaktest

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// grace is how long Main waits for what is ending to be gone. It is only spent
// in full when something has leaked.
const grace = 5 * time.Second

// Main runs the tests of m and exits the process, with status 1 when they
// passed but left something behind, which it then prints to standard error. It
// must be called by TestMain, and nothing after it runs.
func Main(m *testing.M) {
	before := take()
	code := m.Run()
	if code == 0 && !fuzzing() {
		if leaks := wait(before, grace); len(leaks) > 0 {
			fmt.Fprintf(os.Stderr, "leaktest: left behind by the tests:\n\n%s\n", strings.Join(leaks, "\n\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// snapshot is what exists in the process at one moment.
type snapshot struct {
	goroutines map[string]string // id to stack
	masks      map[string]bool   // CPU affinities in use by any thread
	fds        map[string]string // number to what it refers to
}

func take() snapshot {
	startPoller()
	s := snapshot{goroutines: goroutines(), masks: map[string]bool{}, fds: descriptors()}
	for _, mask := range threadMasks() {
		s.masks[mask] = true
	}
	return s
}

// wait returns what exists now and not in before, after polling until there is
// nothing or the time is up.
func wait(before snapshot, limit time.Duration) []string {
	deadline := time.Now().Add(limit)
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		leaks := before.compare()
		if len(leaks) == 0 || time.Now().After(deadline) {
			return leaks
		}
		time.Sleep(pause)
	}
}

// compare lists what exists now and not in s, in a stable order.
func (s snapshot) compare() []string {
	var leaks []string
	stacks := goroutines()
	for _, id := range sortedKeys(stacks) {
		if _, ok := s.goroutines[id]; !ok {
			leaks = append(leaks, stacks[id])
		}
	}
	masks := threadMasks()
	for _, tid := range sortedKeys(masks) {
		if !s.masks[masks[tid]] {
			leaks = append(leaks, fmt.Sprintf("thread %s: runs only on CPUs %s, and no thread did before the tests", tid, masks[tid]))
		}
	}
	fds := descriptors()
	for _, fd := range sortedKeys(fds) {
		if s.fds[fd] != fds[fd] && !ofTesting(fds[fd]) {
			leaks = append(leaks, fmt.Sprintf("descriptor %s: open on %s", fd, fds[fd]))
		}
	}
	return leaks
}

func fuzzing() bool {
	return flagValue("test.fuzz") != "" || flagValue("test.fuzzworker") == "true"
}

// ofTesting reports whether target is a file that package testing opens for a
// profile and leaves open.
func ofTesting(target string) bool {
	for _, name := range []string{"test.cpuprofile", "test.trace"} {
		if file := flagValue(name); file != "" && strings.HasSuffix(target, strings.TrimPrefix(file, ".")) {
			return true
		}
	}
	return false
}

func flagValue(name string) string {
	if f := flag.Lookup(name); f != nil {
		return f.Value.String()
	}
	return ""
}
