//go:build !linux

package load

import "time"

// ProcessTime returns 0: it cannot be told here.
func ProcessTime() time.Duration { return 0 }

func threadTime() time.Duration { return 0 }

func otherThreadsTime() time.Duration { return 0 }
