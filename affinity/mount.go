package affinity

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// group is the place of this process in one hierarchy of control groups.
type group struct {
	controller string // "cpu" or "cpuset" in version 1, "" in version 2
	path       string // below the hierarchy's root, such as "/user.slice"
}

// unified reports whether g is of version 2, whose one hierarchy has all
// controllers.
func (g group) unified() bool { return g.controller == "" }

// groups reads which groups this process is in, lines such as
// "4:cpu,cpuacct:/user.slice" and, for version 2, "0::/user.slice". Where only
// the cpuset's path is told it may be of either version.
func (t tree) groups() ([]group, error) {
	const file = "proc/self/cgroup"
	s, ok, err := t.text(file)
	if err != nil {
		return nil, err
	}
	if !ok {
		p, ok, err := t.text("proc/self/cpuset")
		if err != nil || !ok {
			return nil, err
		}
		return []group{{"cpuset", p}, {"", p}}, nil
	}
	var groups []group
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		fields := strings.SplitN(line, ":", 3)
		if len(fields) != 3 {
			return nil, fmt.Errorf("%s: %s is not a control group", file, quote(line))
		}
		controllers := strings.Split(fields[1], ",")
		for _, c := range []string{"", "cpuset", "cpu"} {
			if slices.Contains(controllers, c) {
				groups = append(groups, group{c, fields[2]})
			}
		}
	}
	return groups, nil
}

// mount is one mounted hierarchy.
type mount struct {
	root    string // the group that is mounted: "/", or a lower one in a container
	point   string // where
	kind    string // "cgroup" or "cgroup2"
	options []string
}

// mounts reads the mounted hierarchies from proc/self/mountinfo or, without
// their roots, from proc/mounts.
func (t tree) mounts() ([]mount, error) {
	file, parse := "proc/self/mountinfo", parseMountinfo
	s, ok, err := t.text(file)
	if err == nil && !ok {
		file, parse = "proc/mounts", parseMounts
		s, _, err = t.text(file)
	}
	if err != nil {
		return nil, err
	}
	var mounts []mount
	for line := range strings.Lines(s) {
		line = strings.TrimRight(line, "\n")
		m, ok := parse(strings.Split(line, " ")) // other white space may be part of a name
		if !ok {
			return nil, fmt.Errorf("%s: %s is not a mount", file, quote(line))
		}
		if m.kind == "cgroup" || m.kind == "cgroup2" {
			m.root, m.point = unescape(m.root), unescape(m.point)
			mounts = append(mounts, m)
		}
	}
	return mounts, nil
}

// parseMountinfo reads "31 23 0:28 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu";
// there may be any number of fields before the dash.
func parseMountinfo(f []string) (mount, bool) {
	dash := slices.Index(f, "-")
	if dash < 6 || len(f) < dash+3 {
		return mount{}, false
	}
	return mount{root: f[3], point: f[4], kind: f[dash+1], options: strings.Split(f[len(f)-1], ",")}, true
}

// parseMounts reads "cgroup /sys/fs/cgroup/cpu cgroup rw,cpu 0 0".
func parseMounts(f []string) (mount, bool) {
	if len(f) < 4 {
		return mount{}, false
	}
	return mount{root: "/", point: f[1], kind: f[2], options: strings.Split(f[3], ",")}, true
}

// unescape undoes the octal escapes that the kernel writes into paths.
func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// mount finds where the hierarchy of g is mounted, preferring a mount that
// shows the group itself.
func (g group) mount(mounts []mount) (mount, bool) {
	var found []mount
	for _, m := range mounts {
		v2 := m.kind == "cgroup2"
		if v2 == g.unified() && (v2 || slices.Contains(m.options, g.controller)) {
			found = append(found, m)
		}
	}
	if len(found) == 0 {
		return mount{}, false
	}
	shows := func(m mount) bool { _, ok := m.relative(g.path); return ok }
	return found[max(0, slices.IndexFunc(found, shows))], true
}

// relative returns the group's path below the mounted root.
func (m mount) relative(group string) (string, bool) {
	group, root := path.Clean("/"+group), path.Clean("/"+m.root)
	if root == "/" {
		return group, true
	}
	rest, ok := strings.CutPrefix(group, root)
	return rest, ok && (rest == "" || rest[0] == '/')
}

// above returns the directories of the group and of every group above it up to
// the mounted root, nearest first, as fs.FS names. A group outside of what is
// mounted, as a container may see its own, is taken to be the mounted root.
func (m mount) above(group string) []string {
	rel, ok := m.relative(group)
	if !ok {
		rel = "/"
	}
	var dirs []string
	for rel = path.Clean("/" + rel); ; rel = path.Dir(rel) {
		dir := cmp.Or(strings.TrimPrefix(path.Join("/", m.point, rel), "/"), ".")
		if fs.ValidPath(dir) {
			dirs = append(dirs, dir)
		}
		if rel == "/" {
			return dirs
		}
	}
}
