package affinity_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// captures returns the directory of the captured machines. It is the one place
// that skips the tests that need them: without SEDA_CAPTURES. Once that is set,
// they have to be there, and opening one that is not fails the test.
func captures(t *testing.T) string {
	dir := os.Getenv("SEDA_CAPTURES")
	if dir == "" {
		t.Skip("SEDA_CAPTURES is not set: it names a directory with captured sysfs trees, NAME.tar.gz")
	}
	return dir
}

// capture unpacks one captured machine into memory.
func capture(t *testing.T, name string) fs.FS {
	t.Helper()
	file, err := os.Open(filepath.Join(captures(t), name+".tar.gz"))
	require.NoError(t, err, "SEDA_CAPTURES is set but has no capture %s", name)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	files := fstest.MapFS{}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		require.NoError(t, err)
		path, ok := strings.CutPrefix(path.Clean(header.Name), name+"/")
		switch {
		case !ok:
		case header.Typeflag == tar.TypeReg:
			data, err := io.ReadAll(archive)
			require.NoError(t, err)
			files[path] = &fstest.MapFile{Data: data}
		case header.Typeflag == tar.TypeSymlink:
			files[path] = &fstest.MapFile{Data: []byte(header.Linkname), Mode: fs.ModeSymlink}
		}
	}
}

// machine is what is known about a captured machine from other sources than
// its files: the tests of the projects that captured them.
type machine struct {
	packages, nodes, cores, threads, smt int

	online  string // "": all of 0 to threads-1
	offline string
	check   func(t *testing.T, topo *affinity.Topology)
	orders  map[affinity.Order][]int // how Place begins
	limits  affinity.Limits
}

func TestCaptures(t *testing.T) {
	captures(t)
	for name, want := range machines {
		t.Run(name, func(t *testing.T) {
			fsys := capture(t, name)
			topo, err := affinity.ReadTopology(fsys)
			require.NoError(t, err)
			requireSound(t, topo)
			got := []int{len(topo.Packages), len(topo.Nodes), len(topo.Cores), len(topo.CPUs), topo.SMT()}
			require.Equal(t, []int{want.packages, want.nodes, want.cores, want.threads, want.smt}, got, "packages, nodes, cores, threads, SMT")
			if want.online == "" {
				want.online = fmt.Sprintf("0-%d", want.threads-1)
			}
			require.Equal(t, want.online, topo.Online.String())
			require.Equal(t, want.offline, topo.Offline.String())
			want.check(t, topo)
			for order, first := range want.orders {
				require.Equal(t, first, topo.Place(topo.Online, order)[:len(first)], order)
			}
			requirePlaceProperties(t, topo, 3)
			masks, err := affinity.ReadTopology(hiding{fsys})
			require.NoError(t, err)
			require.Equal(t, topo, masks, "lists and masks, once cut with the online CPUs, say the same")
			limits, err := affinity.ReadLimits(fsys)
			require.NoError(t, err)
			require.Equal(t, want.limits, limits)
		})
	}
}

// list parses CPU lists that a test is sure of.
func list(lists ...string) (sets []affinity.Set) {
	for _, l := range lists {
		s, err := affinity.Parse(l)
		if err != nil {
			panic(err)
		}
		sets = append(sets, s)
	}
	return sets
}

// blocks returns count lists of size CPUs each: 0 to size-1, and so on.
func blocks(count, size int) (sets []affinity.Set) {
	for i := range count {
		sets = append(sets, list(fmt.Sprintf("%d-%d", i*size, (i+1)*size-1))...)
	}
	return sets
}

// pairs returns count cores with two threads, the second one offset higher.
func pairs(count, offset int) (sets []affinity.Set) {
	for i := range count {
		sets = append(sets, affinity.Of(i, i+offset))
	}
	return sets
}

func requirePackages(t *testing.T, topo *affinity.Topology, ids []int, lists ...string) {
	t.Helper()
	var got []int
	for _, p := range topo.Packages {
		got = append(got, p.ID)
	}
	require.Equal(t, ids, got)
	require.Equal(t, list(lists...), groupSets(topo.Packages))
	require.Equal(t, groupSets(topo.Packages), groupSets(topo.Dies), "a die a package, whatever its id")
}

// requireCaches checks all data caches of one level: their CPUs and their size.
func requireCaches(t *testing.T, topo *affinity.Topology, level int, sizeKB int64, want []affinity.Set) {
	t.Helper()
	var got []affinity.Set
	for _, c := range topo.Caches {
		if c.Level == level && c.Type != "Instruction" && c.Size == sizeKB<<10 {
			got = append(got, c.CPUs)
		}
	}
	require.Equal(t, want, got)
}

// requireLLCs checks that the caches of level 3 are the last-level caches.
func requireLLCs(t *testing.T, topo *affinity.Topology, sizeKB int64, want []affinity.Set) {
	t.Helper()
	requireCaches(t, topo, 3, sizeKB, want)
	require.Len(t, topo.LLCs, len(want))
	for i, c := range topo.LLCs {
		require.Equal(t, 3, c.Level)
		require.Equal(t, want[i], c.CPUs)
	}
}

func requireNodes(t *testing.T, topo *affinity.Topology, want map[int]string) {
	t.Helper()
	for id, cpus := range want {
		i := slices.IndexFunc(topo.Nodes, func(n affinity.Node) bool { return n.ID == id })
		require.GreaterOrEqual(t, i, 0, "node %d", id)
		require.Equal(t, list(cpus)[0], topo.Nodes[i].CPUs, "node %d", id)
	}
}

func requireDistances(t *testing.T, topo *affinity.Topology, id int, want string) {
	t.Helper()
	i := slices.IndexFunc(topo.Nodes, func(n affinity.Node) bool { return n.ID == id })
	require.Equal(t, "["+want+"]", fmt.Sprint(topo.Nodes[i].Distance))
}

func requireKinds(t *testing.T, topo *affinity.Topology, want ...string) {
	t.Helper()
	var got []string
	for _, k := range topo.Kinds {
		got = append(got, k.CPUs.String())
	}
	require.Equal(t, want, got)
}

var oppositeDistances = "10 16 16 22 16 22 16 22"

var machines = map[string]machine{
	"amd-epyc7451-2s-16l3-96cpu": {
		packages: 2, nodes: 8, cores: 48, threads: 96, smt: 2,
		check: func(t *testing.T, topo *affinity.Topology) {
			requirePackages(t, topo, []int{0, 1}, "0-23,48-71", "24-47,72-95")
			require.Equal(t, pairs(48, 48), groupSets(topo.Cores))
			var caches []affinity.Set
			for i := range 16 {
				caches = append(caches, list(fmt.Sprintf("%d-%d,%d-%d", 3*i, 3*i+2, 3*i+48, 3*i+50))...)
			}
			require.Equal(t, list("0-2,48-50", "3-5,51-53"), caches[:2])
			requireLLCs(t, topo, 8192, caches)
			requireNodes(t, topo, map[int]string{0: "0-5,48-53", 1: "6-11,54-59", 7: "42-47,90-95"})
			requireKinds(t, topo, "0-95")
			require.Empty(t, topo.NoHZFull)
		},
		orders: map[affinity.Order][]int{
			affinity.Spread:                                             {0, 24, 6, 30, 12, 36, 18, 42, 3, 27, 9, 33, 15, 39, 21, 45, 1, 25},
			affinity.Spread | affinity.OneNode:                          {0, 3, 1, 4, 2, 5, 48, 51, 49, 52, 50, 53, 6, 9},
			affinity.Compact:                                            {0, 48, 1, 49, 2, 50, 3, 51, 4, 52, 5, 53, 6, 54},
			affinity.Compact | affinity.SiblingsLast:                    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
			affinity.Compact | affinity.OneNode | affinity.SiblingsLast: {0, 1, 2, 3, 4, 5, 48, 49, 50, 51, 52, 53, 6, 7},
		},
	},
	"amd-bulldozer-4s-2l3-64cpu": { // cores as the kernel pairs them; hwloc counts 64
		packages: 4, nodes: 8, cores: 32, threads: 64, smt: 2,
		check: func(t *testing.T, topo *affinity.Topology) {
			requirePackages(t, topo, []int{0, 3, 1, 2}, "0-15", "16-31", "32-47", "48-63")
			require.Equal(t, blocks(32, 2), groupSets(topo.Cores))
			requireLLCs(t, topo, 6144, blocks(8, 8))
			requireNodes(t, topo, map[int]string{0: "0-7", 2: "32-39", 6: "16-23"})
			requireDistances(t, topo, 0, oppositeDistances)
			require.Equal(t, -1, topo.LLCs[0].ID)
		},
		orders: map[affinity.Order][]int{
			affinity.Spread:  {0, 16, 32, 48, 8, 24, 40, 56, 2, 18},
			affinity.Compact: {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
		},
	},
	"amd-opteron-4s-cgroup2-32cpu": {
		packages: 4, nodes: 8, cores: 32, threads: 32, smt: 1,
		check: func(t *testing.T, topo *affinity.Topology) {
			requirePackages(t, topo, []int{0, 1, 2, 3}, "0-7", "8-15", "16-23", "24-31")
			requireLLCs(t, topo, 5118, blocks(8, 4))
			requireDistances(t, topo, 0, oppositeDistances)
			allowed := list("0-5")[0]
			require.Equal(t, 26, topo.Online.AndNot(allowed).Len())
			var caches []string
			for _, c := range topo.LLCs {
				if s := c.CPUs.And(allowed); !s.Empty() {
					caches = append(caches, s.String())
				}
			}
			require.Equal(t, []string{"0-3", "4-5"}, caches)
			require.Equal(t, []int{0, 4, 1, 5, 2, 3}, topo.Place(allowed, affinity.Spread))
			require.Equal(t, []int{0, 1, 2, 3, 4, 5}, topo.Place(allowed, affinity.Compact))
		},
		limits: affinity.Limits{
			CPUs:   affinity.Of(0, 1, 2, 3, 4, 5),
			Source: "cgroup/unified/uid_2008/job_15389/step_0/cpuset.cpus.effective",
		},
	},
	"intel-cascadelake-2s-snc2-80cpu": {
		packages: 2, nodes: 4, cores: 40, threads: 80, smt: 2,
		check: func(t *testing.T, topo *affinity.Topology) {
			requirePackages(t, topo, []int{0, 1}, "0-78:1/2", "1-79:1/2")
			require.Equal(t, pairs(40, 40), groupSets(topo.Cores))
			requireLLCs(t, topo, 28160, groupSets(topo.Packages))
			requireNodes(t, topo, map[int]string{0: "0-76:1/4", 1: "1-77:1/4", 2: "2-78:1/4", 3: "3-79:1/4"})
			for id, row := range []string{"10 21 11 21", "21 10 21 11", "11 21 10 21", "21 11 21 10"} {
				requireDistances(t, topo, id, row)
			}
		},
		orders: map[affinity.Order][]int{
			affinity.Spread:                    {0, 1, 2, 3, 4, 5, 6, 7},
			affinity.Compact:                   {0, 40, 4, 44, 8, 48, 12, 52, 16, 56, 20, 60, 24, 64, 28, 68, 32, 72, 36, 76, 2, 42},
			affinity.Spread | affinity.OneNode: {0, 4, 8, 12, 16, 20, 24, 28, 32, 36, 40, 44, 48, 52, 56, 60, 64, 68, 72, 76, 2, 6},
		},
		limits: affinity.Limits{CPUs: list("0-79")[0], Source: "sys/fs/cgroup/cpuset/cpuset.effective_cpus"},
	},
	"intel-2s-snc2-isolated-memonly-112cpu": {
		packages: 2, nodes: 8, cores: 56, threads: 112, smt: 2,
		check: func(t *testing.T, topo *affinity.Topology) {
			require.Equal(t, "4-7,60-63", topo.Isolated.String())
			requirePackages(t, topo, []int{0, 1}, "0-110:1/2", "1-111:1/2")
			require.Equal(t, pairs(56, 56), groupSets(topo.Cores))
			requireLLCs(t, topo, 39424, list("0-110:1/2", "1-111:1/2"))
			requireNodes(t, topo, map[int]string{0: "0-108:1/4", 2: "2-110:1/4", 4: "", 5: "", 6: "", 7: ""})
			for _, n := range topo.Nodes {
				require.Positive(t, n.Memory, "node %d", n.ID)
			}
			requireDistances(t, topo, 0, "10 21 11 21 17 28 28 28")
			requireDistances(t, topo, 4, "17 28 28 28 10 28 28 28")
			requireKinds(t, topo, "0-111")
			last := topo.Place(topo.Online, affinity.Spread)[104:]
			require.Equal(t, []int{4, 5, 6, 7, 60, 61, 62, 63}, last)
		},
		orders: map[affinity.Order][]int{
			affinity.Spread:                           {0, 1, 2, 3, 8, 9, 10, 11},
			affinity.Spread | affinity.IsolatedFirst:  {4, 5, 6, 7, 60, 61, 62, 63, 0, 1},
			affinity.Compact | affinity.IsolatedFirst: {4, 60, 6, 62, 5, 61, 7, 63},
			affinity.Compact | affinity.OneNode:       {0, 56, 8, 64},
		},
	},
	"intel-haswell-2s-offline-24cpu": {
		packages: 2, nodes: 1, cores: 17, threads: 17, smt: 1, online: "4-20", offline: "0-3,21-23",
		check: func(t *testing.T, topo *affinity.Topology) {
			requirePackages(t, topo, []int{0, 1}, "4-20:1/2", "5-19:1/2")
			requireLLCs(t, topo, 30720, list("4-20:1/2", "5-19:1/2"))
			requireNodes(t, topo, map[int]string{1: "5-19:1/2"})
			requireDistances(t, topo, 1, "10")
			for _, c := range topo.CPUs {
				require.Equal(t, c.ID%2-1, c.Node, "CPU %d", c.ID)
			}
			require.Empty(t, topo.NoHZFull)
		},
		orders: map[affinity.Order][]int{
			affinity.Spread:                    {4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20},
			affinity.Spread | affinity.OneNode: {5, 7, 9, 11, 13, 15, 17, 19, 4, 6, 8, 10, 12, 14, 16, 18, 20},
			affinity.Compact:                   {4, 6, 8, 10, 12, 14, 16, 18, 20, 5, 7, 9, 11, 13, 15, 17, 19},
		},
		limits: affinity.Limits{CPUs: list("4-20")[0], Source: "sys/fs/cgroup/cpuset/cpuset.cpus"},
	},
	"intel-raptorlake-hybrid-20cpu": {
		packages: 1, nodes: 1, cores: 14, threads: 20, smt: 2,
		check: func(t *testing.T, topo *affinity.Topology) {
			requirePackages(t, topo, []int{0}, "0-19")
			require.Equal(t, slices.Concat(blocks(6, 2), list("12", "13", "14", "15", "16", "17", "18", "19")), groupSets(topo.Cores))
			requireLLCs(t, topo, 24576, list("0-19"))
			requireCaches(t, topo, 2, 1280, blocks(6, 2))
			requireCaches(t, topo, 2, 2048, list("12-15", "16-19"))
			requireKinds(t, topo, "0-11", "12-19")
			require.Equal(t, "acpi_cppc/highest_perf", topo.Kinds[0].Source)
			require.InDelta(t, 39.0/67, topo.Kinds[1].Speed, 1e-9)
		},
		orders: map[affinity.Order][]int{
			affinity.Spread:                          {0, 2, 4, 6, 8, 10, 12, 16, 13, 17, 14, 18, 15, 19, 1, 3, 5, 7, 9, 11},
			affinity.Spread | affinity.FastFirst:     {0, 2, 4, 6, 8, 10, 12, 16, 13, 17, 14, 18, 15, 19, 1, 3, 5, 7, 9, 11},
			affinity.Compact | affinity.FastFirst:    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19},
			affinity.Compact | affinity.SiblingsLast: {0, 2, 4, 6, 8, 10, 12, 13, 14, 15, 16, 17, 18, 19, 1, 3, 5, 7, 9, 11},
		},
	},
	"arm-gb10-biglittle-2l3-20cpu": {
		packages: 1, nodes: 1, cores: 20, threads: 20, smt: 1,
		check: func(t *testing.T, topo *affinity.Topology) {
			requirePackages(t, topo, []int{36}, "0-19")
			requireCaches(t, topo, 3, 8192, list("0-9"))
			requireCaches(t, topo, 3, 16384, list("10-19"))
			require.Len(t, topo.LLCs, 2)
			requireCaches(t, topo, 2, 512, list("0", "1", "2", "3", "4", "10", "11", "12", "13", "14"))
			requireCaches(t, topo, 2, 2048, list("5", "6", "7", "8", "9", "15", "16", "17", "18", "19"))
			requireKinds(t, topo, "5-9,15-19", "0-4,10-14")
			require.Equal(t, "cpu_capacity", topo.Kinds[0].Source)
			require.InDelta(t, 731.0/1024, topo.Kinds[1].Speed, 1e-9)
		},
		orders: map[affinity.Order][]int{
			affinity.Spread:                       {0, 10, 1, 11, 2, 12, 3, 13, 4, 14, 5, 15},
			affinity.Spread | affinity.FastFirst:  {5, 15, 6, 16, 7, 17, 8, 18, 9, 19, 0, 10},
			affinity.Compact | affinity.FastFirst: {5, 6, 7, 8, 9, 15, 16, 17, 18, 19, 0, 1, 2, 3, 4, 10},
		},
	},
	"power7-8node-smt4-256cpu": { // hwloc makes a package of every core, since no file knows better
		packages: 0, nodes: 8, cores: 64, threads: 256, smt: 4,
		check: func(t *testing.T, topo *affinity.Topology) {
			require.Equal(t, blocks(64, 4), groupSets(topo.Cores))
			requireLLCs(t, topo, 4096, blocks(64, 4))
			var ids []int
			var cpus []affinity.Set
			for _, n := range topo.Nodes {
				ids = append(ids, n.ID)
				cpus = append(cpus, n.CPUs)
			}
			require.Equal(t, []int{0, 1, 4, 5, 8, 9, 12, 13}, ids)
			require.Equal(t, blocks(8, 32), cpus)
			requireDistances(t, topo, 0, "10 20 40 40 40 40 40 40")
			require.Equal(t, -1, topo.CPUs[0].Package)
			require.Equal(t, -1, topo.CPUs[0].Die)
		},
		orders: map[affinity.Order][]int{
			affinity.Spread:                     {0, 32, 64, 96, 128, 160, 192, 224, 4, 36},
			affinity.Compact:                    {0, 1, 2, 3, 4, 5, 6, 7, 8},
			affinity.Spread | affinity.OneNode:  {0, 4, 8, 12, 16, 20, 24, 28, 1, 5},
			affinity.Compact | affinity.OneNode: {0, 1, 2, 3, 4, 5, 6, 7, 8},
		},
	},
	"arm-old-nocache-2cpu": {
		packages: 1, nodes: 1, cores: 2, threads: 2, smt: 1,
		check: func(t *testing.T, topo *affinity.Topology) {
			requirePackages(t, topo, []int{3}, "0-1")
			require.Empty(t, topo.Caches)
			require.Empty(t, topo.LLCs)
			require.Equal(t, []affinity.Node{{ID: 0, CPUs: affinity.Of(0, 1), Distance: []int{10}}}, topo.Nodes)
			requireKinds(t, topo, "0-1")
		},
		orders: map[affinity.Order][]int{affinity.Spread: {0, 1}, affinity.Compact: {0, 1}},
	},
}

// hiding has no lists where there are masks.
type hiding struct{ fs.FS }

func (h hiding) Open(name string) (fs.File, error) {
	if strings.HasSuffix(name, "_list") || strings.HasSuffix(name, "cpulist") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return h.FS.Open(name)
}
