package mutants

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// compile makes the tests of the package, with files of it changed.
func (t *tree) compile(ctx context.Context, build, name string, changed map[string][]byte) error {
	overlay, err := t.overlay(name, changed)
	if err != nil {
		return err
	}
	// Not optimised: that takes longer than all of the tests.
	args := []string{"test", "-c", "-vet=off", "-gcflags=-N -l", "-overlay", overlay, "-o", filepath.Join(t.dir, name)}
	switch build {
	case "":
	case "race":
		args = append(args, "-race")
	default:
		args = append(args, "-tags", build)
	}
	cmd := exec.CommandContext(ctx, "go", append(args, "./"+t.Package)...)
	cmd.Dir = t.root
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("compile the mutants: %w\n%s", err, out)
	}
	return nil
}

// overlay writes the changed files, and the list that has the compiler use them.
func (t *tree) overlay(name string, changed map[string][]byte) (string, error) {
	replace := map[string]string{}
	for file, text := range changed {
		path := filepath.Join(t.dir, fmt.Sprintf("%s.%d.go", name, len(replace)))
		replace[t.path(file)] = path
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return "", err
		}
	}
	list, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(t.dir, name+".json")
	return overlay, os.WriteFile(overlay, list, 0o600)
}
