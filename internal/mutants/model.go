package mutants

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// check runs variants of the model.
func (t *tree) check(ctx context.Context, variants []string) error {
	t.model = map[string]result{}
	if len(variants) == 0 {
		return nil
	}
	slices.Sort(variants)
	variants = slices.Compact(variants)
	script := filepath.Join(t.Package, "model/run.sh")
	if _, err := os.Stat(filepath.Join(t.root, script)); err != nil {
		for _, v := range variants {
			t.model[v] = result{skipped: true, by: "the model, were there one"}
		}
		return nil
	}
	lines := make([]string, len(variants))
	for i, v := range variants {
		lines[i] = "^" + v + " +[|]"
	}
	cmd := exec.CommandContext(ctx, "bash", script, strings.Join(lines, "|"))
	cmd.Dir = t.root
	out, err := cmd.CombinedOutput()
	if err != nil && !errors.As(err, new(*exec.ExitError)) {
		return fmt.Errorf("run the model: %w", err)
	}
	for _, v := range variants {
		t.model[v] = verdict(v, out)
	}
	return nil
}

// verdict finds what became of a variant in the table that the model's script prints: its name without -D, what is expected, what was found.
func verdict(variant string, table []byte) result {
	if bytes.HasPrefix(table, []byte("skipped")) {
		return result{skipped: true, by: "the model, had it been checked"}
	}
	name := strings.ReplaceAll(variant, "-D", "")
	for line := range strings.Lines(string(table)) {
		rest, ok := strings.CutPrefix(line, name+" ")
		if ok && !strings.HasPrefix(strings.TrimSpace(rest), "holds") {
			return result{killed: !strings.Contains(line, "not as expected"), by: "model: " + name}
		}
	}
	return result{by: "nothing: the model has no broken variant " + name}
}
