package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/seda-go/seda/sched"
)

// A worker that loses much of its CPU in every other window gets a line a minute, as one does that always loses it.
func TestForeignLinesAreRare(t *testing.T) {
	for _, often := range []int{1, 2, 5} {
		var f foreign
		th, lines := sched.Thread{Known: true}, 0
		for second := range 180 {
			if f.see(th, Time(second+1)*Time(time.Second)) {
				lines++
			}
			if th.OnCPU += int64(time.Second / 2); second%often == 0 {
				th.RunDelay += int64(time.Second / 2)
			}
		}
		require.Equal(t, 3, lines, "one window in %d", often)
	}
}
