package ring_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// seed is the seed of every random choice in these tests: TEST_SEED, or one
// that is printed when a test fails, to be given back.
var seed = func() func() uint64 {
	s := rand.Uint64()
	if v, err := strconv.ParseUint(os.Getenv("TEST_SEED"), 10, 64); err == nil {
		s = v
	}
	return func() uint64 { return s }
}()

func TestMain(m *testing.M) {
	code := m.Run()
	if code != 0 {
		fmt.Printf("TEST_SEED=%d\n", seed())
	}
	os.Exit(code)
}
