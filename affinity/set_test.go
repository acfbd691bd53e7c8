package affinity_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/affinity"
)

func TestSetAlgebra(t *testing.T) {
	a, b := affinity.Of(0, 1, 2, 64, 5000), affinity.Of(2, 3, 64)
	require.Equal(t, affinity.Of(2, 64), a.And(b))
	require.Equal(t, affinity.Of(0, 1, 2, 3, 64, 5000), a.Or(b))
	require.Equal(t, a.Or(b), b.Or(a))
	require.Equal(t, affinity.Of(0, 1, 5000), a.AndNot(b))
	require.Equal(t, affinity.Of(3), b.AndNot(a))
	require.Equal(t, affinity.Of(0, 1, 2, 64), a.Without(5000))
	require.Equal(t, a, a.Without(5000).With(5000))
	require.Equal(t, a, a.With(64))
	require.Equal(t, a, a.Without(7).Without(-1).Without(1<<30))
	require.Equal(t, []int{0, 1, 2, 64, 5000}, a.CPUs())
	require.Equal(t, 5, a.Len())
	require.True(t, a.Contains(affinity.Of(0, 5000)))
	require.True(t, a.Contains(affinity.Set{}))
	require.False(t, a.Contains(b))
	require.Equal(t, []int{0, 5000}, []int{a.Min(), a.Max()})
	require.Equal(t, []int{2, 64}, []int{b.Min(), b.Max()})
	require.True(t, a.Has(64))
	for _, absent := range []int{-1, 3, 63, 4999, 5001, math.MaxInt} {
		require.False(t, a.Has(absent), absent)
	}
}

func TestSetEmpty(t *testing.T) {
	var zero affinity.Set
	for _, s := range []affinity.Set{zero, affinity.Of(), affinity.Of(9).Without(9), affinity.Of(1).And(affinity.Of(2)), affinity.Of(70).AndNot(affinity.Of(70))} {
		require.True(t, s == zero, "equal sets are equal values")
		require.True(t, s.Equal(zero))
		require.True(t, s.Empty())
		require.Zero(t, s.Len())
		require.Equal(t, []int{-1, -1}, []int{s.Min(), s.Max()})
		require.Empty(t, s.CPUs())
		require.Equal(t, "", s.String())
		require.Equal(t, "0", s.Mask())
	}
}

func TestSetIsAValue(t *testing.T) {
	s := affinity.Of(1, 2)
	_ = s.With(3)
	_ = s.Without(1)
	_ = s.Or(affinity.Of(9))
	s.CPUs()[0] = 7
	require.Equal(t, affinity.Of(1, 2), s)
	require.Equal(t, "here", map[affinity.Set]string{affinity.Of(2, 1): "here"}[s])
}

func TestSetPanicsOutOfRange(t *testing.T) {
	for _, cpu := range []int{-1, 1 << 22, math.MaxInt} {
		require.PanicsWithValue(t, rangePanic(cpu), func() { affinity.Of(cpu) })
		require.PanicsWithValue(t, rangePanic(cpu), func() { affinity.Of(1).With(cpu) })
	}
	require.Equal(t, 1<<22-1, affinity.Of(1<<22-1).Max())
}

func TestSetText(t *testing.T) {
	type config struct{ CPUs affinity.Set }
	text, err := json.Marshal(config{affinity.Of(0, 1, 2, 8)})
	require.NoError(t, err)
	require.Equal(t, `{"CPUs":"0-2,8"}`, string(text))
	var back config
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, affinity.Of(0, 1, 2, 8), back.CPUs)
	require.ErrorContains(t, back.CPUs.UnmarshalText([]byte("1-")), `CPU list "1-"`)
	require.Equal(t, affinity.Of(0, 1, 2, 8), back.CPUs, "unchanged by an error")
}

// TestSetAgainstMap compares the algebra with the obvious implementation.
func TestSetAgainstMap(t *testing.T) {
	rng := random(t)
	for range times(500) {
		a, b := randomIDs(rng), randomIDs(rng)
		x, y := affinity.Of(a...), affinity.Of(b...)
		inA, inB := map[int]bool{}, map[int]bool{}
		for _, c := range a {
			inA[c] = true
		}
		for _, c := range b {
			inB[c] = true
		}
		require.Equal(t, len(inA), x.Len())
		for c := range 400 {
			require.Equal(t, inA[c], x.Has(c))
			require.Equal(t, inA[c] && inB[c], x.And(y).Has(c))
			require.Equal(t, inA[c] || inB[c], x.Or(y).Has(c))
			require.Equal(t, inA[c] && !inB[c], x.AndNot(y).Has(c))
		}
		require.Equal(t, x, affinity.Of(x.CPUs()...))
		require.Equal(t, x, x.And(y).Or(x.AndNot(y)), "one value for one set")
	}
}

func randomIDs(rng *rand.Rand) []int {
	ids := make([]int, rng.IntN(40))
	for i := range ids {
		ids[i] = rng.IntN(rng.IntN(400) + 1)
	}
	return ids
}
