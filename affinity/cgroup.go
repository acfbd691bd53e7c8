package affinity

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// Limits is what the control groups of this process leave it. The zero value
// is no limit.
type Limits struct {
	CPUs   Set     // the cpuset, as it is in force; empty: none known
	Quota  float64 // CPU time per time, in CPUs' worth: 1.5 is one CPU and a half; 0: none
	Source string  // the files that CPUs and Quota are from, split by ", "
}

// ReadLimits reads the limits from fsys, the root of a file system, such as
// os.DirFS("/"): the process's groups from proc/self/cgroup (or proc/self/cpuset),
// where they are mounted from proc/self/mountinfo (or proc/mounts), and, for
// version 1, version 2 and both side by side, the nearest cpuset and the
// smallest quota of the group and those above it. A missing file is no limit,
// and so is a group that cannot be seen from here; a file that makes no sense is an error
// that names it and quotes it.
func ReadLimits(fsys fs.FS) (Limits, error) {
	t := tree{fsys}
	groups, err := t.groups()
	if err != nil {
		return Limits{}, fmt.Errorf("read CPU limits: %w", err)
	}
	mounts, err := t.mounts()
	if err != nil {
		return Limits{}, fmt.Errorf("read CPU limits: %w", err)
	}
	var l Limits
	for _, g := range groups {
		m, ok := g.mount(mounts)
		if !ok {
			continue
		}
		if err := t.limit(&l, g, m.above(g.path)); err != nil {
			return Limits{}, fmt.Errorf("read CPU limits: %w", err)
		}
	}
	return l, nil
}

// limit narrows l by what the files in dirs say, which are a group's directory
// and those above it.
func (t tree) limit(l *Limits, g group, dirs []string) error {
	if g.controller != "cpu" {
		set, from, err := t.cpuset(g, dirs)
		if err != nil {
			return err
		}
		if !set.Empty() {
			if !l.CPUs.Empty() {
				set = set.And(l.CPUs)
			}
			l.CPUs = set
			l.cite(from)
		}
	}
	if g.controller == "cpuset" {
		return nil
	}
	best, source := 0.0, ""
	for _, dir := range dirs {
		quota, from, err := t.quota(g, dir)
		if err != nil {
			return err
		}
		if quota > 0 && (best == 0 || quota < best) {
			best, source = quota, from
		}
	}
	if best > 0 && (l.Quota == 0 || best < l.Quota) {
		l.Quota = best
		l.cite(source)
	}
	return nil
}

func (l *Limits) cite(file string) {
	if l.Source != "" {
		l.Source += ", "
	}
	l.Source += file
}

// cpuset returns the set of the nearest group that has one. The files of the
// effective set are newer than the plain one, which is never wider than its
// parent's in version 1.
func (t tree) cpuset(g group, dirs []string) (Set, string, error) {
	names := []string{"cpuset.effective_cpus", "cpuset.cpus"}
	if g.unified() {
		names = []string{"cpuset.cpus.effective"}
	}
	for _, dir := range dirs {
		for _, name := range names {
			set, from, err := t.cpus(dir, name)
			if err != nil || !set.Empty() {
				return set, from, err
			}
		}
	}
	return Set{}, "", nil
}

// quota returns the quota of one group in CPUs' worth, 0 if it has none.
func (t tree) quota(g group, dir string) (float64, string, error) {
	if g.unified() {
		from := path.Join(dir, "cpu.max")
		s, ok, err := t.text(from)
		if err != nil || !ok {
			return 0, from, err
		}
		quota, period, _ := strings.Cut(s, " ")
		if quota == "max" {
			return 0, from, nil
		}
		q, errQuota := strconv.ParseInt(quota, 10, 64)
		p, errPeriod := strconv.ParseInt(period, 10, 64)
		if errQuota != nil || errPeriod != nil || q <= 0 || p <= 0 {
			return 0, from, fmt.Errorf("%s: %s is not a quota and a period", from, quote(s))
		}
		return float64(q) / float64(p), from, nil
	}
	from := path.Join(dir, "cpu.cfs_quota_us")
	q, ok, err := t.number(from)
	if err != nil || !ok || q < 0 {
		return 0, from, err
	}
	p, ok, err := t.number(path.Join(dir, "cpu.cfs_period_us"))
	if err != nil {
		return 0, from, err
	}
	if !ok || p <= 0 || q == 0 {
		return 0, from, fmt.Errorf("%s: quota \"%d\" in a period of \"%d\"", from, q, p)
	}
	return float64(q) / float64(p), from, nil
}
