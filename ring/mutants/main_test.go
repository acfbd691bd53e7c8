package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/mutants"
)

// Each mutant changes code that is there.
func TestMutantsStand(t *testing.T) {
	require.NoError(t, mutants.Suite{Package: "ring", Mutants: list()}.Check("../.."))
}
