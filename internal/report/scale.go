package report

// Scale is how the throughput of one architecture grows with workers.
type Scale struct {
	Arch   string       `json:"arch"`
	Points []ScalePoint `json:"points"`
	// USL is fitted to what was measured and not oversubscribed; null: NoUSL says why not.
	USL   *USL   `json:"usl"`
	NoUSL string `json:"no_usl,omitempty"`
	// Factor is by how much one worker was faster here than in the simulator; 0: nothing was predicted.
	Factor float64 `json:"factor,omitempty"`
	// Line is in how many nanoseconds a cache line went from one CPU to another before the prediction; 0: NoLine says why that is not known.
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
