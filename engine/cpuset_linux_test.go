package engine

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/seda-go/seda/affinity"
)

// cpuset is a control group that the test process is in, and whose CPUs the test may change.
type cpuset struct{ dir string }

// newCPUSet puts the test process into a cpuset of its own, with all CPUs that it has now, until the test ends. It skips the test where the
// system has no cpuset hierarchy, or does not let this user make one; where it should work and does not, the test fails.
func newCPUSet(t *testing.T) cpuset {
	t.Helper()
	all, err := affinity.Allowed()
	require.NoError(t, err)
	if all.Len() < 2 {
		t.Skip("needs two CPUs, to take one away")
	}
	root, v2 := cpusetRoot(t)
	if root == "" {
		t.Skip("no cpuset hierarchy is mounted")
	}
	home := filepath.Join(root, own(t, v2))
	c := cpuset{filepath.Join(root, fmt.Sprintf("seda-test-%d", os.Getpid()))}
	try := func(what string, err error) {
		t.Helper()
		for _, no := range []error{unix.EACCES, unix.EPERM, unix.EROFS, unix.EBUSY} {
			if errors.Is(err, no) {
				t.Skipf("%s: %v", what, err)
			}
		}
		require.NoError(t, err, what)
	}
	if v2 {
		try("hand the cpuset controller down", os.WriteFile(filepath.Join(root, "cgroup.subtree_control"), []byte("+cpuset"), 0))
	}
	try("make a control group", os.Mkdir(c.dir, 0o700))
	t.Cleanup(func() { require.NoError(t, os.Remove(c.dir)) })
	if !v2 {
		mems, err := os.ReadFile(filepath.Join(root, "cpuset.mems"))
		require.NoError(t, err)
		c.write(t, "cpuset.mems", strings.TrimSpace(string(mems)))
	}
	c.set(t, all)
	try("enter the control group", os.WriteFile(filepath.Join(c.dir, "cgroup.procs"), fmt.Append(nil, os.Getpid()), 0))
	t.Cleanup(func() {
		c.set(t, all)
		require.NoError(t, os.WriteFile(filepath.Join(home, "cgroup.procs"), fmt.Append(nil, os.Getpid()), 0))
	})
	return c
}

// set changes the CPUs of the set.
func (c cpuset) set(t *testing.T, cpus affinity.Set) {
	t.Helper()
	c.write(t, "cpuset.cpus", cpus.String())
}

func (c cpuset) write(t *testing.T, file, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(c.dir, file), []byte(text), 0))
}

// cpusetRoot returns where the hierarchy with the cpuset controller is mounted.
func cpusetRoot(t *testing.T) (dir string, v2 bool) {
	t.Helper()
	mounts, err := os.Open("/proc/self/mounts")
	require.NoError(t, err)
	defer func() { _ = mounts.Close() }()
	for lines := bufio.NewScanner(mounts); lines.Scan(); {
		f := strings.Fields(lines.Text())
		switch {
		case f[2] == "cgroup" && slices.Contains(strings.Split(f[3], ","), "cpuset"):
			return f[1], false
		case f[2] == "cgroup2":
			controllers, _ := os.ReadFile(filepath.Join(f[1], "cgroup.controllers"))
			if slices.Contains(strings.Fields(string(controllers)), "cpuset") {
				return f[1], true
			}
		}
	}
	return "", false
}

// own returns the control group the process is in.
func own(t *testing.T, v2 bool) string {
	t.Helper()
	text, err := os.ReadFile("/proc/self/cgroup")
	require.NoError(t, err)
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if v2 && f[1] == "" || !v2 && slices.Contains(strings.Split(f[1], ","), "cpuset") {
			return f[2]
		}
	}
	require.FailNow(t, "no control group in /proc/self/cgroup")
	return ""
}
