package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/seda-go/seda/affinity"
)

// printMachine says where the figures were measured and from what.
func printMachine(out io.Writer) {
	fmt.Fprintf(out, "# %s, %s %s/%s, %d CPUs, GOMAXPROCS %d\n",
		field("/proc/cpuinfo", "model name", "unknown CPU"), runtime.Version(), runtime.GOOS, runtime.GOARCH,
		runtime.NumCPU(), runtime.GOMAXPROCS(0))
	kernel, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		kernel = []byte("unknown")
	}
	fmt.Fprintf(out, "# kernel %s, commit %s\n", strings.TrimSpace(string(kernel)), commit())
	if wanted := os.Getenv("RINGS_NEAR"); wanted != "" { // see bench/peers/rings
		fmt.Fprintf(out, "# rings: before each cell waited, for a while, for CPUs no farther apart than %s\n", wanted)
	}
	near, far, err := twoCPUs()
	if err != nil {
		return
	}
	cores := "whose cores are unknown"
	if topo, _, err := affinity.System(); err == nil {
		if cores = "of two cores"; topo.Siblings(near).Has(far) {
			cores = "of one core"
		}
	}
	fmt.Fprintf(out, "# pinned threads and pipelines on CPUs %d and %d, %s\n", near, far, cores)
}

// printLoad says how many threads wanted to run lately, where the system tells: over 1, 5 and 15 minutes.
func printLoad(out io.Writer, when string) {
	load, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return
	}
	if fields := strings.Fields(string(load)); len(fields) >= 3 {
		fmt.Fprintf(out, "# %s: load %s\n", when, strings.Join(fields[:3], " "))
	}
}

// printDistance says how far apart the two CPUs are, where there is a C compiler to measure it. A hypervisor may move virtual CPUs while they run: on
// one machine it was 110 ns at one time and 560 at another, and whatever goes from core to core took as much longer.
func printDistance(ctx context.Context, out io.Writer, when string) {
	if ns, err := pingpong(ctx); err == nil {
		fmt.Fprintf(out, "# %s: a cache line goes to the other CPU and back in %s ns\n", when, number(ns))
	}
}

// field returns the value of the first line "key : value" of file.
func field(file, key, otherwise string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return otherwise
	}
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if k, v, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(k) == key {
			return strings.TrimSpace(v)
		}
	}
	return otherwise
}

func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
