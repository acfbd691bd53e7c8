package main

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// What hundreds of engines say alike is said once, in the form of everything else on standard error.
func TestWarningsAreSaidOnce(t *testing.T) {
	var errs strings.Builder
	log := newWarnings(&errs, slog.LevelWarn)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() { log.With("engine", "sedabench").Warn("handler runs long", "stage", "s0") })
	}
	all.Wait()
	log.Warn("handler runs long", "stage", "s1")
	log.Warn("probes", "err", errors.New("first"))
	log.Warn("probes", "err", errors.New("second"))
	log.Info("started")
	require.Equal(t, `warning: handler runs long (stage s0); said once, however often it happens
warning: probes: first; said once, however often it happens
warning: probes: second; said once, however often it happens
`, errs.String())
}
