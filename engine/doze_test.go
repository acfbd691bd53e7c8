package engine

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Who dozes announces it before the look, does not sleep if that finds somebody up, and is restarted by whoever gets up after it.
func TestDoze(t *testing.T) {
	d := newDoze()
	for what, quiet := range map[string]func() bool{
		"somebody is up":            func() bool { return false },
		"somebody got up meanwhile": func() bool { d.stir(); return true },
	} {
		announced, over := false, make(chan struct{}, 1)
		go func() {
			d.sleep(func() bool { announced = d.asleep.Load(); return quiet() })
			over <- struct{}{}
		}()
		await(t, over, what)
		require.True(t, announced, what)
		require.False(t, d.asleep.Load(), what)
	}
	d.stir()
	require.Empty(t, d.restarted, "nobody sleeps")
	close(d.stop)
	d.sleep(func() bool { return true })
}
