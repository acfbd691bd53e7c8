package sched

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestChangeText(t *testing.T) {
	var texts []string
	for _, ratio := range []float64{7.9, 1.991, 1.996, 0.988, 1} {
		texts = append(texts, changeText(ratio))
	}
	require.Equal(t, []string{"+690 %", "+99 %", "+100 %", "-1.2 %", "+0 %"}, texts)
}
