package engine

import (
	"io"
	"log/slog"

	"github.com/seda-go/seda/internal/invariant"
)

func quietLog() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// shorter returns a tenth of n in builds that run many times slower.
func shorter(n int) int {
	if invariant.Enabled {
		return n / 10
	}
	return n
}
