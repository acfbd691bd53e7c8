package engine

import (
	"bytes"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/seda-go/seda/internal/invariant"
)

func quietLog() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// LogLines keeps what is logged; any goroutine may write and read.
type LogLines struct {
	mu  sync.Mutex
	out bytes.Buffer
}

func (l *LogLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.out.Write(p)
}

// Log returns a logger that writes here.
func (l *LogLines) Log() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

// With returns the lines that contain every one of parts.
func (l *LogLines) With(parts ...string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
lines:
	for line := range strings.Lines(l.out.String()) {
		for _, part := range parts {
			if !strings.Contains(line, part) {
				continue lines
			}
		}
		found = append(found, line)
	}
	return found
}

// shorter returns a tenth of n in builds that run many times slower.
func shorter(n int) int {
	if invariant.Enabled {
		return n / 10
	}
	return n
}

// Shorter is shorter for the tests in package engine_test.
func Shorter(n int) int { return shorter(n) }

// FromEnv is fromEnv for the tests in package engine_test.
func FromEnv(t testing.TB, name string, otherwise int) int { return fromEnv(t, name, otherwise) }
