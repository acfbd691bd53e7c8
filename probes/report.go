package probes

import (
	"fmt"
	"strings"
)

// A Report says where each metric comes from.
type Report [metricCount]struct {
	Origin Origin
	Reason Reason // why there is none
}

// ReportOf asks s about every metric.
func ReportOf(s Source) (r Report) {
	for m := range metricCount {
		r[m].Origin, r[m].Reason = s.Origin(m)
	}
	return r
}

// String is a table with a line for each metric, and what to do about those that are missing.
func (r Report) String() string {
	var b strings.Builder
	for m, e := range r {
		fmt.Fprintf(&b, "%-15s %s", Metric(m), e.Origin)
		if e.Origin == None {
			fmt.Fprintf(&b, ": %s", e.Reason.Error())
		}
		b.WriteString("\n")
	}
	told := map[Reason]bool{}
	for _, e := range r {
		if e.Origin == None && !told[e.Reason] {
			told[e.Reason] = true
			fmt.Fprintf(&b, "\n%s: %s", e.Reason.Error(), e.Reason.Remedy())
		}
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
