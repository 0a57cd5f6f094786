package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
)

// up starts the cluster. One that runs is left as it is; the remains of one that broke are removed first.
func (c *cluster) up(ctx context.Context) error {
	if err := checkTools(); err != nil {
		return err
	}
	bin, err := c.programs(ctx)
	if err != nil {
		return err
	}
	c.bin = bin
	running, err := c.running(ctx)
	if err != nil {
		return err
	}
	if running {
		c.say("already up, with %s", c.options)
		c.sayHow()
		return nil
	}
	if err := c.remove(ctx); err != nil {
		return fmt.Errorf("removing what an earlier run left: %w", err)
	}
	if err := hostIsFree(); err != nil {
		return err
	}
	began := time.Now()
	if err := c.bringUp(ctx); err != nil {
		return fmt.Errorf("%w\n(what has started is left for a look at %s; remove it with down)", err, c.dir)
	}
	c.say("up after %.1f s, with %s", time.Since(began).Seconds(), c.options)
	c.sayHow()
	return nil
}

func (c *cluster) sayHow() {
	c.say("export KUBECONFIG=%s KUBECACHEDIR=%s PATH=%s:$PATH", c.kubeconfigPath(), c.kubectlCache(), c.binLink())
	if os.Getenv("HTTPS_PROXY")+os.Getenv("https_proxy") != "" {
		c.say("export NO_PROXY=%s", apiIP)
	}
}

// running reports whether the cluster is there and healthy. One that runs with other options is an error:
// somebody may be using it.
func (c *cluster) running(ctx context.Context) (bool, error) {
	found, err := machines(c.dir)
	if err != nil {
		return false, err
	}
	was, err := os.ReadFile(c.optionsPath())
	if err != nil || len(found) == 0 {
		return false, nil
	}
	if string(was) != c.options.String() {
		return false, fmt.Errorf("a cluster with %s is there: take it down first", was)
	}
	if len(found) != c.nodes+1 {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := c.healthy(ctx, found); err != nil {
		c.say("a cluster is there, but not healthy; it is started anew: %v", err)
		return false, nil
	}
	return true, nil
}

// healthy is what up promises: nodes are Ready, and names resolve on each of them.
func (c *cluster) healthy(ctx context.Context, found map[string]*machine) error {
	if _, err := c.kubectl(ctx, nil, "wait", "--for=condition=Ready", "node", "--all", "--timeout=5s"); err != nil {
		return err
	}
	for n := 1; n <= c.nodes; n++ {
		m, ok := found[nodeName(n)]
		if !ok {
			return fmt.Errorf("no machine %q", nodeName(n))
		}
		if err := c.checkDNS(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (c *cluster) bringUp(ctx context.Context) error {
	creds, err := newCredentials(time.Now())
	if err != nil {
		return err
	}
	c.creds = creds
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(c.optionsPath(), []byte(c.options.String()), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(c.kubeconfigPath(), creds.admin, 0o600); err != nil {
		return err
	}
	if err := os.Symlink(c.bin, c.binLink()); err != nil {
		return err
	}
	control, nodes, err := c.startMachines(ctx)
	if err != nil {
		return err
	}
	images, err := systemImages(c.bin)
	if err != nil {
		return err
	}
	// The nodes' runtimes start while the API server does.
	starts := []func() error{func() error { return c.startControl(ctx, control) }}
	for _, m := range nodes {
		starts = append(starts, func() error { return c.startRuntime(ctx, m, images) })
	}
	if err := all(starts); err != nil {
		return err
	}
	if err := c.registerNodes(ctx); err != nil {
		return err
	}
	for i, m := range nodes {
		if err := c.startNode(m, i+1); err != nil {
			return err
		}
	}
	return c.awaitPods(ctx, nodes)
}

// startMachines makes the namespaces and the network between them, and writes every file.
func (c *cluster) startMachines(ctx context.Context) (control *machine, nodes []*machine, err error) {
	control, err = startMachine(ctx, c.bin, c.dir, controlName)
	if err != nil {
		return nil, nil, err
	}
	if err := connectControl(ctx, control); err != nil {
		return nil, nil, err
	}
	if err := c.creds.writeControlFiles(control); err != nil {
		return nil, nil, err
	}
	for n := 1; n <= c.nodes; n++ {
		m, err := startMachine(ctx, c.bin, c.dir, nodeName(n))
		if err != nil {
			return nil, nil, err
		}
		if err := c.connectNode(ctx, control, m, n); err != nil {
			return nil, nil, err
		}
		if err := m.makeCgroups(); err != nil {
			return nil, nil, err
		}
		if err := c.writeNodeFiles(m, n); err != nil {
			return nil, nil, err
		}
		nodes = append(nodes, m)
	}
	return control, nodes, nil
}

// awaitPods returns when the nodes are Ready, CoreDNS runs and every node's kube-proxy leads to it.
func (c *cluster) awaitPods(ctx context.Context, nodes []*machine) error {
	objects, err := c.dnsObjects()
	if err != nil {
		return err
	}
	if _, err := c.kubectl(ctx, objects, "apply", "-f", "-"); err != nil {
		return err
	}
	err = c.wait(ctx, time.Minute, "the nodes to be Ready", func(ctx context.Context) error {
		_, err := c.kubectl(ctx, nil, "wait", "--for=condition=Ready", "node", "--all", "--timeout=5s")
		return err
	})
	if err != nil {
		return err
	}
	err = c.wait(ctx, time.Minute, "CoreDNS to be Ready", func(ctx context.Context) error {
		_, err := c.kubectl(ctx, nil, "-n", "kube-system", "rollout", "status", "deployment/coredns", "--timeout=5s")
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range nodes {
		err := c.wait(ctx, 30*time.Second, "a DNS lookup on "+m.name, func(ctx context.Context) error {
			return c.checkDNS(ctx, m)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// all runs the functions side by side and returns all their errors.
func all(functions []func() error) error {
	errs := make([]error, len(functions))
	var group sync.WaitGroup
	for i, f := range functions {
		group.Go(func() { errs[i] = f() })
	}
	group.Wait()
	return errors.Join(errs...)
}
