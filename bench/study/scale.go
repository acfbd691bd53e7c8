package main

import (
	"fmt"
	"math"

	"github.com/seda-go/seda/internal/report"
)

// aim is how far off a prediction of the second worker may be.
const aim = 0.10

// Workers is a table of what was measured with more than one worker.
func (s study) Workers() string {
	all := [][]string{{"work", "architecture", "workers", "requests/s (95 %)", "times one", "of ideal"}}
	for _, f := range []report.File{s.Spin, s.Memory} {
		for _, scale := range f.Scales {
			base := scale.Points[0].Throughput
			for _, p := range scale.Points {
				e := p.Throughput
				if e == nil || base == nil || p.Kind != report.Measured {
					continue
				}
				times := e.Median / base.Median
				all = append(all, []string{
					f.Config.Work, scale.Arch, fmt.Sprint(p.Workers), fmt.Sprintf("%s (%s to %s)", report.Count(e.Median), report.Count(e.Low), report.Count(e.High)),
					fmt.Sprintf("%.2f", times), report.Share(times / float64(p.Workers)),
				})
			}
		}
	}
	return table(all)
}

// Second says where a second worker brings most and least.
func (s study) Second() string {
	text := ""
	for _, f := range []report.File{s.Spin, s.Memory} {
		best, worst, most, least := "", "", 0.0, math.Inf(1)
		for _, scale := range f.Scales {
			base := scale.Points[0].Throughput
			for _, p := range scale.Points {
				if p.Workers != 2 || p.Kind != report.Measured || p.Throughput == nil || base == nil {
					continue
				}
				times := p.Throughput.Median / base.Median
				if times > most {
					best, most = scale.Arch, times
				}
				if times < least {
					worst, least = scale.Arch, times
				}
			}
		}
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("with `%s` two do between %.2f (%s) and %.2f (%s) times as much as one", f.Config.Work, least, worst, most, best)
	}
	return text
}

// Predictions is a table of what the simulator said, beside what was measured.
func (s study) Predictions() string {
	all := [][]string{{"work", "architecture", "workers", "predicted", "measured", "error", "aim of 10 %"}}
	for _, f := range []report.File{s.Spin, s.Memory} {
		for _, scale := range f.Scales {
			for _, p := range scale.Points {
				if p.Error == nil || p.Workers < 2 {
					continue
				}
				verdict := "ok"
				if math.Abs(*p.Error) > aim {
					verdict = "**short**"
				}
				all = append(all, []string{
					f.Config.Work, scale.Arch, fmt.Sprint(p.Workers), report.Count(*p.Predicted), report.Count(p.Throughput.Median), fmt.Sprintf("%+.1f %%", 100**p.Error), verdict,
				})
			}
		}
	}
	return table(all)
}

// Beyond says what the simulator says of the most workers, and how sure that is.
func (s study) Beyond() (lines []string) {
	for _, f := range []report.File{s.Spin, s.Memory} {
		for _, scale := range f.Scales {
			most := scale.Most(report.Simulated)
			for _, p := range scale.Points {
				if p.Kind != report.Simulated || p.Workers != most || p.Predicted == nil {
					continue
				}
				e := scale.Around(p)
				lines = append(lines, fmt.Sprintf("`%s`, %s: %s/s with %d workers, and if each doubling beyond %d is as far off as what was measured, %s to %s/s.",
					f.Config.Work, scale.Arch, report.Count(e.Median), most, scale.Most(report.Measured), report.Count(e.Low), report.Count(e.High)))
			}
		}
	}
	return lines
}

// Reasons are why it stops, of the architectures of which probes know.
func (s study) Reasons() (lines []string) {
	for _, f := range []report.File{s.Spin, s.Memory} {
		for _, scale := range f.Scales {
			if scale.Arch != "staged" {
				continue
			}
			for _, reason := range scale.Reasons {
				lines = append(lines, fmt.Sprintf("`%s`, %s: %s", f.Config.Work, scale.Arch, reason))
			}
		}
	}
	return lines
}
