package report_test

import (
	"fmt"
	"os"

	"github.com/seda-go/seda/internal/report"
)

// Two architectures side by side.
func ExampleTable() {
	var t report.Table
	t.Add("architecture", "goodput/s", "p99")
	t.Add("staged", report.Count(318_200), report.Time(12_300))
	t.Add("pool", report.Count(98_000), report.Time(1_250_000))
	if err := t.Write(os.Stdout); err != nil {
		fmt.Println(err)
	}
	// Output:
	//   architecture  goodput/s     p99
	//   staged             318k  12.3us
	//   pool              98.0k  1.25ms
}
