package main

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

// tree is a machine of two cores with two threads each, and an offline CPU.
func tree() fstest.MapFS {
	files := map[string]string{
		"online": "0-3", "offline": "4", "present": "0-4", "possible": "0-4", "isolated": "3",
	}
	for cpu, siblings := range map[string]string{"0": "0,2", "1": "1,3", "2": "0,2", "3": "1,3"} {
		files["cpu"+cpu+"/topology/thread_siblings_list"] = siblings
		files["cpu"+cpu+"/topology/core_cpus_list"] = siblings
		files["cpu"+cpu+"/topology/core_id"] = siblings[:1]
		files["cpu"+cpu+"/topology/package_cpus_list"] = "0-3"
		files["cpu"+cpu+"/topology/core_siblings_list"] = "0-3"
		files["cpu"+cpu+"/topology/physical_package_id"] = "0"
		for index, c := range []struct{ level, kind, size, cpus string }{{"1", "Data", "32K", siblings}, {"3", "Unified", "8192K", "0-3"}} {
			dir := "cpu" + cpu + "/cache/index" + number2text(index) + "/"
			files[dir+"level"], files[dir+"type"], files[dir+"size"], files[dir+"shared_cpu_list"] = c.level, c.kind, c.size, c.cpus
		}
	}
	fs := fstest.MapFS{}
	for name, text := range files {
		fs["sys/devices/system/cpu/"+name] = &fstest.MapFile{Data: []byte(text + "\n")}
	}
	return fs
}

func TestTopoOutput(t *testing.T) {
	topology, err := affinity.ReadTopology(tree())
	require.NoError(t, err)
	view := viewOf(topology, affinity.Limits{CPUs: affinity.Of(0, 1, 2), Quota: 2.5, Source: "cpu.max"}, affinity.Of(0, 1, 2))
	var text, js strings.Builder
	require.NoError(t, view.writeText(&text))
	golden(t, "topo.golden", text.String())
	require.NoError(t, view.writeJSON(&js))
	golden(t, "topo-json.golden", js.String())
}

func TestTopoOfThisMachine(t *testing.T) {
	if _, err := affinity.Allowed(); err != nil {
		code, _, errs := sedabench(t, "topo")
		require.Equal(t, exitFailed, code)
		require.Contains(t, errs, "topology: ")
		return
	}
	code, out, errs := sedabench(t, "topo")
	require.Equal(t, exitOK, code, errs)
	for _, word := range []string{"CPUs", "cores", "limits", "spread", "compact"} {
		require.Regexp(t, "(?m)^"+word+" ", out)
	}
	code, out, errs = sedabench(t, "topo", "-o", "json")
	require.Equal(t, exitOK, code, errs)
	var view topoView
	require.NoError(t, json.Unmarshal([]byte(out), &view))
	require.Equal(t, topoSchema, view.Schema)
	require.NotEmpty(t, view.Spread)
}

func TestManySetsAreCounted(t *testing.T) {
	var sets []affinity.Set
	for i := range 20 {
		sets = append(sets, affinity.Of(2*i, 2*i+1))
	}
	require.Equal(t, "20, the first of CPUs 0-1", setsText(sets))
	require.Equal(t, "2: 0-1 | 2-3", setsText(sets[:2]))
	require.Equal(t, "unknown", setsText(nil))
}

func TestBytesText(t *testing.T) {
	for n, want := range map[int64]string{0: "of unknown size", 512: "512B", 48 << 10: "48KiB", 3 << 19: "1.5MiB", 1 << 50: "1024TiB"} {
		require.Equal(t, want, bytesText(n))
	}
}
