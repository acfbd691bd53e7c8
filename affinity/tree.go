package affinity

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// Where the kernel keeps what ReadTopology reads, below the root.
const (
	cpuDir  = "sys/devices/system/cpu"
	nodeDir = "sys/devices/system/node"
)

// tree reads small kernel files. In all its methods ok is false, without an
// error, when the file is not there.
type tree struct{ fsys fs.FS }

// text returns what the file holds, less padding. A file whose subject has just
// gone (a CPU taken offline, a removed cgroup) reads as ENODEV, and is absent.
func (t tree) text(name string) (s string, ok bool, err error) {
	raw, err := fs.ReadFile(t.fsys, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("%s: %w", name, err)
	}
	return trim(string(raw)), true, nil
}

// number returns the decimal number in the file; it may be negative.
func (t tree) number(name string) (n int, ok bool, err error) {
	s, ok, err := t.text(name)
	if err != nil || !ok {
		return 0, false, err
	}
	n, err = strconv.Atoi(s)
	if err != nil {
		return 0, false, fmt.Errorf("%s: %s is not a number", name, quote(s))
	}
	return n, true, nil
}

// id returns the number in the file, or -1 where there is none: the kernel
// itself says -1 for an id it does not know.
func (t tree) id(name string) (int, error) {
	n, ok, err := t.number(name)
	if !ok {
		return -1, err
	}
	return max(n, -1), nil
}

// maskFiles are the files that hold masks; all other sets are lists.
var maskFiles = map[string]bool{
	"core_cpus": true, "thread_siblings": true,
	"package_cpus": true, "core_siblings": true,
	"die_cpus": true, "shared_cpu_map": true, "cpumap": true,
}

// cpus returns the set in the first of the files that is there and not empty,
// and its path: kernels have had lists, masks or both, under older and newer
// names. from is empty when none is there.
func (t tree) cpus(dir string, names ...string) (s Set, from string, err error) {
	for _, name := range names {
		file := path.Join(dir, name)
		text, ok, err := t.text(file)
		if err != nil {
			return Set{}, file, err
		}
		if !ok {
			continue
		}
		from = file
		parse := Parse
		if maskFiles[name] {
			parse = ParseMask
		}
		s, err = parse(text)
		if err != nil {
			return Set{}, from, fmt.Errorf("%s: %w", from, err)
		}
		if !s.Empty() {
			break
		}
	}
	return s, from, nil
}

// numbered returns the N of every entry of dir named prefixN; none when dir is
// not there.
func (t tree) numbered(dir, prefix string) (Set, error) {
	entries, err := fs.ReadDir(t.fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return Set{}, nil
	}
	if err != nil {
		return Set{}, fmt.Errorf("%s: %w", dir, err)
	}
	var b builder
	for _, e := range entries {
		rest, found := strings.CutPrefix(e.Name(), prefix)
		if n, err := parseID(rest); found && err == nil {
			b.add(n)
		}
	}
	return b.set(), nil
}

func cpuPath(cpu int, name string) string {
	return fmt.Sprintf("%s/cpu%d/%s", cpuDir, cpu, name)
}
