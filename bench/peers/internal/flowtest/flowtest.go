// Package flowtest tests the pipeline of a peer.
package flowtest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/bench/peers/internal/flow"
)

// Conserve requires that every event arrives exactly once, which the pipeline checks itself, one by one and in batches, when there are fewer
// events than may be under way and when there are many more, and twice in one process.
func Conserve(t *testing.T, p flow.Pipeline) {
	for _, c := range []struct{ events, batch int }{{1, 1}, {50_003, 1}, {7, 64}, {200_003, 64}, {50_003, 1}} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		ns, err := p(ctx, c.events, c.batch)
		cancel()
		require.NoError(t, err, "%d events in messages of %d", c.events, c.batch)
		require.Positive(t, ns)
	}
}
