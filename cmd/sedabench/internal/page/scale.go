package page

import (
	"fmt"
	"math"

	"github.com/seda-go/seda/internal/plot"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/usl"
)

// scale plots throughput by workers: what was measured, and apart from that what was predicted, where no worker was.
func (d data) scale() section {
	s := section{Heading: "Throughput by workers", Choice: "Architecture", Tables: d.ScaleTables, Text: "Measured: filled, joined by lines, with confidence intervals of 95 %. " +
		"Predicted by simulation, and the fitted law: hollow and dashed. More workers than CPUs: hollow, joined with nothing."}
	for i, one := range d.File.Scales {
		v := d.scaleView(one.Arch, []report.Scale{one})
		if i < len(d.ScaleLines) {
			v.Lines = d.ScaleLines[i]
		}
		s.Views = append(s.Views, v)
	}
	if len(s.Views) > 1 {
		all := d.scaleView("all", d.File.Scales)
		for i, one := range d.File.Scales {
			if one.Most(report.Simulated) > 0 && i < len(d.ScaleLines) {
				all.Lines = append(all.Lines, d.ScaleLines[i]...)
			}
		}
		s.Views = append([]view{all}, s.Views...)
	}
	return s
}

func (d data) scaleView(name string, some []report.Scale) view {
	var measured, beyond []plot.Series
	caption := ""
	for _, s := range some {
		measured = append(measured, d.measured(s)...)
		if s.Most(report.Simulated) > 0 {
			beyond = append(beyond, d.predicted(s)...)
			caption = beyondCaption(s)
		}
	}
	v := view{Name: name, Figures: []figure{workersPlot("workers "+name, "Measured throughput by workers, "+name, measured)}}
	if len(beyond) > 0 {
		v.Figures = append(v.Figures, workersPlot("workers simulated "+name, caption, beyond))
	}
	return v
}

// beyondCaption says under the picture itself how far to trust it.
func beyondCaption(s report.Scale) string {
	text := fmt.Sprintf("Simulated, not measured beyond %s", report.Plural(s.Most(report.Measured), "worker"))
	if worst, _, known := s.Off(); known {
		return text + fmt.Sprintf("; band: as far off as there (%s), and further with each doubling", report.Share(worst-1))
	}
	return text + "; how far off is not known"
}

func workersPlot(name, title string, series []plot.Series) figure {
	p := plot.Plot{Title: title, Series: series, Y: plot.Axis{Label: "requests/s", Unit: report.Count, Zero: true}}
	p.X = plot.Axis{Label: "workers", Unit: whole, Zero: true}
	most := 1.0
	for _, s := range series {
		for _, point := range s.Points {
			most = max(most, point.X)
		}
	}
	if most <= 1<<16 {
		p.X.Ticks = workerTicks(most)
		p.X.Log, p.Y.Log = most > 16, most > 16
	}
	return plotted(name, p)
}

// workerTicks names every number of workers, or, of many, powers of two.
func workerTicks(most float64) (ticks []plot.Tick) {
	for n := 1.0; n <= most; {
		ticks = append(ticks, plot.Tick{At: n, Text: whole(n)})
		if n++; most > 16 {
			n = 2 * (n - 1)
		}
	}
	return ticks
}

// measured are the series of one architecture with what was measured, and what was predicted of that.
func (d data) measured(s report.Scale) []plot.Series {
	look := d.look(s.Arch)
	measured := plot.Series{Name: s.Arch, Look: look}
	over := plot.Series{Name: s.Arch + ", more workers than CPUs", Look: look, Line: plot.Apart, Hollow: true}
	predicted := plot.Series{Name: s.Arch + ", predicted", Look: look, Line: plot.Apart, Hollow: true}
	for _, p := range s.Points {
		if e := p.Throughput; e != nil {
			into := &measured
			if p.Kind != report.Measured {
				into = &over
			}
			into.Points = append(into.Points, plot.Point{X: float64(p.Workers), Y: e.Median, Low: e.Low, High: e.High, Note: report.Plural(e.Runs, "run")})
		}
		if p.Predicted != nil && p.Kind == report.Measured {
			predicted.Points = append(predicted.Points, plot.Point{X: float64(p.Workers), Y: *p.Predicted, Note: predictionNote(p)})
		}
	}
	return filled(measured, over, predicted, d.law(s, max(s.Most(report.Measured), s.Most(report.Oversubscribed))))
}

// predicted are the series of one architecture with what was predicted, and around it where that may be, and what was measured of that.
func (d data) predicted(s report.Scale) []plot.Series {
	look := d.look(s.Arch)
	measured := plot.Series{Name: s.Arch + ", measured", Look: look}
	predicted := plot.Series{Name: s.Arch + ", simulated", Look: look, Line: plot.Dashed, Hollow: true, Band: true}
	for _, p := range s.Points {
		if e := p.Throughput; e != nil && p.Kind == report.Measured {
			measured.Points = append(measured.Points, plot.Point{X: float64(p.Workers), Y: e.Median, Low: e.Low, High: e.High, Note: report.Plural(e.Runs, "run")})
		}
		if p.Predicted != nil {
			e := s.Around(p)
			predicted.Points = append(predicted.Points, plot.Point{X: float64(p.Workers), Y: e.Median, Low: e.Low, High: e.High, Note: predictionNote(p)})
		}
	}
	return filled(measured, predicted, d.law(s, s.Most(report.Simulated)))
}

func predictionNote(p report.ScalePoint) string {
	if p.Error == nil {
		return "by simulation"
	}
	return fmt.Sprintf("by simulation, %+.1f%% off", 100**p.Error)
}

// filled are the series that have points.
func filled(all ...plot.Series) (some []plot.Series) {
	for _, one := range all {
		if len(one.Points) > 0 {
			some = append(some, one)
		}
	}
	return some
}

// lawPoints are as many as make a smooth line.
const lawPoints = 60

// law is the fitted law up to so many workers.
func (d data) law(s report.Scale, most int) plot.Series {
	line := plot.Series{Look: d.look(s.Arch), Line: plot.Dashed, Plain: true}
	if s.USL == nil {
		return line
	}
	m := usl.Model{Lambda: s.USL.Lambda.Median, Sigma: s.USL.Sigma.Median, Kappa: s.USL.Kappa.Median}
	line.Name = fmt.Sprintf("%s, USL: %s/s of one, serial %.2g, coherency %.2g", s.Arch, report.Count(m.Lambda), m.Sigma, m.Kappa)
	for i := range lawPoints + 1 {
		n := math.Pow(float64(most), float64(i)/lawPoints)
		line.Points = append(line.Points, plot.Point{X: n, Y: m.At(n)})
	}
	return line
}
