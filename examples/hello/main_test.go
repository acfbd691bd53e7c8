package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHello(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out, "hello"))
	require.Equal(t, "HELLO\n", out.String())
}

func TestEveryWordIsShown(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	words := make([]string, 5000) // more than the stages hold
	for i := range words {
		words[i] = "a"
	}
	var out bytes.Buffer
	require.NoError(t, run(ctx, &out, words...))
	require.Equal(t, len(words), bytes.Count(out.Bytes(), []byte("A\n")))
}

// closed is a writer that fails, as a closed pipe does. That fails the event and not the program.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestBrokenOutput(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, run(ctx, closed{}, "hello", "world"))
}
