package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
)

// machine is what was measured where.
type machine struct {
	Model    string   `json:"model"`
	CPUs     int      `json:"cpus"`
	Pinned   [2]int   `json:"pinned"`
	Kernel   string   `json:"kernel"`
	Go       string   `json:"go"`
	Arch     string   `json:"arch"`
	Commit   string   `json:"commit"`
	Versions []string `json:"versions"` // of modules, packages and the compiler
	Before   string   `json:"load_before"`
	After    string   `json:"load_after"`
	Near     string   `json:"near,omitempty"` // what was waited for before a cell
}

func describe(ctx context.Context, cpus [2]int) machine {
	m := machine{
		Model: "unknown", CPUs: runtime.NumCPU(), Pinned: cpus, Kernel: line("/proc/sys/kernel/osrelease"), Go: runtime.Version(),
		Arch: runtime.GOARCH, Commit: output(ctx, "git", "describe", "--always", "--dirty"), Before: load(),
	}
	for l := range strings.Lines(file("/proc/cpuinfo")) {
		if key, value, _ := strings.Cut(l, ":"); strings.TrimSpace(key) == "model name" {
			m.Model = strings.TrimSpace(value)
			break
		}
	}
	m.Versions = modules()
	if gcc, _, _ := strings.Cut(output(ctx, "g++", "--version"), "\n"); gcc != "" {
		m.Versions = append(m.Versions, gcc)
	}
	for _, n := range natives {
		if v := n.versions(ctx); v != "" {
			m.Versions = append(m.Versions, strings.Split(v, "\n")...)
		}
	}
	return m
}

// modules lists the versions of the Go modules that queues are from.
func modules() []string {
	var all []string
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, d := range info.Deps {
		for _, t := range contenders {
			if t.module == d.Path && !t.ours {
				all = append(all, d.Path+" "+d.Version)
				break
			}
		}
	}
	return all
}

func (m machine) write(out io.Writer) {
	fmt.Fprintf(out, "# %s, %d CPUs, threads on %d and %d, kernel %s, %s %s, commit %s\n", m.Model, m.CPUs, m.Pinned[0], m.Pinned[1],
		m.Kernel, m.Go, m.Arch, m.Commit)
	fmt.Fprintf(out, "# %s\n# load before %s; after %s\n", strings.Join(m.Versions, "; "), m.Before, m.After)
	if m.Near != "" {
		fmt.Fprintf(out, "# before each cell waited, for a while, for CPUs no farther apart than %s\n", m.Near)
	}
}

// load is how many threads wanted to run lately: over 1, 5 and 15 minutes.
func load() string { return strings.Join(strings.Fields(file("/proc/loadavg"))[:3], " ") }

func file(name string) string {
	text, err := os.ReadFile(name)
	if err != nil {
		return "unknown unknown unknown"
	}
	return string(text)
}

func line(name string) string { return strings.TrimSpace(file(name)) }

func output(ctx context.Context, name string, args ...string) string {
	out, err := exec.CommandContext(ctx, name, args...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
