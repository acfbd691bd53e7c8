package leaktest

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A goroutine comes to the main thread now and then, which does not end with it: f runs on another one.
func TestOnThread(t *testing.T) {
	for range 200 {
		ran := false
		OnThread(func() {
			require.NotEqual(t, os.Getpid(), syscall.Gettid())
			ran = true
		})
		require.True(t, ran)
	}
}
