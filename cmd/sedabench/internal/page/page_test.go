package page

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/internal/plot"
	"github.com/seda-go/seda/internal/report"
)

func pointer[T any](v T) *T { return &v }

// measured is a file of two architectures in closed loop and under three rates, with a time line, stages and findings.
func measured() report.File {
	f := report.File{
		Schema: report.Schema, Machine: report.Machine{Model: "Babbage 2", CPUs: 2},
		Config: report.Config{Command: "sedabench run --arch staged,pool", Workers: []int{1}, Shape: "fanout", Stages: 3},
		Findings: []report.Finding{
			{Sheet: "Spikes", Of: "adaptive", What: "recovery ms", Value: 12.345, Text: "12.3ms", Low: 11, High: 13, Runs: 3, Bound: pointer(10.0), Wanted: "at most 10ms", Verdict: "short"},
			{Sheet: "Spikes", Of: "adaptive", What: "goodput", Value: 1e6, Runs: 3, Verdict: "info"},
			{Sheet: "Spikes", Of: "static", What: "recovery ms", Value: 1, Low: 1, High: 1, Runs: 3, Verdict: "info"},
			{Sheet: "Overload", Of: "adaptive", What: "goodput", Value: 0.99, Runs: 3, Bound: pointer(0.9), Verdict: "ok"},
		},
	}
	loads := []report.Load{{Arrival: "closed", Clients: pointer(8)}}
	for _, rate := range []float64{1000, 2000, 4000} {
		loads = append(loads, report.Load{Arrival: "poisson", Rate: &rate, Fraction: pointer(rate / 4000)})
	}
	for i, load := range loads {
		for k, arch := range []string{"staged", "pool"} {
			for rep := range 3 {
				f.Runs = append(f.Runs, ofRun(arch, load, rep, float64(1000*(i+1)*(k+1))*(1+0.01*float64(rep))))
			}
		}
	}
	f.Runs[0].Valid = false
	for i := range uint64(500) {
		f.Runs[0].Timeline = append(f.Runs[0].Timeline, report.Moment{At: int64(i) * 1e6, Accepted: i * i, Refused: i, Stages: []report.StageMoment{
			{Name: "s0", Cores: 1, Batch: 64 >> (i / 100), Depth: int(i % 7), HeadAge: int64(i) * 1000},
			{Name: "s1", Cores: 2, Batch: 8, Depth: 3, Done: i},
		}})
	}
	f.Runs[0].Decisions = []report.Decision{{At: 1e8, What: "batch of s0: 64 -> 32", Why: "the knee is at 30"}, {At: 2e8, What: "cores", Why: "more"}}
	return f
}

func ofRun(arch string, load report.Load, rep int, x float64) report.Run {
	return report.Run{
		Arch: arch, Workers: 1, Rep: rep, Load: load, Goodput: x, Accepted: 1.1 * x, CPU: pointer(1e9 / x), Valid: true,
		Sojourn: report.Sojourn{P50: int64(1e7 / x), P90: int64(2e7 / x), P99: int64(5e7 / x), P999: int64(9e7 / x), Max: int64(1e8 / x)},
		Events:  report.Events{Offered: 1000, Accepted: 900, Refused: 100, Completed: 900},
		Stages: []report.Stage{
			{Name: "s0", Batch: 3, Service: pointer(1000.0), Wait: pointer(2e6), OnCPU: pointer(900.0)}, {Name: "s1", Batch: 1}, {Name: "s2", Batch: 1},
		},
	}
}

// Where clients are what loads in closed loop differ by, capacity is plotted by them, a line for each architecture.
func TestCapacityByClients(t *testing.T) {
	f := measured()
	f.Config.Target = 0.001
	for _, clients := range []int{64, 512} {
		f.Runs = append(f.Runs, ofRun("staged", report.Load{Arrival: "closed", Clients: &clients}, 0, float64(clients)))
	}
	page := written(t, []Input{{Name: "a.json", File: f}})
	_, capacity, _ := strings.Cut(page, `id="file1-capacity"`)
	capacity, throughput, _ := strings.Cut(capacity, `id="file1-throughput-against-load"`)
	require.Contains(t, capacity, ">clients<")
	require.NotContains(t, capacity, ">architecture<")
	require.Contains(t, throughput, strings.TrimSpace(overdue))
}

// scaled is a file of scale.
func scaled() report.File {
	f := report.File{Schema: report.Schema, Config: report.Config{Workers: []int{1, 2}}}
	point := func(n int, kind string, x float64) report.ScalePoint {
		return report.ScalePoint{Workers: n, Kind: kind, Throughput: &report.Estimate{Low: 0.9 * x, Median: x, High: 1.1 * x, Runs: 4}}
	}
	s := report.Scale{Arch: "staged", Points: []report.ScalePoint{
		point(1, report.Measured, 100), point(2, report.Measured, 190), point(4, report.Oversubscribed, 150),
		{Workers: 64, Kind: report.Simulated, Predicted: pointer(3000.0)},
	}}
	s.Points[1].Predicted, s.Points[1].Error = pointer(195.0), pointer(0.03)
	s.USL = &report.USL{Lambda: report.Estimate{Median: 100}, Sigma: report.Estimate{Median: 0.05}, Kappa: report.Estimate{Median: 0.001}}
	f.Scales = []report.Scale{s, {Arch: "pool", Points: []report.ScalePoint{point(1, report.Measured, 90)}}}
	return f
}

func sample() []Input {
	return []Input{
		{Name: "run.json", File: measured(), Machine: "Babbage 2, 2 CPUs", Notes: []string{"1 of 24 runs do not count"}, Verdict: []string{"staged is best"}},
		{Name: "scale.json", File: scaled(), ScaleLines: [][]string{{"lost to run delay"}}, ScaleTables: []Table{{Caption: "Measured", Head: []string{"workers"}, Rows: [][]string{{"1"}}}}},
	}
}

func written(t *testing.T, inputs []Input, compared ...Table) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, New(inputs, Comparison{[]string{"config: reps was 3, is 4"}, compared}).Write(&b))
	return b.String()
}

func TestFindings(t *testing.T) {
	s := data{Input: sample()[0]}.findings()
	require.Equal(t, []Table{
		{"Spikes", []string{"", "recovery ms", "goodput"}, [][]string{{"adaptive", "12.3ms short", "1.00M"}, {"static", "1", "-"}, {"wanted", "at most 10ms", "-"}}, false},
		{"Overload", []string{"", "goodput"}, [][]string{{"adaptive", "0.99 ok"}, {"wanted", "0.9"}}, false},
	}, s.Tables)
	require.Len(t, s.Folded[0].Rows, 4)
}

func headings(p *Page, i int) (all []string) {
	for _, s := range p.Files[i].Sections {
		all = append(all, s.Heading)
	}
	return all
}

func TestSections(t *testing.T) {
	p := New(sample(), Comparison{})
	require.Equal(t, []string{
		"Findings", "Capacity", "Throughput against load", "Delay against load", "Percentiles of delay", "Figures", "Time line", "Stages",
	}, headings(p, 0))
	require.Equal(t, []string{"Throughput by workers"}, headings(p, 1))
	require.Empty(t, headings(New([]Input{{Name: "empty"}}, Comparison{}), 0))

	text := written(t, sample(), Table{Caption: "old and new", Head: []string{"", "verdict"}, Rows: [][]string{{"staged", "worse"}}})
	for _, want := range []string{
		"config: reps was 3, is 4", "Babbage 2, 2 CPUs", "1 of 24 runs do not count", "staged is best", "sedabench run --arch staged,pool",
		`<td class="bad">12.3ms short</td>`, `<td class="good">0.99 ok</td>`, `<td class="bad">short</td>`, `<td class="bad">worse</td>`, "12.3ms", "11..13",
		"2 of 3", "staged: 4.04k at 4.00k (4.00k..4.08k), 3 runs", "100 at 1", "batch of s0: 64 -&gt; 32", "the knee is at 30", "Of 500 moments 167 are shown",
		"lost to run delay", "USL: 100/s of one, serial 0.05, coherency 0.001", "by simulation, +3.0% off",
	} {
		require.True(t, strings.Contains(text, want), want)
	}
	require.False(t, strings.Contains(text, "awake without CPU"), "which no run knew")
}

// What was predicted, or measured with more workers than CPUs, is no part of the line through what was measured, and what was not measured has a picture of
// its own, whose band is as wide as the error that was found, for each doubling.
func TestScaleKeepsKindsApart(t *testing.T) {
	d := data{Input: sample()[1]}
	type kind struct {
		points               int
		hollow, dashed, band bool
	}
	kinds := func(series []plot.Series) (all []kind) {
		for _, s := range series {
			all = append(all, kind{len(s.Points), s.Hollow, s.Line == plot.Dashed, s.Band})
		}
		return all
	}
	law := kind{lawPoints + 1, false, true, false}
	s := d.File.Scales[0]
	require.Equal(t, []kind{{2, false, false, false}, {1, true, false, false}, {1, true, false, false}, law}, kinds(d.measured(s)))
	beyond := d.predicted(s)
	require.Equal(t, []kind{{2, false, false, false}, {2, true, true, true}, law}, kinds(beyond))
	last := beyond[1].Points[1]
	require.InEpsilon(t, math.Pow(195./190, 6), last.High/last.Y, 1e-9)
	require.InEpsilon(t, math.Pow(195./190, 6), last.Y/last.Low, 1e-9)

	v := d.scale().Views
	require.Len(t, v[0].Figures, 2, "all")
	require.Equal(t, "Simulated, not measured beyond 2 workers; band: as far off as there (2.6%), and further with each doubling", v[0].Figures[1].Title)
	require.Len(t, v[2].Figures, 1, "pool, of which nothing is predicted")
	s.Points[1].Predicted = nil
	require.Contains(t, beyondCaption(s), "how far off is not known")
}

func TestPictures(t *testing.T) {
	inputs := sample()
	inputs[0].Name = "../a b/Run:1.json"
	var names []string
	for _, p := range New(inputs, Comparison{}).Pictures() {
		names = append(names, p.Name)
		require.Regexp(t, `^[a-z0-9][a-z0-9.-]*\.svg$`, p.Name)
		d := xml.NewDecoder(strings.NewReader(p.SVG))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err, p.Name)
		}
	}
	require.Contains(t, names, "run-1-goodput-s-by-offered-requests-s.svg")
	require.Contains(t, names, "scale-workers-staged.svg")
	slices.Sort(names)
	require.Equal(t, len(names), len(slices.Compact(names)), "each has a name of its own")
	require.Greater(t, len(names), 20)
}

// elsewhere matches what a browser would load, or run.
var elsewhere = regexp.MustCompile(`(?i)\b(src|href|action|data|poster)\s*=\s*["']?\s*(https?:|//|javascript:|file:)|@import|url\(|<(iframe|object|embed|base)\b|\son\w+\s*=`)

// Whatever names say, the page runs no script but its own, and loads nothing.
func TestNamesAreNotTrusted(t *testing.T) {
	const evil = `</script><script>document.title='x'</script><img src=http://example.com/ onerror=alert(1)>"'&` + "`${x}`\x00"
	text, err := json.Marshal(measured())
	require.NoError(t, err)
	for _, name := range []string{`"staged"`, `"pool"`, `"s0"`, `"s1"`, `"Spikes"`, `"adaptive"`, `"recovery ms"`, `"short"`, `"cores"`, `"more"`, `"closed"`, `"poisson"`, `"Babbage 2"`} {
		quoted, err := json.Marshal(evil + name)
		require.NoError(t, err)
		require.Contains(t, string(text), name)
		text = []byte(strings.ReplaceAll(string(text), name, string(quoted)))
	}
	var f report.File
	require.NoError(t, json.Unmarshal(text, &f))
	f.Config.Command, f.Config.Preset = evil, evil
	page := written(t, []Input{{Name: evil, File: f, Machine: evil, Notes: []string{evil}, Verdict: []string{evil}}}, Table{Caption: evil, Head: []string{evil}, Rows: [][]string{{evil, evil}}})
	require.Equal(t, 1, strings.Count(page, "<script"))
	require.False(t, strings.Contains(page, "<img"))
	require.Empty(t, elsewhere.FindString(regexp.MustCompile(`(?s)<script>.*</script>|>[^<]*<|"[^"]*example[^"]*"`).ReplaceAllString(page, "")))
	for _, one := range sample() {
		require.Empty(t, elsewhere.FindString(written(t, []Input{one})))
	}
}

// A file from elsewhere may lack anything: the page has less to show then.
func TestAnyFieldMayBeMissing(t *testing.T) {
	for _, in := range sample() {
		in.File.Runs = slices.DeleteFunc(in.File.Runs, func(r report.Run) bool { return r.Rep > 0 })
		text, err := json.Marshal(in.File)
		require.NoError(t, err)
		keys := map[string]bool{}
		for _, m := range regexp.MustCompile(`"(\w+)":`).FindAllStringSubmatch(string(text), -1) {
			keys[m[1]] = true
		}
		for key := range keys {
			f, err := report.ReadJSON(strings.NewReader(strings.ReplaceAll(string(text), `"`+key+`":`, `"x":`)))
			if err != nil {
				require.Contains(t, []string{"schema", "load", "rate_per_s", "clients", "points"}, key, err)
				continue
			}
			New([]Input{{File: f}}, Comparison{})
		}
	}
}
