package main

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"

	"callbyname/bench/peers"
)

// contender is a server in one configuration.
type contender struct {
	name, log string
	url       string
	env       []string
	args      []string // the program's path first
}

// floor is what the others are compared with.
const floor = "bare net/http"

// pod is the environment of a pod, so that an answer has all headers of an identity.
var pod = []string{
	"POD_IP=10.244.0.5", "POD_IPS=10.244.0.5", "POD_NAME=pod-httpd", "POD_UID=0f8b2c1e-6a3d-4f5e-9c7b-1d2e3f4a5b6c",
	"POD_NAMESPACE=localcluster", "NODE_NAME=node-1",
}

// stand is where the contenders are made: a folder of their own, and a port for each.
type stand struct {
	dir  string
	only *regexp.Regexp
	list []contender
}

// product is always there, since others give its answer, and so is the floor.
const product = "httpd"

// add gives a contender a free port, if it is wanted. args are made of the address, and of the port alone.
func (s *stand) add(name, log, path string, env []string, args func(address, port string) []string) error {
	if name != product && name != floor && !s.only.MatchString(name) {
		return nil
	}
	port, err := peers.FreePort()
	if err != nil {
		return err
	}
	address := fmt.Sprintf("127.0.0.1:%d", port)
	s.list = append(s.list, contender{name, log, "http://" + address + path, env, args(address, fmt.Sprint(port))})
	return nil
}

// answer is the file that holds httpd's answer, for those that give the same.
func (s *stand) answer() string { return filepath.Join(s.dir, "answer") }

// ours are httpd, without and with its access log, and the bare servers.
func (s *stand) ours(ctx context.Context) error {
	if err := peers.Own(ctx, s.dir, "callbyname/cmd/httpd", "callbyname/bench/servers/bare"); err != nil {
		return err
	}
	httpd, bare := filepath.Join(s.dir, "httpd"), filepath.Join(s.dir, "bare")
	for _, log := range []string{"off", "on"} {
		if err := s.add(product, log, "/", pod, func(address, _ string) []string {
			return []string{httpd, "--listen", address, "--admin-listen=", "--drain-delay=0s", "--log-requests=" + fmt.Sprint(log == "on")}
		}); err != nil {
			return err
		}
	}
	for _, router := range [][2]string{{floor, "none"}, {"bare labstack/echo", "echo"}} {
		if err := s.add(router[0], "none", "/", nil, func(address, _ string) []string {
			return []string{bare, "--listen", address, "--like", s.answer(), "--router", router[1]}
		}); err != nil {
			return err
		}
	}
	return nil
}

// echoes are the other servers that a pod says who it is with, or echoes requests.
func (s *stand) echoes(ctx context.Context) error {
	for _, e := range []struct {
		program         peers.Program
		name, log, path string
		args            func(address, port string) []string
	}{
		{peers.HTTPEcho, "http-echo", "on", "/", func(address, _ string) []string { return []string{"-listen", address, "-text", "hello"} }},
		{peers.Agnhost, "agnhost netexec", "on", "/", func(_, port string) []string { return []string{"netexec", "--udp-port=-1", "--http-port=" + port} }},
		{peers.HTTPBin, "go-httpbin /get", "off", "/get", func(_, port string) []string {
			return []string{"-host", "127.0.0.1", "-port", port, "-log-level", "OFF"}
		}},
		{peers.HTTPBin, "go-httpbin /get", "on", "/get", func(_, port string) []string { return []string{"-host", "127.0.0.1", "-port", port} }},
		{peers.Podinfo, "podinfo", "off", "/", func(_, port string) []string {
			return []string{"--host", "127.0.0.1", "--port", port, "--level", "panic"}
		}},
	} {
		path, err := e.program.Build(ctx)
		if err != nil {
			return err
		}
		if err := s.add(e.name, e.log, e.path, nil, func(address, port string) []string {
			return append([]string{path}, e.args(address, port)...)
		}); err != nil {
			return err
		}
	}
	return nil
}
