package main

import (
	"context"
	"errors"
	"io"

	"callbyname/internal/config"
)

// watch probes until ctx ends. Rounds, tracker and log are joined here; until they are there it says so, rather than
// look busy.
func watch(context.Context, config.Settings, options, io.Writer) error {
	return errors.New("this build can check a configuration (--check-config), and probe nothing yet")
}
