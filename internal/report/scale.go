package report

import "math"

// Scale is how the throughput of one architecture grows with workers.
type Scale struct {
	Arch   string       `json:"arch"`
	Points []ScalePoint `json:"points"`
	// USL is fitted to what was measured and not oversubscribed; null: NoUSL says why not.
	USL   *USL   `json:"usl"`
	NoUSL string `json:"no_usl,omitempty"`
	// Factor is by how much one worker was faster here than in the simulator; 0: nothing was predicted.
	Factor float64 `json:"factor,omitempty"`
	// Line is in how many nanoseconds a cache line went from one CPU to another, in the median of times between repetitions; 0: NoLine says why that is not known.
	Line         float64  `json:"line_ns,omitempty"`
	NoLine       string   `json:"no_line,omitempty"`
	NoPrediction string   `json:"no_prediction,omitempty"`
	Reasons      []string `json:"reasons"` // for each number of workers beyond one, what became of the rest
}

// Where a ScalePoint comes from.
const (
	Measured       = "measured"
	Oversubscribed = "oversubscribed" // measured, with more workers than CPUs
	Simulated      = "simulated"
)

// ScalePoint is one number of workers.
type ScalePoint struct {
	Workers    int       `json:"workers"`
	Kind       string    `json:"kind"`
	Throughput *Estimate `json:"throughput_per_s"` // null: not measured, or no run counts
	Predicted  *float64  `json:"predicted_per_s"`  // null: not predicted
	Error      *float64  `json:"error"`            // of the prediction, as a part of what was measured
}

// Estimate is a value with its confidence interval of 95 %.
type Estimate struct {
	Low    float64 `json:"low"`
	Median float64 `json:"median"`
	High   float64 `json:"high"`
	Runs   int     `json:"runs,omitempty"` // that it comes from
}

// USL is the Universal Scalability Law fitted to a Scale (internal/usl).
type USL struct {
	Lambda Estimate `json:"lambda"`
	Sigma  Estimate `json:"sigma"`
	Kappa  Estimate `json:"kappa"`
	Peak   *float64 `json:"peak"` // workers with the highest throughput; null: more is never less
	Off    float64  `json:"off"`  // largest difference from the median of a point, as a part of it
}

// Off is by how much predictions were off where it was measured, at most, as factors from 1: in all, and for each doubling of the workers. False: nothing
// tells, since nothing that was predicted was measured.
func (s Scale) Off() (worst, each float64, known bool) {
	worst, each = 1, 1
	for _, p := range s.Points {
		if p.Workers < 2 || p.Kind != Measured || p.Throughput == nil || p.Predicted == nil || *p.Predicted <= 0 || p.Throughput.Median <= 0 {
			continue
		}
		off := math.Abs(math.Log(*p.Predicted / p.Throughput.Median))
		worst, each, known = max(worst, math.Exp(off)), max(each, math.Exp(off/math.Log2(float64(p.Workers)))), true
	}
	return worst, each, known
}

// Around is where the throughput is that was predicted, if predictions are as far off as where it was measured, and with each doubling beyond that by as
// much more as with the worst of those. Where nothing was measured it is the prediction alone.
func (s Scale) Around(p ScalePoint) Estimate {
	e := Estimate{Low: *p.Predicted, Median: *p.Predicted, High: *p.Predicted}
	worst, each, known := s.Off()
	if !known || p.Workers < 2 {
		return e
	}
	if beyond := float64(p.Workers) / float64(s.Most(Measured)); beyond > 1 {
		worst *= math.Pow(each, math.Log2(beyond))
	}
	e.Low, e.High = e.Median/worst, e.Median*worst
	return e
}

// Most are the most workers of some kind of point; 0: there is none.
func (s Scale) Most(kind string) (most int) {
	for _, p := range s.Points {
		if p.Kind == kind {
			most = max(most, p.Workers)
		}
	}
	return most
}
