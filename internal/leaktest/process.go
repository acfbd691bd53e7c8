package leaktest

import (
	"bufio"
	"bytes"
	"cmp"
	"os"
	"runtime"
	"slices"
	"strings"
)

// once are functions of goroutines that the standard library starts on first
// use and that never end.
var once = []string{
	"os/signal.loop(",
	"os/signal.signal_recv(",
	"runtime.ensureSigM",
}

// goroutines returns the stacks of all goroutines but the calling one and those
// listed in once, by their ids.
func goroutines() map[string]string {
	buf := make([]byte, 1<<16)
	for {
		n := runtime.Stack(buf, true)
		if n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	stacks := strings.Split(strings.TrimSpace(string(buf)), "\n\n")
	for _, stack := range stacks[1:] { // the first is the caller's
		own := slices.ContainsFunc(once, func(f string) bool { return strings.Contains(stack, f) })
		if id, _, ok := strings.Cut(strings.TrimPrefix(stack, "goroutine "), " "); ok && !own {
			all[id] = stack
		}
	}
	return all
}

// threadMasks returns the CPUs each thread of the process may run on, as a list
// such as 0-3, by thread id. It is empty where there is no /proc.
func threadMasks() map[string]string {
	all := map[string]string{}
	for _, tid := range list("/proc/self/task") {
		status, err := os.ReadFile("/proc/self/task/" + tid + "/status")
		if err != nil {
			continue // it ended since it was listed
		}
		for lines := bufio.NewScanner(bytes.NewReader(status)); lines.Scan(); {
			if cpus, ok := strings.CutPrefix(lines.Text(), "Cpus_allowed_list:"); ok {
				all[tid] = strings.TrimSpace(cpus)
			}
		}
	}
	return all
}

// descriptors returns what each open descriptor refers to, by its number. It is
// empty where there is no /proc.
func descriptors() map[string]string {
	all := map[string]string{}
	for _, fd := range list("/proc/self/fd") {
		// The descriptor that read the directory is closed by now: no target.
		if target, err := os.Readlink("/proc/self/fd/" + fd); err == nil {
			all[fd] = target
		}
	}
	return all
}

// startPoller makes the runtime create its network poller, whose descriptors
// then stay for the life of the process.
func startPoller() {
	if r, w, err := os.Pipe(); err == nil {
		_ = r.Close()
		_ = w.Close()
	}
}

func list(dir string) []string {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}

// sortedKeys orders numeric keys: shorter ones first.
func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
	})
	return keys
}
