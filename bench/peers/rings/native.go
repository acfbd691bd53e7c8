package main

import (
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed c/*.h c/*.cc
var sources embed.FS

// A native program is one source under c with the queues of one library, built on its own, so that a library that is missing takes
// only its queues along.
type native struct {
	source   string
	packages []string // of Debian: what it needs
	config   string   // the name by which pkg-config knows its flags, if it has to
	include  string   // the environment variable that names a directory with its headers, which are in no package
	libs     []string
}

var natives = []native{
	{source: "rte", packages: []string{"libdpdk-dev", "pkg-config"}, config: "libdpdk", libs: []string{"-lrte_ring"}},
	{source: "boost", packages: []string{"libboost-dev"}},
	{source: "moodycamel", packages: []string{"libconcurrentqueue-dev"}},
	{source: "readerwriter", packages: []string{"libreaderwriterqueue-dev"}},
	{source: "tbb", packages: []string{"libtbb-dev"}, libs: []string{"-ltbb"}},
	{source: "rigtorp", include: "RIGTORP"},
}

func nativeOf(source string) native {
	for _, n := range natives {
		if n.source == source {
			return n
		}
	}
	panic("no program " + source)
}

// build compiles the program and returns its path. What was built from the same sources by the same compiler with the same flags, in
// the cache directory of the user, is used again.
func (n native) build(ctx context.Context) (string, error) {
	gcc, err := exec.LookPath("g++")
	if err != nil {
		return "", errors.New("g++ is missing")
	}
	flags, err := n.flags(ctx)
	if err != nil {
		return "", err
	}
	text, err := n.text()
	if err != nil {
		return "", err
	}
	version, err := exec.CommandContext(ctx, gcc, "--version").Output()
	if err != nil {
		return "", fmt.Errorf("g++ --version: %w", err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	key := sha256.Sum256(fmt.Appendf(nil, "%s%q%s%s", text, flags, version, n.versions(ctx)))
	program := filepath.Join(cache, "seda-peers", fmt.Sprintf("%s-%x", n.source, key[:8]))
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	return program, n.compile(ctx, gcc, program, flags)
}

// text is what the program consists of.
func (n native) text() (string, error) {
	var all strings.Builder
	for _, name := range []string{"run.h", n.source + ".cc"} {
		part, err := sources.ReadFile("c/" + name)
		if err != nil {
			return "", err
		}
		all.Write(part)
	}
	return all.String(), nil
}

// flags are those of a rival who wants to be fast. What pkg-config says comes first: it names an older processor.
func (n native) flags(ctx context.Context) ([]string, error) {
	var flags []string
	if n.config != "" {
		out, err := exec.CommandContext(ctx, "pkg-config", "--cflags", n.config).Output()
		if err != nil {
			return nil, fmt.Errorf("pkg-config --cflags %s: %w", n.config, err)
		}
		flags = strings.Fields(string(out))
	}
	if n.include != "" {
		dir := os.Getenv(n.include)
		if dir == "" {
			return nil, fmt.Errorf("in no package: %s must name a directory with its headers", n.include)
		}
		flags = append(flags, "-I", dir)
	}
	return append(flags, "-std=c++20", "-O3", "-march=native", "-DNDEBUG", "-pthread", "-w"), nil
}

// versions says which packages are installed.
func (n native) versions(ctx context.Context) string {
	if len(n.packages) == 0 {
		return ""
	}
	out, err := exec.CommandContext(ctx, "dpkg-query", append([]string{"-W", "-f", "${Package} ${Version}\n"}, n.packages...)...).Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}

// compile writes the sources to a directory of its own and the program to its place, in one step for others that do the same.
func (n native) compile(ctx context.Context, gcc, program string, flags []string) error {
	dir, err := os.MkdirTemp("", "rings")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(dir, sources); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return err
	}
	fresh := fmt.Sprintf("%s.%d", program, os.Getpid())
	args := append(flags, filepath.Join(dir, "c", n.source+".cc"), "-o", fresh)
	cmd := exec.CommandContext(ctx, gcc, append(args, n.libs...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile %s.cc: %s", n.source, firstError(string(out)))
	}
	return os.Rename(fresh, program)
}

// firstError is the line of a compiler's output that says what is wrong.
func firstError(out string) string {
	lines := strings.Split(strings.TrimSpace(out), "\n")
	for _, line := range lines {
		if strings.Contains(line, "error") || strings.Contains(line, "cannot find") {
			return line
		}
	}
	return lines[len(lines)-1]
}
