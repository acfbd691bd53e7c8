//go:build yield || invariants || race

package yield_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/yield"
)

func TestIntercept(t *testing.T) {
	outer, inner := 0, 0
	undoOuter := yield.Intercept(func() { outer++ })
	yield.Point()
	undoInner := yield.Intercept(func() { inner++ })
	yield.Point()
	yield.Point()
	undoInner()
	yield.Point()
	undoOuter()
	yield.Point()
	require.Equal(t, 2, outer)
	require.Equal(t, 2, inner)
}
