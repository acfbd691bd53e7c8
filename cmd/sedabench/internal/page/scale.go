package page

import (
	"fmt"
	"math"

	"github.com/seda-go/seda/internal/plot"
	"github.com/seda-go/seda/internal/report"
	"github.com/seda-go/seda/internal/usl"
)

// scale plots throughput by workers. What was simulated, and what was measured with more workers than CPUs, is drawn apart.
func (d data) scale() section {
	s := section{Heading: "Throughput by workers", Choice: "Architecture", Text: "Measured: filled, joined by lines, with confidence intervals of 95 %. " +
		"Predicted by simulation, and the fitted law: hollow and dashed. More workers than CPUs: hollow, joined with nothing."}
	var all []plot.Series
	for i, one := range d.File.Scales {
		series := d.scaled(one)
		all = append(all, series...)
		v := d.scaleView(one.Arch, series)
		if i < len(d.Scales) {
			v.Lines = d.Scales[i].Lines
			s.Tables = append(s.Tables, d.Scales[i].Points)
		}
		s.Views = append(s.Views, v)
	}
	if len(s.Views) > 1 {
		s.Views = append([]view{d.scaleView("all", all)}, s.Views...)
	}
	return s
}

func (d data) scaleView(name string, series []plot.Series) view {
	p := plot.Plot{Title: "Throughput by workers, " + name, Series: series, Y: plot.Axis{Label: "requests/s", Unit: report.Count, Zero: true}}
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
	return view{Name: name, Figures: []figure{plotted("workers "+name, p)}}
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

// scaled is the series of one architecture.
func (d data) scaled(s report.Scale) []plot.Series {
	look := d.look(s.Arch)
	measured := plot.Series{Name: s.Arch, Look: look}
	over := plot.Series{Name: s.Arch + ", more workers than CPUs", Look: look, Line: plot.Apart, Hollow: true}
	predicted := plot.Series{Name: s.Arch + ", predicted", Look: look, Line: plot.Dashed, Hollow: true}
	most := 1
	for _, p := range s.Points {
		most = max(most, p.Workers)
		x := float64(p.Workers)
		if e := p.Throughput; e != nil {
			into := &measured
			if p.Kind != report.Measured {
				into = &over
			}
			into.Points = append(into.Points, plot.Point{X: x, Y: e.Median, Low: e.Low, High: e.High, Note: report.Plural(e.Runs, "run")})
		}
		if p.Predicted != nil {
			note := "by simulation"
			if p.Error != nil {
				note += fmt.Sprintf(", %+.1f%% off", 100**p.Error)
			}
			predicted.Points = append(predicted.Points, plot.Point{X: x, Y: *p.Predicted, Note: note})
		}
	}
	var series []plot.Series
	for _, one := range []plot.Series{measured, over, predicted, d.law(s, most)} {
		if len(one.Points) > 0 {
			series = append(series, one)
		}
	}
	return series
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
