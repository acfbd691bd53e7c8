package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/seda-go/seda/affinity"
	"github.com/seda-go/seda/internal/report"
)

// writeText prints one line about each kind of group; the sets of a kind only
// while they are few.
func (v topoView) writeText(w io.Writer) error {
	var b strings.Builder
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-9s %s\n", name, fmt.Sprintf(format, args...))
	}

	line("CPUs", "online %s; offline %s; isolated %s; allowed to this process %s",
		setText(v.Online), setText(v.Offline), setText(v.Isolated), setText(v.Allowed))
	line("packages", "%s", groupText(v.Packages))
	line("dies", "%s", groupText(v.Dies))
	line("cores", "%s; at most %s a core", groupText(v.Cores), report.Plural(v.SMT, "thread"))
	for _, line := range cacheLines(v.Caches) {
		fmt.Fprintf(&b, "%-9s %s\n", "cache", line)
	}
	for _, n := range v.Nodes {
		line("node", "%d: CPUs %s, memory %s, distances %s", n.ID, setText(n.CPUs), bytesText(n.Memory), numbers(n.Distance))
	}
	for _, k := range v.Kinds {
		source := ""
		if k.Source != "" {
			source = " by " + k.Source
		}
		line("kind", "CPUs %s, speed %.2f%s", setText(k.CPUs), k.Speed, source)
	}
	line("limits", "%s", limitsText(v.Limits))
	line("spread", "%s", numbers(v.Spread))
	line("compact", "%s", numbers(v.Compact))
	_, err := io.WriteString(w, b.String())
	return err
}

// few is how many sets of a kind are printed one by one.
const few = 8

func groupText(groups []cpuGroup) string {
	var sets []affinity.Set
	for _, g := range groups {
		sets = append(sets, g.CPUs)
	}
	return setsText(sets)
}

func setsText(sets []affinity.Set) string {
	if len(sets) == 0 {
		return "unknown"
	}
	if len(sets) > few {
		return fmt.Sprintf("%d, the first of CPUs %s", len(sets), sets[0])
	}
	var each []string
	for _, s := range sets {
		each = append(each, s.String())
	}
	return fmt.Sprintf("%d: %s", len(sets), strings.Join(each, " | "))
}

// cacheLines groups caches of one level, type and size, which come in that order.
func cacheLines(caches []cacheView) []string {
	var names []string
	sets := map[string][]affinity.Set{}
	for _, c := range caches {
		name := fmt.Sprintf("L%d %s %s", c.Level, strings.ToLower(c.Type), bytesText(c.Size))
		if sets[name] == nil {
			names = append(names, name)
		}
		sets[name] = append(sets[name], c.CPUs)
	}
	var lines []string
	for _, name := range names {
		lines = append(lines, name+" x "+setsText(sets[name]))
	}
	return lines
}

func limitsText(l limitsView) string {
	var parts []string
	if !l.CPUs.Empty() {
		parts = append(parts, "cpuset "+l.CPUs.String())
	}
	if l.Quota > 0 {
		parts = append(parts, "quota "+quotaText(l.Quota))
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ") + " (" + l.Source + ")"
}

func setText(s affinity.Set) string {
	if s.Empty() {
		return "none"
	}
	return s.String()
}

func numbers(ns []int) string {
	if len(ns) == 0 {
		return "unknown"
	}
	return strings.Trim(fmt.Sprint(ns), "[]")
}

func bytesText(n int64) string {
	if n == 0 {
		return "of unknown size"
	}
	const kibi = 1 << 10
	unit := 0
	x := float64(n)
	for x >= kibi && unit < 4 {
		x /= kibi
		unit++
	}
	return fmt.Sprintf("%.4g%s", x, []string{"B", "KiB", "MiB", "GiB", "TiB"}[unit])
}
