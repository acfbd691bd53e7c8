package affinity_test

import (
	"errors"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// files makes a tree of name and content pairs.
func files(pairs ...string) fstest.MapFS {
	tree := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		tree[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return tree
}

const (
	unifiedInfo = "24 1 0:22 / /proc rw - proc proc rw\n30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 master:1 - cgroup2 cgroup2 rw,nsdelegate\n"
	legacyInfo  = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" +
		"32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n" +
		"34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
	hybridInfo = legacyInfo + "41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw\n"
)

func TestReadLimits(t *testing.T) {
	for _, test := range []struct {
		name string
		tree fstest.MapFS
		want affinity.Limits
	}{
		{"nothing", files(), affinity.Limits{}},
		{"no mounts", files("proc/self/cgroup", "0::/a\n"), affinity.Limits{}},
		{"no group", files("proc/self/mountinfo", unifiedInfo, "sys/fs/cgroup/cpu.max", "1 2\n"), affinity.Limits{}},
		{"version 2", files(
			"proc/self/cgroup", "0::/a/b\n",
			"proc/self/mountinfo", unifiedInfo,
			"sys/fs/cgroup/a/b/cpuset.cpus.effective", "0-3,8\n",
			"sys/fs/cgroup/a/b/cpu.max", "150000 100000\n",
		), affinity.Limits{
			CPUs: affinity.Of(0, 1, 2, 3, 8), Quota: 1.5,
			Source: "sys/fs/cgroup/a/b/cpuset.cpus.effective, sys/fs/cgroup/a/b/cpu.max",
		}},
		{"the smallest quota of all above", files(
			"proc/self/cgroup", "0::/a/b/c/d\n",
			"proc/self/mountinfo", unifiedInfo,
			"sys/fs/cgroup/a/cpu.max", "300000 100000\n",
			"sys/fs/cgroup/a/b/cpu.max", "25000 50000\n",
			"sys/fs/cgroup/a/b/c/cpu.max", "max 100000\n",
			"sys/fs/cgroup/a/b/c/d/cpu.max", "200000 100000\n",
			"sys/fs/cgroup/x/cpu.max", "1 1000\n",
		), affinity.Limits{Quota: 0.5, Source: "sys/fs/cgroup/a/b/cpu.max"}},
		{"no quota", files(
			"proc/self/cgroup", "0::/\n",
			"proc/self/mountinfo", unifiedInfo,
			"sys/fs/cgroup/cpu.max", "max 100000\n",
		), affinity.Limits{}},
		{"the cpuset of a group above, where the controller is on", files(
			"proc/self/cgroup", "0::/a/b\n",
			"proc/self/mountinfo", unifiedInfo,
			"sys/fs/cgroup/cpuset.cpus.effective", "0-7\n",
			"sys/fs/cgroup/a/cpuset.cpus.effective", "2-5\n",
			"sys/fs/cgroup/a/b/cpuset.cpus.effective", "\n",
		), affinity.Limits{CPUs: affinity.Of(2, 3, 4, 5), Source: "sys/fs/cgroup/a/cpuset.cpus.effective"}},
		{"version 1", files(
			"proc/self/cgroup", "5:cpu,cpuacct:/a/b\n4:cpuset:/c\n2:memory:/m\n1:name=systemd:/user\n",
			"proc/self/mountinfo", legacyInfo,
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "200000\n",
			"sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n",
			"sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_quota_us", "-1\n",
			"sys/fs/cgroup/cpu,cpuacct/a/b/cpu.cfs_period_us", "100000\n",
			"sys/fs/cgroup/cpuset/c/cpuset.cpus", "4-7\n",
			"sys/fs/cgroup/cpuset/c/cpuset.effective_cpus", "4-6\n",
		), affinity.Limits{
			CPUs: affinity.Of(4, 5, 6), Quota: 2,
			Source: "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us, sys/fs/cgroup/cpuset/c/cpuset.effective_cpus",
		}},
		{"version 1 cpuset of an older kernel, none of its own", files(
			"proc/self/cgroup", "4:cpuset:/c\n",
			"proc/self/mountinfo", legacyInfo,
			"sys/fs/cgroup/cpuset/cpuset.cpus", "0-1\n",
			"sys/fs/cgroup/cpuset/c/cpuset.cpus", "\n",
		), affinity.Limits{CPUs: affinity.Of(0, 1), Source: "sys/fs/cgroup/cpuset/cpuset.cpus"}},
		{"both versions", files(
			"proc/self/cgroup", "4:cpuset:/\n1:cpu:/\n0::/z\n",
			"proc/self/mountinfo", hybridInfo,
			"sys/fs/cgroup/cpuset/cpuset.effective_cpus", "0-3\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "400000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n",
			"sys/fs/cgroup/unified/z/cpuset.cpus.effective", "2-9\n",
			"sys/fs/cgroup/unified/z/cpu.max", "100000 100000\n",
		), affinity.Limits{
			CPUs: affinity.Of(2, 3), Quota: 1,
			Source: "sys/fs/cgroup/cpuset/cpuset.effective_cpus, sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us, " +
				"sys/fs/cgroup/unified/z/cpuset.cpus.effective, sys/fs/cgroup/unified/z/cpu.max",
		}},
		{"both versions, the larger quota last", files(
			"proc/self/cgroup", "1:cpu:/\n0::/\n",
			"proc/self/mountinfo", hybridInfo,
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us", "50000\n",
			"sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us", "100000\n",
			"sys/fs/cgroup/unified/cpu.max", "100000 100000\n",
		), affinity.Limits{Quota: 0.5, Source: "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us"}},
		{"cpu and cpuset in one hierarchy", files(
			"proc/self/cgroup", "3:cpuset,cpu:/a\n",
			"proc/mounts", "none /cg cgroup rw,cpuset,cpu 0 0\n",
			"cg/a/cpuset.cpus", "1\n",
			"cg/a/cpu.cfs_quota_us", "10000\n",
			"cg/a/cpu.cfs_period_us", "100000\n",
		), affinity.Limits{CPUs: affinity.Of(1), Quota: 0.1, Source: "cg/a/cpuset.cpus, cg/a/cpu.cfs_quota_us"}},
		{"mounted elsewhere, only proc/mounts and the cpuset's path", files(
			"proc/self/cpuset", "/u/job\n",
			"proc/mounts", "none /cgroup/freezer cgroup rw,freezer 0 0\nnone /cgroup/my\\040unified cgroup2 rw 0 0\n",
			"cgroup/my unified/u/job/cpuset.cpus.effective", "0-5\n",
			"cgroup/my unified/u/cpu.max", "250000 100000\n",
		), affinity.Limits{
			CPUs: affinity.Of(0, 1, 2, 3, 4, 5), Quota: 2.5,
			Source: "cgroup/my unified/u/job/cpuset.cpus.effective, cgroup/my unified/u/cpu.max",
		}},
		{"container that is shown its own group as the root", files(
			"proc/self/cgroup", "0::/\n",
			"proc/self/mountinfo", "30 23 0:26 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
			"sys/fs/cgroup/cpu.max", "50000 100000\n",
		), affinity.Limits{Quota: 0.5, Source: "sys/fs/cgroup/cpu.max"}},
		{"container that sees the host's path", files(
			"proc/self/cgroup", "3:cpu,cpuacct:/docker/abc/sub\n",
			"proc/self/mountinfo", "33 31 0:29 /docker/other /mnt/other rw - cgroup cgroup rw,cpu\n32 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n",
			"sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n",
			"sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n",
			"sys/fs/cgroup/cpu/sub/cpu.cfs_quota_us", "700000\n",
			"sys/fs/cgroup/cpu/sub/cpu.cfs_period_us", "100000\n",
			"mnt/other/cpu.cfs_quota_us", "1000\n",
			"mnt/other/cpu.cfs_period_us", "100000\n",
		), affinity.Limits{Quota: 3, Source: "sys/fs/cgroup/cpu/cpu.cfs_quota_us"}},
		{"group out of sight", files(
			"proc/self/cgroup", "0::/../../other/group\n",
			"proc/self/mountinfo", "30 23 0:26 /docker/abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
			"sys/fs/cgroup/cpu.max", "50000 100000\n",
		), affinity.Limits{Quota: 0.5, Source: "sys/fs/cgroup/cpu.max"}},
		{"a group whose name is a prefix of another", files(
			"proc/self/cgroup", "0::/abcd\n",
			"proc/self/mountinfo", "30 23 0:26 /abc /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
			"sys/fs/cgroup/d/cpu.max", "50000 100000\n",
		), affinity.Limits{}},
		{"other mounts with odd names", files(
			"proc/self/cgroup", "0::/\n",
			"proc/self/mountinfo", "20 1 0:2 / /mnt/a\u00a0b\\040c rw -  tmpfs rw\n"+unifiedInfo,
			"sys/fs/cgroup/cpu.max", "50000 100000\n",
		), affinity.Limits{Quota: 0.5, Source: "sys/fs/cgroup/cpu.max"}},
		{"a removed group with a colon in its name", files(
			"proc/self/cgroup", "0::/a:b (deleted)\n",
			"proc/self/mountinfo", unifiedInfo,
			"sys/fs/cgroup/cpu.max", "50000 100000\n",
		), affinity.Limits{Quota: 0.5, Source: "sys/fs/cgroup/cpu.max"}},
		{"a name that no path can have", files(
			"proc/self/cgroup", "0::/a\xff\n",
			"proc/self/mountinfo", unifiedInfo,
			"sys/fs/cgroup/cpu.max", "50000 100000\n",
		), affinity.Limits{Quota: 0.5, Source: "sys/fs/cgroup/cpu.max"}},
		{"a mount on the root", files(
			"proc/self/cgroup", "0::/a\n",
			"proc/mounts", "cgroup2 / cgroup2 rw 0 0\n",
			"a/cpu.max", "50000 100000\n",
			"cpuset.cpus.effective", "7\n",
		), affinity.Limits{CPUs: affinity.Of(7), Quota: 0.5, Source: "cpuset.cpus.effective, a/cpu.max"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			limits, err := affinity.ReadLimits(test.tree)
			require.NoError(t, err)
			require.Equal(t, test.want, limits)
		})
	}
}

func TestReadLimitsMalformed(t *testing.T) {
	v2 := files("proc/self/cgroup", "0::/a\n", "proc/self/mountinfo", unifiedInfo)
	v1 := files("proc/self/cgroup", "2:cpu:/a\n1:cpuset:/a\n", "proc/self/mountinfo", legacyInfo)
	for _, test := range []struct {
		tree                fstest.MapFS
		file, content, says string
	}{
		{v2, "proc/self/cgroup", "0:/a\n", `proc/self/cgroup: "0:/a" is not a control group`},
		{v2, "proc/self/mountinfo", "30 23 0:26 / /sys\n", `proc/self/mountinfo: "30 23 0:26 / /sys" is not a mount`},
		{v2, "proc/self/mountinfo", "1 2 3 4 5 6 - cgroup2\n", `is not a mount`},
		{v2, "sys/fs/cgroup/a/cpu.max", "\n", `sys/fs/cgroup/a/cpu.max: "" is not a quota and a period`},
		{v2, "sys/fs/cgroup/a/cpu.max", "100000\n", `sys/fs/cgroup/a/cpu.max: "100000" is not a quota and a period`},
		{v2, "sys/fs/cgroup/a/cpu.max", "-1 100000\n", `"-1 100000" is not a quota and a period`},
		{v2, "sys/fs/cgroup/a/cpu.max", "100000 0\n", `"100000 0" is not a quota and a period`},
		{v2, "sys/fs/cgroup/a/cpu.max", "1 2 3\n", `"1 2 3" is not a quota and a period`},
		{v2, "sys/fs/cgroup/a/cpuset.cpus.effective", "0-z\n", `sys/fs/cgroup/a/cpuset.cpus.effective: CPU list "0-z": "z" is not a CPU number`},
		{v1, "sys/fs/cgroup/cpuset/a/cpuset.cpus", "9-1\n", `sys/fs/cgroup/cpuset/a/cpuset.cpus: CPU list "9-1": range "9-1" ends before it starts`},
		{v1, "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "all\n", `cpu.cfs_quota_us: "all" is not a number`},
		{v1, "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "1000\n", `cpu.cfs_quota_us: quota "1000" in a period of "0"`},
		{with(v1, "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "1"), "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "x\n", `cpu.cfs_period_us: "x" is not a number`},
	} {
		_, err := affinity.ReadLimits(with(test.tree, test.file, test.content))
		require.ErrorContains(t, err, "read CPU limits: ")
		require.ErrorContains(t, err, test.says)
	}
	old := files("proc/self/cpuset", "/a\n", "proc/mounts", "cgroup2 /cg\n")
	_, err := affinity.ReadLimits(old)
	require.ErrorContains(t, err, `proc/mounts: "cgroup2 /cg" is not a mount`)
}

func TestReadLimitsUnreadable(t *testing.T) {
	refused := errors.New("refused")
	v1 := files("proc/self/cgroup", "2:cpu:/a\n1:cpuset:/a\n", "proc/self/mountinfo", legacyInfo)
	v2 := files("proc/self/cgroup", "0::/a\n", "proc/self/mountinfo", unifiedInfo)
	cpuset := files("proc/self/cpuset", "/a\n")
	for suffix, tree := range map[string]fstest.MapFS{
		"self/cgroup": v1, "mountinfo": v1, "cfs_quota_us": v1, "cpuset.cpus": v1, "effective_cpus": v1,
		"cpu.max": v2, "cpus.effective": v2, "self/cpuset": cpuset, "proc/mounts": cpuset,
	} {
		_, err := affinity.ReadLimits(refusing{tree, suffix, refused})
		require.ErrorIs(t, err, refused, suffix)
	}
	v1 = with(v1, "sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "1")
	_, err := affinity.ReadLimits(refusing{v1, "cfs_period_us", refused})
	require.ErrorIs(t, err, refused)
}

func FuzzReadLimits(f *testing.F) {
	f.Add("0::/a\n", unifiedInfo, "150000 100000\n", "0-3")
	f.Add("2:cpu:/a\n1:cpuset:/a\n", legacyInfo, "max 1", "(null)")
	f.Add("1:cpu,cpuset:/../a\n0::/a", hybridInfo, "-1", "1-")
	f.Fuzz(func(t *testing.T, groups, mounts, quota, cpus string) {
		tree := files("proc/self/cgroup", groups, "proc/self/mountinfo", mounts)
		for _, dir := range []string{"sys/fs/cgroup/", "sys/fs/cgroup/a/", "sys/fs/cgroup/cpuset/a/", "sys/fs/cgroup/cpu,cpuacct/a/"} {
			for _, name := range []string{"cpu.max", "cpu.cfs_quota_us"} {
				tree[dir+name] = &fstest.MapFile{Data: []byte(quota)}
			}
			for _, name := range []string{"cpuset.cpus", "cpuset.cpus.effective"} {
				tree[dir+name] = &fstest.MapFile{Data: []byte(cpus)}
			}
			tree[dir+"cpu.cfs_period_us"] = &fstest.MapFile{Data: []byte("100000")}
		}
		limits, err := affinity.ReadLimits(tree)
		if err != nil {
			require.ErrorContains(t, err, "read CPU limits: ")
			return
		}
		require.GreaterOrEqual(t, limits.Quota, 0.0)
		require.Equal(t, limits.Source == "", limits.CPUs.Empty() && limits.Quota == 0)
	})
}
