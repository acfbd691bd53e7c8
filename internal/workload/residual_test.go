package workload

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// What begins with a residual is renewed as often in any time from the beginning as in the mean for ever, also where times are cut.
func TestRenewalsBeginAsTheyGoOn(t *testing.T) {
	for _, text := range []string{
		"constant:1us", "exp:1us", "bimodal:1us,20us,0.1", "bimodal:0s,1us,0.5", "lognormal:1us,1", "lognormal:1us,0", "pareto:1us,3", "exp:217ms", "constant:1s", "pareto:10us,1.4",
	} {
		s, err := ParseService(text)
		require.NoError(t, err)
		random := rand.New(rand.NewPCG(1, 2))
		mean := s.Mean() * (1 - s.cut())
		for _, means := range []float64{0.1, 0.5, 1, 2} {
			const n = 100_000
			renewals := 0
			for range n {
				for at := s.Residual(random); at < means*mean; at += s.Draw(random) {
					renewals++
				}
			}
			require.InEpsilon(t, means, float64(renewals)/n, 0.03, "%s, in %g means", text, means)
		}
	}
}
