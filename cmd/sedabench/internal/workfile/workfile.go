package workfile

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"

	"github.com/seda-go/seda/internal/workload"
)

// File is what a workload file says.
type File struct {
	Graph *workload.Graph
	// Services and Works are those of each stage, nil where it names none.
	Services []*workload.Service
	Works    []*workload.Work
	// Load are values of flags.
	Load []Setting
}

// Setting is the value of a flag, and where it stands.
type Setting struct {
	Flag, Text string
	at         string
}

// Wrap says where the value stands that an error is about.
func (s Setting) Wrap(err error) error { return fmt.Errorf("%s: load: %s: %w", s.at, s.Flag, err) }

// maxSize is far beyond what the largest graph takes.
const maxSize = 1 << 20

// Read reads the file of a name.
func Read(name string) (*File, error) {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: it is no file; want a regular one", name)
	case info.Size() > maxSize:
		return nil, fmt.Errorf("%s: %d bytes, want at most %d", name, info.Size(), maxSize)
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, data)
}

// Parse reads what stands in the file of a name.
func Parse(name string, data []byte) (*File, error) {
	r := reader{name: name, file: &File{}}
	var all map[string]any
	if err := toml.Unmarshal(data, &all); err != nil {
		return nil, r.syntax(err)
	}
	r.lines = findLines(data)
	if err := r.document(all); err != nil {
		return nil, err
	}
	return r.file, nil
}

// reader reads one file.
type reader struct {
	name  string
	lines map[string]int
	file  *File
}

// syntax says where a file is no TOML.
func (r *reader) syntax(err error) error {
	var at *toml.DecodeError
	if !errors.As(err, &at) {
		return fmt.Errorf("%s: %w", r.name, err)
	}
	line, _ := at.Position()
	return fmt.Errorf("%s:%d: %s", r.name, line, strings.TrimPrefix(at.Error(), "toml: "))
}

// at writes where something stands: at its line, or that of what it is in.
func (r *reader) at(path string) string {
	for ; path != ""; path = path[:max(strings.LastIndexByte(path, '.'), 0)] {
		if line := r.lines[path]; line > 0 {
			return fmt.Sprintf("%s:%d", r.name, line)
		}
	}
	return r.name
}

func (r *reader) bad(path, format string, args ...any) error {
	return fmt.Errorf("%s: %w", r.at(path), fmt.Errorf(format, args...))
}

func (r *reader) document(all map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name != "stage" && name != "load" {
			return r.bad(name, "%s: no such table; want [[stage]] and [load]", name)
		}
	}
	stages, ok := all["stage"].([]any)
	switch {
	case all["stage"] == nil:
		return r.bad("", "no stage; want [[stage]], once for each")
	case !ok:
		return r.bad("stage", "stage: want [[stage]], once for each")
	}
	if err := r.readStages(stages); err != nil {
		return err
	}
	if all["load"] == nil {
		return nil
	}
	load, ok := all["load"].(map[string]any)
	if !ok {
		return r.bad("load", "load: want a table, [load]")
	}
	return r.readLoad(load)
}

func (r *reader) readStages(all []any) error {
	stages := make([]workload.Stage, len(all))
	for i := range all {
		table, ok := all[i].(map[string]any)
		if !ok {
			return r.bad("stage", "stage: want [[stage]], once for each")
		}
		if err := r.readStage(i, table, &stages[i]); err != nil {
			return err
		}
	}
	graph, err := workload.Build(shapeOf(r.name), stages)
	var wrong *workload.StageError
	switch {
	case errors.As(err, &wrong):
		return r.bad(fmt.Sprintf("stage.%d.%s", wrong.Stage, wrong.Field), "%w", err)
	case err != nil:
		return r.bad("", "%w", err)
	}
	r.file.Graph = graph
	return nil
}

// shapeOf names the graph of a file, in one word.
func shapeOf(name string) string {
	return strings.Map(func(c rune) rune {
		if c <= ' ' || c == '/' || c == 0x7f {
			return '_'
		}
		return c
	}, strings.TrimSuffix(filepath.Base(name), ".toml"))
}
