package main

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
)

const (
	maxPaths = 1 << 16 // paths a summary tells apart
	maxPath  = 1 << 10 // bytes of such a path
)

// A tally counts lines and the bytes that were sent for them.
type tally struct{ lines, bytes uint64 }

func (t *tally) add(u tally) {
	t.lines += u.lines
	t.bytes += u.bytes
}

// A summary is what a log comes to. Its size has a limit, whatever the log: when there are more paths than maxPaths, or longer ones than
// maxPath, the further ones are counted together, as others.
type summary struct {
	classes   [6]tally // by the first digit of the status
	paths     map[string]*tally
	others    tally
	malformed uint64 // lines
}

func newSummary() summary { return summary{paths: map[string]*tally{}} }

// count adds the records of a block.
func (s *summary) count(b *block) {
	s.malformed += b.malformed
	for _, r := range b.records {
		s.line(b.text[r.path:r.end], r)
	}
}

func (s *summary) line(path []byte, r record) {
	one := tally{1, r.bytes}
	s.classes[r.class].add(one)
	t := s.paths[string(path)] // no allocation
	if t == nil {
		t = s.path(string(path))
	}
	t.add(one)
}

// path returns where to count a path.
func (s *summary) path(path string) *tally {
	t := s.paths[path]
	if t == nil {
		if len(path) > maxPath || len(s.paths) >= maxPaths {
			return &s.others
		}
		t = new(tally)
		s.paths[path] = t
	}
	return t
}

// merge adds what another summary counted.
func (s *summary) merge(o *summary) {
	for i := range s.classes {
		s.classes[i].add(o.classes[i])
	}
	for path, t := range o.paths {
		s.path(path).add(*t)
	}
	s.others.add(o.others)
	s.malformed += o.malformed
}

// top returns the n paths with the most lines, the most first, and by name where they have as many.
func (s *summary) top(n int) []string {
	paths := slices.SortedFunc(maps.Keys(s.paths), func(a, b string) int {
		return cmp.Or(cmp.Compare(s.paths[b].lines, s.paths[a].lines), cmp.Compare(a, b))
	})
	return paths[:min(n, len(paths))]
}

// print writes the summary as a table.
func (s *summary) print(out io.Writer) error {
	w := bufio.NewWriter(out)
	fmt.Fprintf(w, "%-12s %14s %20s\n", "status", "lines", "bytes")
	for i, t := range s.classes {
		if t.lines > 0 {
			fmt.Fprintf(w, "%-12s %14d %20d\n", fmt.Sprint(i, "xx"), t.lines, t.bytes)
		}
	}
	fmt.Fprintf(w, "%-12s %14d\n\n", "malformed", s.malformed)
	fmt.Fprintf(w, "%14s %20s  %s\n", "lines", "bytes", "path")
	for _, path := range s.top(10) {
		fmt.Fprintf(w, "%14d %20d  %s\n", s.paths[path].lines, s.paths[path].bytes, path)
	}
	if s.others.lines > 0 {
		fmt.Fprintf(w, "%14d %20d  (beyond %d paths, or longer than %d bytes)\n", s.others.lines, s.others.bytes, maxPaths, maxPath)
	}
	return w.Flush()
}

// dump writes everything counted, a line each in any order, as count.awk does.
func (s *summary) dump(out io.Writer) error {
	w := bufio.NewWriter(out)
	for i, t := range s.classes {
		if t.lines > 0 {
			fmt.Fprintf(w, "class %d %d %d\n", i, t.lines, t.bytes)
		}
	}
	for path, t := range s.paths {
		fmt.Fprintf(w, "path %s %d %d\n", path, t.lines, t.bytes)
	}
	if s.others.lines > 0 {
		fmt.Fprintf(w, "others %d %d\n", s.others.lines, s.others.bytes)
	}
	fmt.Fprintf(w, "malformed %d\n", s.malformed)
	return w.Flush()
}
