//go:build !invariants && !race && !yield

package ring_test

import "testing"

// delay does nothing: an ordinary build has no windows.
func delay(*testing.T) {}
