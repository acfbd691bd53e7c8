package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
)

// warnings is where the engine logs to: each warning is a line the first time and no more after that, since a study starts hundreds of engines, and on
// a busy machine all of them have the same to say. What disturbed the runs is summed up at the end. Safe for concurrent use.
type warnings struct {
	out   io.Writer
	level slog.Level
	mu    struct {
		sync.Mutex
		said map[string]bool
	}
}

func newWarnings(out io.Writer, level slog.Level) *slog.Logger {
	w := &warnings{out: out, level: level}
	w.mu.said = map[string]bool{}
	return slog.New(w)
}

func (w *warnings) Enabled(_ context.Context, level slog.Level) bool { return level >= w.level }

func (w *warnings) Handle(_ context.Context, r slog.Record) error {
	what := r.Message
	var details []string
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "err" { // which is what one warning differs from another by
			what += ": " + a.Value.String()
		} else {
			details = append(details, a.Key+" "+a.Value.String())
		}
		return true
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.mu.said[what] {
		return nil
	}
	w.mu.said[what] = true
	if len(details) > 0 {
		what += " (" + strings.Join(details, ", ") + ")"
	}
	_, err := fmt.Fprintf(w.out, "warning: %s; said once, however often it happens\n", what)
	return err
}

// WithAttrs leaves attributes out: they name the engine, and all are called the same.
func (w *warnings) WithAttrs([]slog.Attr) slog.Handler { return w }

// WithGroup leaves groups out: nothing logs in one.
func (w *warnings) WithGroup(string) slog.Handler { return w }
