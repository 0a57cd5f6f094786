package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"callbyname/internal/cli"
	"callbyname/internal/echo"
	"callbyname/internal/identity"
	"callbyname/internal/metrics/answers"
	"callbyname/internal/metrics/scrape"
)

// The exit statuses.
const (
	exitOK    = 0
	exitError = 1 // it could not go on, or was told twice to stop
	exitUsage = 2 // it never started
)

// run is the program: it serves until the first signal and the end of the drain that follows, or until ctx ends, which
// counts as a second signal.
func run(ctx context.Context, args []string, lookup func(string) (string, bool), signals <-chan os.Signal, stdout, stderr io.Writer) int {
	var o options
	fs := o.flags()
	err := cli.Parse(fs, prefix, args, lookup)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprint(stdout, cli.Usage(fs, prefix, intro, "drain-delay"))
		return exitOK
	case err == nil && o.version:
		fmt.Fprint(stdout, cli.VersionLine("httpd"))
		return exitOK
	case err == nil:
		err = o.check(fs)
	}
	var p *program
	if err == nil {
		p, err = start(&o, lookup, stdout)
	}
	if err != nil {
		fmt.Fprintf(stderr, "httpd: %s\n", cli.Clean(err))
		return exitUsage
	}
	return p.serve(ctx, signals)
}

// program is httpd with its listeners open and nothing served yet.
type program struct {
	options       *options
	log           *zap.Logger
	server        *echo.Server
	public, admin net.Listener // admin is nil for none
	running       sync.WaitGroup
}

func start(o *options, lookup func(string) (string, bool), stdout io.Writer) (*program, error) {
	logger, err := cli.NewLogger(stdout, o.logFormat, o.logLevel)
	if err != nil {
		return nil, err
	}
	getenv := func(name string) string {
		value, _ := lookup(name)
		return value
	}
	id, err := identity.FromEnv(getenv, time.Now(), rand.Reader)
	if err != nil {
		return nil, err
	}
	p := &program{options: o, log: logger}
	if p.public, err = listen("listen", o.listen); err != nil {
		return nil, err
	}
	if o.adminListen != "" {
		if p.admin, err = listen("admin-listen", o.adminListen); err != nil {
			return nil, errors.Join(err, p.public.Close())
		}
	}
	answered := answers.New(id)
	// What a scrape needs takes longer to make than anything else here, and can wait for the first one.
	metrics := sync.OnceValue(func() http.Handler {
		registry := scrape.NewRegistry("httpd", cli.Version())
		registry.MustRegister(answered, answers.StateOf(p.server))
		return scrape.Handler(registry)
	})
	p.server = echo.New(echo.Options{
		Identity: id, MaxBody: o.maxBody, MaxHeader: o.maxHeader, HeaderTimeout: o.headerTimeout, ReadTimeout: o.readTimeout,
		WriteTimeout: o.writeTimeout, IdleTimeout: o.idleTimeout, MaxConnections: o.maxConnections, ErrorLog: errorLog(logger),
		Metrics: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { metrics().ServeHTTP(w, r) }),
		Observe: func(r echo.Record) {
			answered.Observe(r)
			p.access(r)
		},
	})
	p.introduce(id)
	return p, nil
}

// listen opens a TCP listener, on IPv4 and IPv6 when address has no host.
func listen(flag, address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return ln, nil
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("--%s %q: %w: this port needs root, CAP_NET_BIND_SERVICE or the sysctl net.ipv4.ip_unprivileged_port_start=0; "+
			"--%s :8080 needs none of them", flag, address, err, flag)
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("--%s %q: %w: give another port, or end the process that has this one", flag, address, err)
	}
	return nil, fmt.Errorf("--%s %q: must be an address to listen on, such as :8080 or 127.0.0.1:8080: %w", flag, address, err)
}

// serve returns the exit status.
func (p *program) serve(ctx context.Context, signals <-chan os.Signal) int {
	ctx, cancel := context.WithCancel(ctx)
	defer p.running.Wait()
	defer p.server.Close() // after a Shutdown there is nothing left to close
	defer cancel()
	failed := make(chan error, 2)
	background := func(serve func() error) {
		p.running.Go(func() {
			if err := serve(); !errors.Is(err, http.ErrServerClosed) {
				failed <- err
			}
		})
	}
	background(func() error {
		if p.options.certificate != nil {
			return p.server.ServeTLS(p.public, &tls.Config{Certificates: []tls.Certificate{*p.options.certificate}})
		}
		return p.server.Serve(p.public)
	})
	if p.admin != nil {
		background(func() error { return p.server.ServeAdmin(p.admin) })
	}

	select {
	case s := <-signals:
		p.server.Drain() // before it is said
		p.log.Info("draining: unready, and still serving", zap.Stringer("signal", s), zap.Duration("drain_delay_ms", p.options.drainDelay))
	case err := <-failed:
		p.log.Error("a listener failed", zap.Error(err))
		return exitError
	case <-ctx.Done():
		return exitError
	}
	return p.drain(ctx, signals, failed)
}

// drain is the way out after the first signal, when the server is unready.
func (p *program) drain(ctx context.Context, signals <-chan os.Signal, failed <-chan error) int {
	delay := time.NewTimer(p.options.drainDelay)
	defer delay.Stop()
	var stopped chan error // nil until the delay is over
	for {
		select {
		case <-delay.C:
			p.log.Info("no longer accepting", zap.Int64("in_flight", p.server.Active()),
				zap.Duration("shutdown_timeout_ms", p.options.shutdownTimeout))
			stopped = make(chan error, 1)
			p.running.Go(func() {
				ctx, cancel := context.WithTimeout(ctx, p.options.shutdownTimeout)
				defer cancel()
				stopped <- p.server.Shutdown(ctx)
			})
		case err := <-stopped:
			if err != nil {
				p.log.Warn("the shutdown timeout is over: cut off", zap.Error(err))
			}
			p.log.Info("stopped")
			return exitOK
		case s := <-signals:
			p.log.Warn("told twice: stopping at once", zap.Stringer("signal", s), zap.Int64("in_flight", p.server.Active()))
			return exitError
		case err := <-failed:
			p.log.Error("a listener failed", zap.Error(err))
			return exitError
		case <-ctx.Done():
			return exitError
		}
	}
}
