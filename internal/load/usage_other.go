//go:build !linux

package load

import "time"

func processTime() time.Duration { return 0 }

func otherThreadsTime() time.Duration { return 0 }
