package load

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
)

// No two clients share a cache line, and what changes with a request is on few.
func TestClientsHaveLinesOfTheirOwn(t *testing.T) {
	require.Zero(t, unsafe.Sizeof(client{})%64)
	require.Zero(t, unsafe.Offsetof(client{}.pcg)%64)
	require.LessOrEqual(t, unsafe.Offsetof(client{}.without)-unsafe.Offsetof(client{}.pcg), uintptr(128))
}
