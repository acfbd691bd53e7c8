package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/mutants"
)

// Each mutant changes code that is there.
func TestMutantsStand(t *testing.T) {
	s := mutants.Suite{Package: "engine"}
	for _, m := range list {
		s.Mutants = append(s.Mutants, m.tried(false))
	}
	require.NoError(t, s.Check("../.."))
}
