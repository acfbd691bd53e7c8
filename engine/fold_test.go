package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// One reading that is free, as the clock has it, does not make all others so.
func TestFolderForgetsCosts(t *testing.T) {
	f := folder{cost: foldFirst}
	f.note(time.Second)
	require.Equal(t, 2*foldFirst, f.cost, "believed up to twice the last one")
	f.note(0)
	for range 20 {
		f.note(time.Millisecond)
	}
	require.Equal(t, time.Millisecond, f.cost)
}
