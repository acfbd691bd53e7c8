//go:build !linux

package affinity_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

func TestNotSupported(t *testing.T) {
	_, err := affinity.Allowed()
	require.ErrorIs(t, err, affinity.ErrNotSupported)
	_, err = affinity.Current()
	require.ErrorIs(t, err, affinity.ErrNotSupported)
	_, _, err = affinity.System()
	require.ErrorIs(t, err, affinity.ErrNotSupported)
	require.ErrorIs(t, affinity.Pin(0), affinity.ErrNotSupported)
	require.ErrorIs(t, affinity.PinSet(affinity.Of(0, 1)), affinity.ErrNotSupported)
	require.ErrorIs(t, affinity.PinThread(1, affinity.Of(0)), affinity.ErrNotSupported)
	_, err = affinity.AllowedOf(1)
	require.ErrorIs(t, err, affinity.ErrNotSupported)
}
