package sched

import "math"

// batchTime returns how long a batch of a stage may take, ns, for the targets of the sources whose events come by.
func (y *System) batchTime(stage int) float64 {
	most := math.Inf(1)
	after := y.ahead(stage)
	for _, k := range y.Sources {
		way := y.ahead(k.Stage)
		if k.Target == 0 || !way.Has(stage) {
			continue
		}
		n := after.Len()
		for i := way.Next(0); i >= 0; i = way.Next(i + 1) {
			if before := y.ahead(i); before.Has(stage) && !after.Has(i) {
				n++
			}
		}
		most = min(most, float64(k.Target)/float64(targetShare*n))
	}
	return most
}

// ahead returns the stages that a stage's events can come to, and itself.
func (y *System) ahead(stage int) Set {
	seen := SetOf(stage)
	for todo := []int{stage}; len(todo) > 0; {
		i := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, n := range y.Stages[i].Next {
			if !seen.Has(n) {
				seen.Add(n)
				todo = append(todo, n)
			}
		}
	}
	return seen
}
