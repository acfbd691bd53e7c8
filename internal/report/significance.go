package report

import (
	"cmp"
	"math"
	"slices"
)

// exactUpTo is the size of both samples together up to which MannWhitney counts
// all ways to split them; a larger one is well approximated.
const exactUpTo = 40

// MannWhitney returns the two-sided p-value of the rank-sum test: how likely
// samples of one distribution are to differ at least as much as a and b. It
// assumes nothing of that distribution but that values are independent. For
// small samples it counts all splits of the ranks, with ties at their mean;
// for large ones it takes the normal approximation, corrected for ties and
// continuity. With an empty sample it is 1.
//
// H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables
// is stochastically larger than the other", Annals of Mathematical Statistics
// 18 (1947).
func MannWhitney(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 1
	}
	ranks, ties := doubledRanks(a, b)
	sum := 0
	for _, r := range ranks[:len(a)] {
		sum += r
	}
	if len(ranks) <= exactUpTo {
		return exactRankSum(ranks, len(a), sum)
	}
	m, n := float64(len(a)), float64(len(b))
	distance := math.Abs(float64(sum)/2 - m*(m+n+1)/2)
	deviation := math.Sqrt(m * n / 12 * (m + n + 1 - ties/((m+n)*(m+n-1))))
	if deviation == 0 {
		return 1
	}
	return min(math.Erfc((distance-0.5)/deviation/math.Sqrt2), 1)
}

// leastP returns the p-value of samples of these sizes of which one is all above the other: no test of them gives less.
func leastP(m, n int) float64 {
	p := 2.0
	for i := range m {
		p *= float64(i+1) / float64(n+i+1)
	}
	return min(p, 1)
}

// doubledRanks returns twice the rank of each value, first those of a, then
// those of b, and the sum of t^3-t over groups of t equal values.
func doubledRanks(a, b []float64) (ranks []int, ties float64) {
	all := slices.Concat(a, b)
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(all[i], all[j]) })
	ranks = make([]int, len(all))
	for from := 0; from < len(order); {
		to := from + 1
		for to < len(order) && all[order[to]] == all[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = from + 1 + to
		}
		t := float64(to - from)
		ties += t*t*t - t
		from = to
	}
	return ranks, ties
}

// exactRankSum returns twice the smaller tail, beginning at sum, of the
// distribution of the sum of m of the ranks.
func exactRankSum(ranks []int, m, sum int) float64 {
	total := 0
	for _, r := range ranks {
		total += r
	}
	ways := make([][]float64, m+1) // [k][s]: to choose k of the ranks so that they add up to s
	for k := range ways {
		ways[k] = make([]float64, total+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for k := m; k > 0; k-- {
			for s := r; s <= total; s++ {
				ways[k][s] += ways[k-1][s-r]
			}
		}
	}
	low, high, all := 0.0, 0.0, 0.0
	for s, n := range ways[m] {
		all += n
		if s <= sum {
			low += n
		}
		if s >= sum {
			high += n
		}
	}
	return min(2*min(low, high)/all, 1)
}

// Holm returns the p-values of a family of tests adjusted so that calling those
// below a level significant calls any wrongly so with no more than that
// probability, however the tests depend on each other.
//
// S. Holm, "A simple sequentially rejective multiple test procedure",
// Scandinavian Journal of Statistics 6 (1979).
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted := make([]float64, len(p))
	least := 0.0
	for k, i := range order {
		least = max(least, min(p[i]*float64(len(p)-k), 1))
		adjusted[i] = least
	}
	return adjusted
}
