package report

import "fmt"

// StageConfig describes a stage, and what follows it: all of Next or, if there are Shares, one of them.
type StageConfig struct {
	Name    string    `json:"name"`
	Service string    `json:"service"`
	Work    string    `json:"work"`
	Next    []string  `json:"next,omitempty"` // end: the request is over; none: so is it, or this branch of it
	Shares  []float64 `json:"shares,omitempty"`
	Rounds  int       `json:"rounds,omitempty"` // how often it sends a request back, at most
	Keyed   bool      `json:"keyed,omitempty"`  // requests of one key one at a time
}

// String writes the stage in a line.
func (s StageConfig) String() string {
	text := fmt.Sprintf("%s %s %s", s.Name, s.Service, s.Work)
	if s.Keyed {
		text += " keyed"
	}
	for i, next := range s.Next {
		text += " -> " + next
		if i < len(s.Shares) {
			text += fmt.Sprintf(" %g", s.Shares[i])
		}
	}
	if s.Rounds > 0 {
		text += fmt.Sprintf(" at most %d times", s.Rounds)
	}
	return text
}
