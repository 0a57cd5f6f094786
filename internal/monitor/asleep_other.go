//go:build !linux

package monitor

import "time"

// asleep is 0: how long the machine was suspended is known on Linux only.
func asleep() time.Duration { return 0 }
