package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seda-go/seda/internal/report"
)

// results is where a study prints: to a stream, or into memory until it is complete and goes into a file under that file's name.
type results struct {
	name   string // of the file; empty: none
	stream io.Writer
	held   bytes.Buffer
}

// writer is what results are written to meanwhile.
func (r *results) writer() io.Writer {
	if r.name == "" {
		return r.stream
	}
	return &r.held
}

// keep makes the file. Where that fails, the results go to the stream: they took longer to make than to read twice.
func (r *results) keep() error {
	if r.name == "" {
		return nil
	}
	err := writeWhole(r.name, func(w io.Writer) error {
		_, err := w.Write(r.held.Bytes())
		return err
	})
	if err != nil {
		_, lost := r.stream.Write(r.held.Bytes())
		return errors.Join(fmt.Errorf("--out: %w; the results are on standard output", err), lost)
	}
	_, err = fmt.Fprintf(r.stream, "results  %s\n", r.name)
	return err
}

// resultName takes the name of a file that can be made, as far as that is known before there is something to put into it.
func resultName(text string) (string, error) {
	if text == "" {
		return "", errors.New("want a name")
	}
	if text == standard {
		return "", nil
	}
	if info, err := os.Stat(text); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return "", fmt.Errorf("%s is a directory", text)
		}
		return text, nil // such as a pipe, which is written to as it is
	}
	at := text
	if target, err := filepath.EvalSymlinks(text); err == nil {
		at = target
	}
	return text, takesFiles(filepath.Dir(at))
}

// directoryName takes the name of a directory that is there, or can be made, and takes files.
func directoryName(text string) (string, error) {
	if text == "" {
		return "", errors.New("want a name")
	}
	there := filepath.Clean(text)
	for {
		if _, err := os.Stat(there); err == nil || there == filepath.Dir(there) {
			return text, takesFiles(there)
		}
		there = filepath.Dir(there)
	}
}

// takesFiles makes a file in a directory and removes it: who may do so depends on more than modes.
func takesFiles(dir string) error {
	f, err := os.CreateTemp(dir, ".sedabench")
	if err != nil {
		return fmt.Errorf("no file can be made in %s: %w", dir, errors.Unwrap(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// finish prints what was measured by write. If something failed before all was, what there is is marked and printed run by run, since what a
// verb makes of its runs needs all of them; nothing is printed of nothing. Either way that failure is the error.
func (st *study) finish(failed error, write func() error) error {
	if failed != nil && len(st.runs) == 0 {
		return failed
	}
	st.machine.Steal, st.machine.Foreign = st.host.usage().since(st.before, st.machine.CPUs)
	if failed != nil {
		st.partial, write = because(failed), st.write
	}
	err := write()
	half := err != nil
	err = errors.Join(err, st.writePrecision(), st.writeHistograms())
	if !half { // else a file of before is worth more
		err = errors.Join(err, st.results.keep())
	}
	st.out = st.results.stream
	switch {
	case failed == nil:
		return err
	case err != nil:
		return fmt.Errorf("%s: %w", because(failed), err) // also after an interrupt, of which nothing more is said than that
	}
	return failed
}

// errNoRunCounts is not for those who read what was printed, which says why, but for scripts that go by the exit status.
var errNoRunCounts = errors.New("no run counts, so nothing is known: see what is said of runs that do not")

// counts returns an error if there are runs, and none that counts.
func (st *study) counts() error {
	if len(st.runs) == 0 || slices.ContainsFunc(st.runs, func(r report.Run) bool { return r.Valid }) {
		return nil
	}
	return errNoRunCounts
}

// because says in one line why a study ended early.
func because(failed error) string {
	if errors.Is(failed, context.Canceled) {
		return "interrupted"
	}
	return strings.ReplaceAll(failed.Error(), "\n", "; ")
}

// incomplete says that a file is, and why.
func incomplete(f report.File) []string {
	if !f.Partial {
		return nil
	}
	return []string{fmt.Sprintf("Partial: this is what was measured before the end, which came early: %s.", f.Reason)}
}
