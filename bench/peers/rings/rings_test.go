package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test binary be the process that takes a sample.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-sample" {
		main()
	}
	os.Exit(m.Run())
}

func TestCells(t *testing.T) {
	all := cells()
	require.Len(t, all, 4*2*4*2+2)
	for _, c := range all {
		parsed, err := parseCell(c.String())
		require.NoError(t, err)
		require.Equal(t, c, parsed)
	}
	for _, bad := range []string{
		"", "1p1c", "1p1c.b1.8B.1024x", "1p1c.b1.8B.1000", "1p1c.b0.8B.1024", "1p1c.b1.16B.1024", "0p1c.b1.8B.1024",
		"1p0c.b1.8B.1024", "rtt.8B.1", "rtt.8B",
	} {
		_, err := parseCell(bad)
		require.ErrorContains(t, err, "cell ", bad)
	}
}

func TestPlan(t *testing.T) {
	names := func(patterns ...string) (all []string) {
		tables, err := plan(patterns)
		require.NoError(t, err)
		for _, table := range tables {
			for _, e := range table.entries {
				all = append(all, table.cell.String()+"/"+e.queue.name)
			}
		}
		return all
	}
	require.Len(t, names(), len(names("*/*")))
	require.Equal(t, []string{"1p1c.b16.8B.1024/rte_spsc", "1p1c.b16.8B.1024/boost_spsc"},
		names("1p1c.b16.8B.1024/rte_spsc", "1p1c.b16.8B.1024/boost_*c"))
	require.Equal(t, []string{"2p2c.b3.8B.64/mpmc"}, names("2p2c.b3.8B.64/mpmc"), "outside of the matrix")
	require.NotContains(t, names("2p2c.*"), "2p2c.b1.8B.1024/spsc")
	require.NotContains(t, names("1p1c.b64.*"), "1p1c.b64.8B.1024/xsync_spsc", "it has no call for many")
	_, err := plan([]string{"3p3c.*"})
	require.ErrorContains(t, err, "no cell and queue is like 3p3c.*")
	_, err = plan([]string{"1p1c.b1.*", "-o", "json"})
	require.ErrorContains(t, err, "no cell and queue is like -o", "flags come first")
	_, err = plan([]string{"["})
	require.Error(t, err)
}

func TestGenerated(t *testing.T) {
	out, err := exec.Command("go", "run", "./gen").Output()
	require.NoError(t, err)
	written, err := os.ReadFile("loops.go")
	require.NoError(t, err)
	require.True(t, string(out) == string(written), "loops.go is old: go generate ./rings")
}

func TestSpread(t *testing.T) {
	require.InDelta(t, 7, spread([]uint32{7, 7, 7}, 0.5), 0)
	steps := []uint32{10, 10, 20, 20, 20, 20, 30, 30, 50}
	require.InDelta(t, 21.25, spread(steps, 0.5), 1e-9)
	require.InDelta(t, 50, spread(steps, 1), 1e-9)
	require.InDelta(t, 7.5, spread(steps, 0), 1e-9)
}

func TestResult(t *testing.T) {
	c, err := parseCell("1p1c.b64.8B.1024")
	require.NoError(t, err)
	ours, err := find("mpmc")
	require.NoError(t, err)
	theirs, err := find("rte_mpmc")
	require.NoError(t, err)
	missing, err := find("rte_hts")
	require.NoError(t, err)
	b := bench{rounds: 3, tables: []*table{{cell: c, distances: []float64{90, 100, 400}, entries: []*entry{
		{queue: ours, rounds: [][]float64{{1}, {2}, {3}}},
		{queue: theirs, rounds: [][]float64{{2}, {2}, {30}}},
		{queue: missing, rounds: [][]float64{nil, nil, nil}, why: "no compiler"},
	}}}}
	var text, printed bytes.Buffer
	r := b.result(machine{})
	require.NoError(t, r.writeText(&text))
	require.Contains(t, text.String(), "1p1c.b64.8B.1024, ns an item; CPUs 100 ns apart, quartiles 95.0 and 250\n")
	require.Regexp(t, `mpmc +2.00 +1.50 +2.50 +1.00\n +rte_mpmc +2.00 +2.00 +16.0 +0.50\n`, text.String())
	require.Contains(t, text.String(), "# rte_hts was not measured in 1p1c.b64.8B.1024: no compiler\n")
	require.NoError(t, r.writeJSON(&printed))
	var again result
	require.NoError(t, json.Unmarshal(printed.Bytes(), &again))
	require.Equal(t, r, again)
}

// The whole program, with two processes that take samples.
func TestProgram(t *testing.T) {
	if _, err := twoCPUs(""); err != nil {
		t.Skip(err)
	}
	var out, errs bytes.Buffer
	args := []string{"-rounds", "2", "-time", "2ms", "-install=false", "-o", "json", "1p1c.b16.64B.1024/mpsc", "rtt.8B.1024/slot"}
	require.Zero(t, start(t.Context(), args, &out, &errs), errs.String())
	var r result
	require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	require.Len(t, r.Cells, 2)
	for i, values := range []int{1, 3} {
		q := r.Cells[i].Queues[0]
		require.Empty(t, q.Missing)
		require.Len(t, q.Samples, 2)
		require.Len(t, q.Samples[0], values)
		require.Len(t, r.Cells[i].Distances, 2)
	}
}

func TestUsage(t *testing.T) {
	for args, code := range map[string]int{
		"-rounds 0": 2, "-o xml": 2, "-sample spsc": 2, "-what": 2, "-h": 0, "-list 1p1c.b1.*": 0, "nothing": 2,
		"-sample nothing 1p1c.b1.8B.1024": 2, "-sample spsc 2p2c.b1.8B.1024": 2, "-cpus 0 1p1c.*": 2,
	} {
		var out, errs bytes.Buffer
		require.Equal(t, code, start(t.Context(), strings.Fields(args), &out, &errs), args)
		require.Equal(t, strings.HasPrefix(args, "-list"), out.Len() > 0, args)
	}
}

// Each program in C++ is built, where its library is, and moves items.
func TestNatives(t *testing.T) {
	for _, q := range contenders {
		if q.program == "" || testing.Short() && q.program != "readerwriter" {
			continue
		}
		t.Run(q.name, func(t *testing.T) {
			if _, err := nativeOf(q.program).build(t.Context()); err != nil {
				t.Skip(err)
			}
			for _, c := range smallCells() {
				if q.takes(c) && (c.producers <= 1 && c.consumers <= 1 || c.batch > 1) { // single items of many take long where others use the CPUs
					xs, err := sample(t.Context(), q, c, anyCPUs(t), time.Millisecond)
					require.NoError(t, err, c)
					require.Len(t, xs, len(values(c)), c)
				}
			}
		})
	}
}

// What a queue in C++ loses or doubles is noticed.
func TestBrokenNatives(t *testing.T) {
	program, err := native{source: "lossy"}.build(t.Context())
	if err != nil {
		t.Skip(err)
	}
	c, err := parseCell("1p1c.b1.64B.1024")
	require.NoError(t, err)
	for name, want := range map[string]string{"loses": "1 items lost, 0 doubled", "doubles": "0 items lost, 1 doubled"} {
		_, err = runProgram(t.Context(), program, contender{name: name}.arguments(c, anyCPUs(t), time.Millisecond)...)
		require.ErrorContains(t, err, want)
	}
}

func TestMissingLibrary(t *testing.T) {
	_, err := native{source: "rte", config: "no-such-library"}.build(t.Context())
	require.Error(t, err)
	_, err = native{source: "rigtorp", include: "NO_SUCH_DIRECTORY"}.build(t.Context())
	require.Error(t, err)
	require.Equal(t, "x.cc:1: error: no", firstError("In file\nx.cc:1: error: no\nx.cc:2: error: nor\n"))
	require.Equal(t, "last", firstError("first\nlast\n"))
}

func TestNumbers(t *testing.T) {
	xs, err := parseNumbers("1.5 2\n")
	require.NoError(t, err)
	require.Equal(t, []float64{1.5, 2}, xs)
	for _, bad := range []string{"", "x", "0", "-1", "1 NaN"} {
		_, err := parseNumbers(bad)
		require.ErrorContains(t, err, "a sample printed", bad)
	}
	_, err = runProgram(t.Context(), "no-such-program")
	require.ErrorIs(t, err, exec.ErrNotFound)
}

func smallCells() []cell {
	var all []cell
	for _, c := range cells() {
		if c.capacity == 1024 && (c.batch == 1 || c.batch == 16) {
			all = append(all, c)
		}
	}
	return all
}

// anyCPUs are two, or one twice.
func anyCPUs(t *testing.T) [2]int {
	cpus, err := twoCPUs("")
	if err != nil {
		t.Skip(err)
	}
	return cpus
}
