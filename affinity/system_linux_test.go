package affinity_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// TestSystem reads this machine, whatever it is.
func TestSystem(t *testing.T) {
	topo, limits, err := affinity.System()
	require.NoError(t, err)
	requireSound(t, topo)
	requirePlaceProperties(t, topo, 5)
	require.GreaterOrEqual(t, limits.Quota, 0.0)
	allowed, err := affinity.Allowed()
	require.NoError(t, err)
	for _, order := range allOrders() {
		requirePermutation(t, allowed, topo.Place(allowed, order))
	}
	if !limits.CPUs.Empty() {
		require.True(t, limits.CPUs.Contains(allowed), "the kernel cuts the mask with the cpuset: %s in %s", allowed, limits.CPUs)
	}
}

// TestAllowedIsWhatProcSays compares the system call with the kernel's text, in
// both its forms.
func TestAllowedIsWhatProcSays(t *testing.T) {
	allowed, err := affinity.Allowed()
	require.NoError(t, err)
	status, err := os.ReadFile("/proc/self/status")
	require.NoError(t, err)
	found := 0
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "Cpus_allowed:"); ok {
			mask, err := affinity.ParseMask(text)
			require.NoError(t, err)
			require.Equal(t, allowed, mask)
			found++
		}
		if text, ok := strings.CutPrefix(line, "Cpus_allowed_list:"); ok {
			list, err := affinity.Parse(text)
			require.NoError(t, err)
			require.Equal(t, allowed, list)
			require.Equal(t, strings.TrimSpace(text), allowed.String(), "as the kernel writes it")
			found++
		}
	}
	require.Equal(t, 2, found)
}

func TestSystemWithoutSysfs(t *testing.T) {
	topo, limits, err := affinity.SystemAt(fstest.MapFS{})
	require.NoError(t, err)
	require.Equal(t, affinity.Limits{}, limits)
	requireSound(t, topo)
	allowed, err := affinity.Allowed()
	require.NoError(t, err)
	require.Equal(t, allowed, topo.Online)
	require.Equal(t, allowed.CPUs(), topo.Place(allowed, affinity.Spread))
	require.Equal(t, 1, topo.SMT())
}

func TestSystemMalformed(t *testing.T) {
	_, _, err := affinity.SystemAt(files("sys/devices/system/cpu/online", "many"))
	require.ErrorContains(t, err, `read topology: sys/devices/system/cpu/online: CPU list "many"`)
	_, _, err = affinity.SystemAt(files("proc/self/cgroup", "none"))
	require.ErrorContains(t, err, `read CPU limits: proc/self/cgroup: "none" is not a control group`)
}
