package mutants

import (
	"fmt"
	"io"
	"strings"
)

// report prints the table and reports whether no mutant survived.
func report(w io.Writer, mutants []Mutant, results []result) bool {
	killed, skipped := 0, 0
	fmt.Fprintf(w, "| rule | mutation | killed by | killed |\n|---|---|---|---|\n")
	for i, m := range mutants {
		answer := "no"
		switch r := results[i]; {
		case r.skipped:
			answer = "skipped"
			skipped++
		case r.killed:
			answer = "yes"
			killed++
		}
		by := strings.ReplaceAll(results[i].by, "|", ", ")
		fmt.Fprintf(w, "| %s | %s | %s | %s |\n", m.Rule, m.What, by, answer)
	}
	fmt.Fprintf(w, "\n%d mutants, %d killed, %d skipped, %d survive\n", len(mutants), killed, skipped, len(mutants)-killed-skipped)
	return killed+skipped == len(mutants)
}
