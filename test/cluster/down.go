package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// down stops the cluster and removes all that it left.
func (c *cluster) down(ctx context.Context) error {
	found, err := machines(c.dir)
	if err != nil {
		return err
	}
	_, err = os.Stat(c.dir)
	if len(found) == 0 && errors.Is(err, fs.ErrNotExist) {
		c.say("already down")
		return nil
	}
	began := time.Now()
	if err := c.remove(ctx); err != nil {
		return err
	}
	c.say("down after %.1f s", time.Since(began).Seconds())
	return nil
}

// remove kills the machines, with which all processes, mounts, links and firewall rules go, and then
// removes what is not in their namespaces: cgroups and files.
func (c *cluster) remove(ctx context.Context) error {
	found, err := machines(c.dir)
	if err != nil {
		return err
	}
	for _, m := range found {
		if err := m.kill(); err != nil {
			return err
		}
	}
	err = poll(ctx, 30*time.Second, "the machines to end", func(ctx context.Context) error {
		for _, m := range found {
			if !m.gone() {
				return fmt.Errorf("machine %q: still there", m.name)
			}
		}
		if len(found) == 0 {
			return nil
		}
		return removeLink(ctx, hostLink)
	})
	if err != nil {
		return err
	}
	if err := removeCgroups(ctx, c.dir); err != nil {
		return err
	}
	return removeFiles(c.dir, c.optionsPath())
}

// removeFiles removes the cluster's folder. The file of options goes last: a folder without it, that is
// not empty, is somebody else's.
func removeFiles(dir, mark string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("removing the cluster's folder: %w", err)
	}
	if _, err := os.Stat(mark); err != nil && len(entries) > 0 {
		return fmt.Errorf("folder %q holds something, but no cluster: not removed: %w", dir, err)
	}
	for _, entry := range entries {
		path := filepath.Join(dir, entry.Name())
		if path == mark {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing the cluster's folder: %w", err)
		}
	}
	return os.RemoveAll(dir)
}
