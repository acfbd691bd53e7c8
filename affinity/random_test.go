package affinity_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// random returns a generator whose seed is printed when the test fails and can
// be given back as TEST_SEED.
func random(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("TEST_SEED"); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err, "TEST_SEED")
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("TEST_SEED=%d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// times is n, and a tenth of it with -short: on emulated machines, where what is tried is the kernel.
func times(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}
