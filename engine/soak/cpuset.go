//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seda-go/seda/affinity"
)

// cpuset is a control group whose CPUs the keeper changes.
type cpuset struct{ dir string }

var errNoCPUSets = errors.New("no cpuset hierarchy is mounted")

// newCPUSet puts a process into a cpuset of its own, which has all CPUs that the keeper may use. Most users may not do that.
func newCPUSet(pid int) (c cpuset, err error) {
	all, err := affinity.Allowed()
	if err != nil {
		return c, err
	}
	top, mems := cpusets()
	if top == "" {
		return c, errNoCPUSets
	}
	nodes, err := os.ReadFile(filepath.Join(top, mems))
	if err != nil {
		return c, err
	}
	c.dir = filepath.Join(top, fmt.Sprintf("seda-soak-%d", pid))
	if err := os.Mkdir(c.dir, 0o700); err != nil {
		return c, err
	}
	return c, errors.Join(c.write("cpuset.mems", strings.TrimSpace(string(nodes))), c.set(all.String()), c.write("cgroup.procs", fmt.Sprint(pid)))
}

// set changes the CPUs, which the kernel applies to every thread.
func (c cpuset) set(cpus string) error { return c.write("cpuset.cpus", cpus) }

func (c cpuset) write(file, text string) error {
	return os.WriteFile(filepath.Join(c.dir, file), []byte(text), 0)
}

// remove is for when the process has ended.
func (c cpuset) remove() {
	if c.dir != "" {
		_ = os.Remove(c.dir)
	}
}

// cpusets returns where the hierarchy with the cpuset controller is mounted, of either version, and the file that names its memory nodes.
func cpusets() (dir, mems string) {
	mounts, _ := os.ReadFile("/proc/self/mounts")
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		switch {
		case f[2] == "cgroup" && slices.Contains(strings.Split(f[3], ","), "cpuset"):
			return f[1], "cpuset.mems"
		case f[2] == "cgroup2":
			handedDown, _ := os.ReadFile(filepath.Join(f[1], "cgroup.subtree_control"))
			if slices.Contains(strings.Fields(string(handedDown)), "cpuset") {
				return f[1], "cpuset.mems.effective"
			}
		}
	}
	return "", ""
}
