// Study writes the text of a study from what sedabench measured, so that no number in it is copied by hand:
//
//	go run ./bench/study bench/results/2026-11-29-2cpu-x86_64/study
//
// In that directory it looks for default.json, scale-spin.json, scale-memory.json and certify.json, which the commands that the text names write, and
// writes README.md, the pictures goodput.svg and workers.svg, and report.html. With --check it writes nothing, and fails if README.md is not what it
// would write.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	check := flag.Bool("check", false, "write nothing, and fail if README.md is not of the results beside it")
	flag.Parse()
	if flag.NArg() != 1 {
		fmt.Fprintln(os.Stderr, "study: want one directory, with default.json, scale-spin.json, scale-memory.json and certify.json")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), *check); err != nil {
		fmt.Fprintln(os.Stderr, "study:", err)
		os.Exit(1)
	}
}

func run(dir string, check bool) error {
	s, err := read(dir)
	if err != nil {
		return err
	}
	text, err := s.text()
	if err != nil {
		return err
	}
	name := filepath.Join(dir, "README.md")
	if check {
		there, err := os.ReadFile(name)
		if err == nil && !bytes.Equal(there, text) {
			err = fmt.Errorf("%s is not of the results beside it: go run ./bench/study %s", name, dir)
		}
		return err
	}
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return err
	}
	return draw(dir)
}

// pictures are those of the report that the text shows, by how their names begin.
var pictures = map[string]string{"goodput.svg": "certify-goodput-within-*.svg", "workers.svg": "scale-spin-workers-all.svg"}

// draw lets sedabench make the report, and keeps some of its pictures.
func draw(dir string) error {
	all, err := os.MkdirTemp("", "study")
	if err != nil {
		return err
	}
	defer os.RemoveAll(all)
	args := []string{"run", "./cmd/sedabench", "report", "--out", filepath.Join(dir, "report.html"), "--svg", all}
	for _, name := range files {
		args = append(args, filepath.Join(dir, name))
	}
	c := exec.Command("go", args...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		return fmt.Errorf("sedabench report: %w", err)
	}
	for name, pattern := range pictures {
		found, err := filepath.Glob(filepath.Join(all, pattern))
		if err != nil || len(found) != 1 {
			return fmt.Errorf("%d pictures are named %s, want one (%v)", len(found), pattern, err)
		}
		svg, err := os.ReadFile(found[0])
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), svg, 0o644); err != nil {
			return err
		}
	}
	return nil
}
