package affinity_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// miniature opens one of the hand-made trees.
func miniature(name string) fs.FS { return os.DirFS("testdata/sys/" + name) }

func TestReadTopologyMiniatures(t *testing.T) {
	want := map[string]string{
		"core-id-repeats": `
online 0-7
packages 0:0-3 1:4-7
cores 0:0-1 0:2-3 0:4-5 5:6-7
llcs L3/2048K:0-1 L3/2048K:2-3 L3/2048K:4-5 L3/2048K:6-7
nodes 0:0-1,4-5[10 16] 1:2-3,6-7[16 10]
`,
		"sparse-ids": `
online 3,70,1500-1501
offline 1502-1503
packages 36:3,70 1144:1500-1501
cores 12:3 9:70 3000:1500 3001:1501
llcs L2/1024K:3,70 L2/1024K:1500-1501
nodes 2:3,70[10 32] 9:1500-1501[32 10]
`,
		"unknown-ids": `
online 0-3
cores -1:0-1 -1:2-3
nodes 0:0-3[10]
`,
		"nothing-but-cpus": `
online 0-2
packages 3:0-1
cores 0:0 1:1 -1:2
nodes 0:0-2[10]
`,
		"missing-caches": `
online 0-3
packages 0:0-3
cores 0:0 1:1 2:2 3:3
llcs L2/0K:0
nodes 0:0-3[]
`,
		"masks-only": `
online 0-3
offline 4
packages 0:0-3
cores 0:0-1 1:2-3
llcs L3/4096K:0-1 L3/4096K:2-3
nodes 0:0-1[10 40] 4:2-3[40 10]
`,
		"stale-lists": `
online 1,3-5
offline 0,2,6-7
packages 0:1,3 1:4-5
cores 0:1 1:3 2:4-5
llcs L3/8192K:1,3 L3/8192K:4-5
nodes 1:4-5[10]
`,
		"empty-lists": `
online 0-1
packages 0:0-1
cores 0:0-1
llcs L3/512K:0-1
nodes 0:0-1[]
`,
		"padding": `
online 0-1
offline 2
packages 0:0-1
cores 0:0 1:1
llcs L3/512K:0-1
nodes 0:0-1[10]
`,
		"odd-nodes": `
online 0-3
isolated 2
packages 0:0-3
cores 0:0 1:1 2:2 3:3
nodes 0:0-2[10 20 17 30] 1:[20 10 28 30] 2:[17 28 10 30] 5:3[30 30 30 10]
`,
		"wide-masks": `
online 0,2047-2048,4095
packages 0:0,2047-2048,4095
cores 0:0,2048 0:2047,4095
llcs L3/1048576K:0,2048 L3/1048576K:2047,4095
nodes 0:0,2048[10 20] 1:2047,4095[20 10]
`,
		"hybrid-clock": `
online 0-5
packages 0:0-5
cores 0:0-1 2:2-3 4:4 5:5
llcs L3/12288K:0-5
nodes 0:0-5[10]
kinds 1.00:0-3 0.75:4-5
`,
		"hybrid-capacity": `
online 0-7
isolated 7
packages 0:0-7
cores 0:0 1:1 2:2 3:3 4:4 5:5 6:6 7:7
llcs L3/2048K:0-3 L3/2048K:4-7
nodes 0:0-7[10]
kinds 1.00:7 0.85:4-6 0.44:0-3
`,
	}
	trees, err := os.ReadDir("testdata/sys")
	require.NoError(t, err)
	for _, tree := range trees {
		if !tree.IsDir() {
			continue
		}
		t.Run(tree.Name(), func(t *testing.T) {
			topo, err := affinity.ReadTopology(miniature(tree.Name()))
			require.NoError(t, err)
			requireSound(t, topo)
			require.Equal(t, strings.TrimPrefix(want[tree.Name()], "\n"), describe(topo))
		})
		delete(want, tree.Name())
	}
	require.Empty(t, want, "no such tree")
}

func TestReadTopologyDetails(t *testing.T) {
	topo, err := affinity.ReadTopology(miniature("odd-nodes"))
	require.NoError(t, err)
	var memory []int64
	for _, n := range topo.Nodes {
		memory = append(memory, n.Memory)
	}
	require.Equal(t, []int64{4096 << 10, 8192 << 10, 0, 0}, memory)
	require.Equal(t, 17, topo.Distance(0, 2))
	require.Equal(t, 20, topo.Distance(-1, 0))
	require.Equal(t, 20, topo.Distance(0, -1))
	require.Equal(t, 20, topo.Distance(-1, -1))

	topo, err = affinity.ReadTopology(miniature("missing-caches"))
	require.NoError(t, err)
	require.Equal(t, 10, topo.Distance(0, 0), "without a file")
	require.Equal(t, []affinity.Cache{
		{Level: 1, Type: "Data", ID: -1, Size: 32 << 10, CPUs: affinity.Of(0)},
		{Level: 1, Type: "Instruction", ID: -1, Size: 32 << 10, CPUs: affinity.Of(1)},
		{Level: 2, Type: "Unified", ID: -1, CPUs: affinity.Of(0)},
	}, topo.Caches)
	require.Equal(t, []int{0, -1, -1, -1}, []int{topo.CPUs[0].LLC, topo.CPUs[1].LLC, topo.CPUs[2].LLC, topo.CPUs[3].LLC})

	topo, err = affinity.ReadTopology(miniature("sparse-ids"))
	require.NoError(t, err)
	c, ok := topo.Lookup(1500)
	require.True(t, ok)
	require.Equal(t, affinity.CPU{ID: 1500, Core: 2, Package: 1, Die: 1, LLC: 1, Node: 1}, c)
	for _, absent := range []int{-1, 0, 71, 1502} {
		_, ok = topo.Lookup(absent)
		require.False(t, ok, absent)
		require.True(t, topo.Siblings(absent).Empty(), absent)
	}
	require.Equal(t, 1, topo.SMT())

	topo, err = affinity.ReadTopology(miniature("hybrid-clock"))
	require.NoError(t, err)
	require.Equal(t, 2, topo.SMT())
	require.Equal(t, "4-5, speed 0.75 by cpufreq/cpuinfo_max_freq", topo.Kinds[1].String())
	topo, err = affinity.ReadTopology(miniature("padding"))
	require.NoError(t, err)
	require.Equal(t, "0-1, speed 1.00", topo.Kinds[0].String())
	require.Equal(t, int64(1<<20), topo.Nodes[0].Memory)
}

// memory copies a tree into memory, where a test can change it.
func memory(t testing.TB, fsys fs.FS) fstest.MapFS {
	files := fstest.MapFS{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(fsys, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	require.NoError(t, err)
	return files
}

// with returns the tree with one file replaced.
func with(files fstest.MapFS, name, content string) fstest.MapFS {
	files = maps.Clone(files)
	files[name] = &fstest.MapFile{Data: []byte(content)}
	return files
}

func TestReadTopologyMalformed(t *testing.T) {
	base := memory(t, miniature("hybrid-capacity"))
	for _, test := range []struct{ file, content, says string }{
		{"cpu/online", "0-x\n", `CPU list "0-x": "x" is not a CPU number`},
		{"cpu/online", "\n", `names no CPU`},
		{"cpu/online", "7-0\n", `range "7-0" ends before it starts`},
		{"cpu/present", "zero\n", `"zero" is not a CPU number`},
		{"cpu/isolated", "1,,2\n", `"" is not a CPU number`},
		{"cpu/nohz_full", "0xff\n", `"0xff" is not a CPU number`},
		{"cpu/cpu1/topology/core_cpus_list", "2\n", `"2" does not name CPU 1 itself`},
		{"cpu/cpu1/topology/core_cpus_list", "1-2\n", `"2" contradicts CPU 1, which has "1-2"`},
		{"cpu/cpu1/topology/core_cpus_list", "99999999\n", `CPU "99999999" is above the highest possible`},
		{"cpu/cpu1/topology/core_id", "one\n", `"one" is not a number`},
		{"cpu/cpu1/topology/physical_package_id", "\n", `"" is not a number`},
		{"cpu/cpu1/topology/package_cpus_list", "0-3\n", `"0-3" contradicts CPU 0, which has "0-7"`},
		{"cpu/cpu1/topology/die_cpus_list", "1;2\n", `"1;2" is not a CPU number`},
		{"cpu/cpu1/cache/index3/level", "three\n", `"three" is not a number`},
		{"cpu/cpu1/cache/index3/size", "lots\n", ``},
		{"cpu/cpu0/cache/index3/size", "lots\n", `"lots" is not a size`},
		{"cpu/cpu0/cache/index3/size", "-4K\n", `"-4K" is not a size`},
		{"cpu/cpu0/cache/index3/size", "4KM\n", `"4KM" is not a size`},
		{"cpu/cpu0/cache/index3/size", "", `"" is not a size`},
		{"cpu/cpu5/cache/index3/shared_cpu_list", "3-7\n", `"3-7" contradicts CPU 0, which has "0-3"`},
		{"cpu/cpu5/cache/index3/id", "?\n", `"?" is not a number`},
		{"cpu/cpu5/cpu_capacity", "0\n", ``},
		{"cpu/cpu5/cpu_capacity", "fast\n", `"fast" is not a speed`},
		{"cpu/cpu5/cpu_capacity", "-5\n", `"-5" is not a speed`},
		{"node/online", "0-\n", `"" is not a CPU number`},
		{"node/node0/cpulist", "0-7,a\n", `"a" is not a CPU number`},
		{"node/node0/cpumap", "000000ff,0000000g\n", `"0000000g" is not hexadecimal`},
		{"node/node0/cpumap", "0000000ff,00000000\n", `"0000000ff" is not a word of 1 to 8 hexadecimal digits`},
		{"node/node0/distance", "10 20\n", `"10 20" has 2 distances for 1 nodes`},
		{"node/node0/distance", "\n", `"" has 0 distances for 1 nodes`},
		{"node/node0/distance", "near\n", `"near" is not a distance`},
		{"node/node0/meminfo", "Node 0 MemTotal: much kB\n", `"much kB" is not a size in kB`},
	} {
		t.Run(test.file+"="+strings.TrimSpace(test.content), func(t *testing.T) {
			file := "sys/devices/system/" + test.file
			files := with(base, "sys/devices/system/node/node0/uevent", "")
			topo, err := affinity.ReadTopology(with(files, file, test.content))
			if test.says == "" {
				require.NoError(t, err)
				requireSound(t, topo)
				return
			}
			require.ErrorContains(t, err, test.says)
			if !strings.Contains(test.says, "contradicts CPU 1") { // found at CPU 2, against this one
				require.ErrorContains(t, err, file)
			}
		})
	}
}

func TestReadTopologyOverlappingNodes(t *testing.T) {
	files := memory(t, miniature("core-id-repeats"))
	_, err := affinity.ReadTopology(with(files, "sys/devices/system/node/node1/cpulist", "1-3\n"))
	require.ErrorContains(t, err, `node1/cpulist: "1-3" overlaps node 0`)
}

// TestReadTopologyWithoutOnlineFile: the directories and their own files tell.
func TestReadTopologyWithoutOnlineFile(t *testing.T) {
	files := memory(t, miniature("masks-only"))
	_, err := affinity.ReadTopology(with(files, "sys/devices/system/cpu/cpu2/online", "perhaps\n"))
	require.ErrorContains(t, err, `cpu2/online: "perhaps" is not a number`)
	for cpu := range 4 {
		files = with(files, fmt.Sprintf("sys/devices/system/cpu/cpu%d/online", cpu), "0\n")
	}
	_, err = affinity.ReadTopology(files)
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestReadTopologyNoCPUs(t *testing.T) {
	_, err := affinity.ReadTopology(fstest.MapFS{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorContains(t, err, "sys/devices/system/cpu: no CPU found")
}

// refusing fails to open or to list some names.
type refusing struct {
	fs.FS
	suffix string
	err    error
}

func (f refusing) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, f.suffix) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: f.err}
	}
	return f.FS.Open(name)
}

func TestReadTopologyUnreadable(t *testing.T) {
	refused := errors.New("refused")
	files := memory(t, miniature("hybrid-capacity"))
	for name, file := range memory(t, miniature("odd-nodes")) {
		if strings.Contains(name, "/node/") {
			files[name] = file
		}
	}
	for _, name := range []string{
		"cpu/online", "present", "isolated", "nohz_full", "core_cpus_list", "core_id", "package_cpus_list", "physical_package_id",
		"die_cpus_list", "cache", "level", "type", "shared_cpu_list", "id", "size", "system/node", "possible", "node/online",
		"cpulist", "distance", "meminfo",
	} {
		_, err := affinity.ReadTopology(refusing{files, name, refused})
		require.ErrorIs(t, err, refused, name)
		require.ErrorContains(t, err, name, name)
	}
	topo, err := affinity.ReadTopology(refusing{files, "cpu_capacity", refused})
	require.NoError(t, err, "a speed is optional")
	require.Len(t, topo.Kinds, 1)
}

// flapping brings a CPU online while the tree is read.
type flapping struct {
	fstest.MapFS
	reads *int
	until int // the read of the online file from which it is stable
}

func (f flapping) ReadFile(name string) ([]byte, error) {
	if path.Base(name) == "online" && path.Base(path.Dir(name)) == "cpu" {
		*f.reads++
		if *f.reads < f.until && *f.reads%2 == 1 {
			return []byte("0-6\n"), nil
		}
	}
	return f.MapFS.ReadFile(name)
}

func TestReadTopologyRetriesWhenCPUsChange(t *testing.T) {
	base := memory(t, miniature("hybrid-capacity"))
	for until, want := range map[int]string{1: "0-7", 2: "0-7", 4: "0-7", 100: "0-6"} {
		reads := 0
		topo, err := affinity.ReadTopology(flapping{base, &reads, until})
		require.NoError(t, err)
		require.Equal(t, want, topo.Online.String(), "stable from read %d", until)
		requireSound(t, topo)
	}
}

func FuzzReadTopology(f *testing.F) {
	base := memory(f, miniature("core-id-repeats"))
	var names []string
	for name := range base {
		names = append(names, strings.TrimPrefix(name, "sys/devices/system/"))
	}
	for i, name := range names {
		f.Add(name, string(base["sys/devices/system/"+name].Data))
		f.Add(name, []string{"", "0", "0-7", "ff", "-1", "1,5"}[i%6])
	}
	f.Fuzz(func(t *testing.T, name, content string) {
		file := "sys/devices/system/" + name
		if !fs.ValidPath(file) {
			return
		}
		if _, isDir := fs.ReadDir(base, file); isDir == nil {
			return
		}
		topo, err := affinity.ReadTopology(with(base, file, content))
		if err != nil {
			require.ErrorContains(t, err, "sys/devices/system/")
			return
		}
		requireSound(t, topo)
		for _, order := range allOrders() {
			requirePermutation(t, topo.Online, topo.Place(topo.Online, order))
		}
	})
}
