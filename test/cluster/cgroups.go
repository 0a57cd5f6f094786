package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const cgroupMount = "/sys/fs/cgroup"

// cgroupRoot is the kubelet's cgroupRoot for a node. Each node needs its own: two kubelets in one cgroup
// take each other's pods for leftovers and remove them. The folder's name keeps two --dir apart.
func (m *machine) cgroupRoot() string {
	return "/callbyname" + strings.ReplaceAll(m.dir, "/", "-") + "/" + m.name
}

// hierarchies are the cgroup file systems: one for version 2, one for each controller for version 1.
func hierarchies() ([]string, error) {
	if _, err := os.Stat(filepath.Join(cgroupMount, "cgroup.controllers")); err == nil {
		return []string{cgroupMount}, nil
	}
	all, err := filepath.Glob(filepath.Join(cgroupMount, "*", "cgroup.procs"))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no cgroups below %s", cgroupMount)
	}
	for i := range all {
		all[i] = filepath.Dir(all[i])
	}
	return all, nil
}

// makeCgroups makes the node's cgroup in every hierarchy.
func (m *machine) makeCgroups() error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	for _, root := range roots {
		dir := root
		for part := range strings.SplitSeq(m.cgroupRoot()[1:], "/") {
			if err := delegate(dir); err != nil {
				return err
			}
			parent := dir
			dir = filepath.Join(dir, part)
			if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
				return fmt.Errorf("making a cgroup: %w", err)
			}
			// Version 1 leaves these empty, and then no process may enter.
			for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
				if err := inherit(parent, dir, name); err != nil {
					return fmt.Errorf("filling a cgroup: %w", err)
				}
			}
		}
	}
	return nil
}

// delegate lets the cgroups below a version 2 one have its controllers. Version 1 knows nothing of it.
func delegate(dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "cgroup.controllers"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for controller := range strings.FieldsSeq(string(raw)) {
		err := os.WriteFile(filepath.Join(dir, "cgroup.subtree_control"), []byte("+"+controller), 0)
		if err != nil {
			return fmt.Errorf("passing on cgroup controller %q: %w", controller, err)
		}
	}
	return nil
}

func inherit(parent, dir, name string) error {
	if _, err := os.Stat(filepath.Join(dir, "cgroup.controllers")); err == nil {
		return nil // version 2: empty means the parent's
	}
	value, err := os.ReadFile(filepath.Join(parent, name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), value, 0)
}

// removeCgroups removes all cgroups of the cluster in dir. Their processes must have been killed; the
// kernel may need a moment to let go of them.
func removeCgroups(ctx context.Context, dir string) error {
	roots, err := hierarchies()
	if err != nil {
		return err
	}
	top := filepath.Dir((&machine{dir: dir, name: "any"}).cgroupRoot())
	for _, root := range roots {
		err := poll(ctx, 10*time.Second, "cgroups to empty", func(context.Context) error {
			return removeTree(filepath.Join(root, top))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// removeTree removes a cgroup after those below it. Its files cannot be removed and need not.
func removeTree(top string) error {
	var dirs []string
	err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	for _, dir := range slices.Backward(dirs) {
		if e := os.Remove(dir); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}
