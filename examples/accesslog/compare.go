package main

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

//go:embed count.awk
var countAwk string

// A way is a command that counts a log and dumps what it counted.
type way struct {
	name string
	path string
	args []string
	runs []result
}

// A result is one run of a command.
type result struct {
	time   time.Duration // from its start to its end
	cpu    time.Duration // of all its threads
	memory int64         // bytes resident at most
}

// compare runs every way in turns, checks that all have counted the same, and prints how long they took. Times are medians over the
// rounds with quartiles around them; ratios are within a round.
func compare(ctx context.Context, file string, rounds int, out io.Writer) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	ways, err := ways(file)
	if err != nil {
		return err
	}
	var want string
	for i := range rounds + 1 { // the first is thrown away: it reads the file into memory
		for _, at := range rand.Perm(len(ways)) {
			w := &ways[at]
			counted, r, err := w.run(ctx)
			if err != nil {
				return fmt.Errorf("%s: %w", w.name, err)
			}
			if want == "" {
				want = counted
			}
			if counted != want {
				return fmt.Errorf("%s does not count the same as the others", w.name)
			}
			if i > 0 {
				w.runs = append(w.runs, r)
			}
		}
	}
	fmt.Fprintf(out, "%s, %d CPUs, GOMAXPROCS %d, %.0f MB, %d rounds; all count the same\n",
		runtime.Version(), runtime.NumCPU(), runtime.GOMAXPROCS(0), float64(info.Size())/1e6, rounds)
	printWays(out, ways, float64(info.Size()))
	fmt.Fprintln(out, "\nThe peak is of resident memory. The kernel counts what the process had before it became the command, so none is below this program's own.")
	return nil
}

// ways lists the commands, this program's first.
func ways(file string) ([]way, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	list := []way{
		{name: "engine", path: self, args: []string{"-by", "engine", "-dump", file}},
		{name: "blocks over channels", path: self, args: []string{"-by", "blocks", "-dump", file}},
		{name: "lines over channels", path: self, args: []string{"-by", "lines", "-dump", file}},
	}
	for _, path := range awks() {
		list = append(list, way{name: filepath.Base(path), path: path, args: []string{countAwk, file}})
	}
	return list, nil
}

// awks returns the different awks that there are here.
func awks() (paths []string) {
	for _, name := range []string{"awk", "mawk", "gawk"} {
		if path, err := exec.LookPath(name); err == nil {
			if path, err = filepath.EvalSymlinks(path); err == nil && !slices.Contains(paths, path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// run runs the command once and returns what it printed, sorted.
func (w *way) run(ctx context.Context) (string, result, error) {
	cmd := exec.CommandContext(ctx, w.path, w.args...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	began := time.Now()
	out, err := cmd.Output()
	r := result{time: time.Since(began)}
	if err != nil {
		if exit := new(exec.ExitError); errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(exit.Stderr))
		}
		return "", r, err
	}
	r.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.memory = u.Maxrss
		if runtime.GOOS == "linux" {
			r.memory *= 1024
		}
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n"), r, nil
}

func printWays(out io.Writer, ways []way, size float64) {
	fmt.Fprintf(out, "\n%-22s %8s %17s %8s %8s %16s %9s\n", "", "seconds", "quartiles", "MB/s", "CPU s", "engine / this", "peak MiB")
	for _, w := range ways {
		seconds := func(r result) float64 { return r.time.Seconds() }
		low, mid, high := quartiles(w.runs, seconds)
		_, cpu, _ := quartiles(w.runs, func(r result) float64 { return r.cpu.Seconds() })
		_, memory, _ := quartiles(w.runs, func(r result) float64 { return float64(r.memory) / (1 << 20) })
		i := -1
		_, ratio, _ := quartiles(w.runs, func(r result) float64 {
			i++
			return ways[0].runs[i].time.Seconds() / r.time.Seconds()
		})
		fmt.Fprintf(out, "%-22s %8.3f %8.3f %8.3f %8.0f %8.3f %16.2f %9.1f\n", w.name, mid, low, high, size/mid/1e6, cpu, ratio, memory)
	}
}

// quartiles returns the quartiles of what value gives for each run.
func quartiles(runs []result, value func(result) float64) (low, mid, high float64) {
	xs := make([]float64, len(runs))
	for i, r := range runs {
		xs[i] = value(r)
	}
	slices.Sort(xs)
	at := func(q float64) float64 {
		pos := q * float64(len(xs)-1)
		i := int(pos)
		next := min(i+1, len(xs)-1)
		return xs[i] + (pos-float64(i))*(xs[next]-xs[i])
	}
	return at(0.25), at(0.5), at(0.75)
}
