package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/report"
)

// Clients that think leave the service idle: what is done then is not under the heading of capacity.
func TestThinkingIsNoCapacity(t *testing.T) {
	f := measured()
	f.Runs = slices.DeleteFunc(f.Runs, func(r report.Run) bool { return r.Load.Rate != nil })
	thinking := slices.Clone(f.Runs)
	for i := range thinking {
		thinking[i].Load.Think = "exp:1ms"
	}
	f.Findings = nil
	require.Equal(t, []string{"Capacity", "Percentiles of delay", "Figures", "Time line", "Stages"}, headings(New([]Input{{File: f}}, Comparison{}), 0))
	f.Runs = append(f.Runs, thinking...)
	require.Equal(t, "Clients that think", headings(New([]Input{{File: f}}, Comparison{}), 0)[1])
	f.Runs = thinking
	require.NotContains(t, headings(New([]Input{{File: f}}, Comparison{}), 0), "Capacity")
}

// Where each architecture is offered parts of what it does itself, as in certify, a load belongs to one of them: tables and views are of architectures,
// in the order in which these were asked for.
func TestLoadsOfTheirOwn(t *testing.T) {
	f := report.File{Config: report.Config{Archs: []string{"staged", "pool"}, Workers: []int{1}}}
	for _, x := range []float64{2, 0.5, 1} {
		for k, arch := range []string{"pool", "staged"} {
			f.Runs = append(f.Runs, ofRun(arch, report.Load{Arrival: "poisson", Rate: pointer(1000*x + float64(k))}, 0, 1000*x))
			f.Findings = append(f.Findings, report.Finding{Sheet: "Goodput", Of: arch, What: fmt.Sprintf("%gx", x), Value: x, Low: x, High: x, Runs: 1, Verdict: "info"})
		}
	}
	p := New([]Input{{File: f}}, Comparison{})
	at := func(heading string) section {
		return p.Files[0].Sections[slices.IndexFunc(p.Files[0].Sections, func(s section) bool { return s.Heading == heading })]
	}
	require.Equal(t, "Goodput", at("Findings").Views[0].Figures[0].Title, "goodput by offered load as a picture")
	figures := at("Figures")
	require.Empty(t, figures.Tables)
	require.Len(t, figures.Folded, 2)
	require.Equal(t, "staged", figures.Folded[0].Caption)
	require.Equal(t, "poisson arrivals, 501/s", figures.Folded[0].Rows[0][0])
	require.Equal(t, []string{"staged", "pool"}, []string{at("Percentiles of delay").Views[0].Name, at("Percentiles of delay").Views[1].Name})
}

// What many loads have to say does not push the plots out of sight, and many tables neither.
func TestMuchIsFolded(t *testing.T) {
	f := report.File{Config: report.Config{Workers: []int{1}}}
	var verdict []string
	for i := range 30 {
		f.Runs = append(f.Runs, ofRun("staged", report.Load{Arrival: "poisson", Rate: pointer(float64(1000 * (i + 1)))}, 0, 1000))
		verdict = append(verdict, fmt.Sprint("sentence ", i))
	}
	p := New([]Input{{File: f, Verdict: verdict}}, Comparison{})
	require.Equal(t, verdict, append(slices.Clone(p.Files[0].Verdict), p.Files[0].Further...))
	require.Len(t, p.Files[0].Verdict, shownVerdicts)
	for _, s := range p.Files[0].Sections {
		require.LessOrEqual(t, len(s.Tables), shownTables)
		if s.Heading == "Figures" {
			require.Len(t, s.Folded, 30)
		}
	}
	var b strings.Builder
	require.NoError(t, p.Write(&b))
	require.Contains(t, b.String(), "<summary>20 more</summary>")
}
