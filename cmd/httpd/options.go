package main

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"github.com/spf13/pflag"

	"callbyname/internal/cli"
)

const (
	prefix = "HTTPD_"
	intro  = `httpd says which pod answered (GET /), echoes requests (/echo), and tells its health (/healthz, /readyz) and metrics (/metrics).

Usage: httpd [flags]

/echo and everything below it take any method. Their query shapes the answer:
  status=404          the status, 200 to 599
  delay=1.5s          how long to wait before answering, up to 1m
  size=1000           answer with so many bytes instead of the echo, up to 10485760
  header=Name:value   a header, up to 16 times

Who answers is what the pod's environment says: POD_IP, POD_IPS, POD_NAME, POD_UID, POD_NAMESPACE, NODE_NAME (the downward
API); without any POD_ variable it is the host. SIGTERM and SIGINT drain and end with status 0, a second one ends at once with 1.
`
)

// options are the flags.
type options struct {
	listen, adminListen                                   string
	maxBody                                               int64
	maxHeader, maxConnections                             int
	headerTimeout, readTimeout, writeTimeout, idleTimeout time.Duration
	drainDelay, shutdownTimeout                           time.Duration
	tlsCert, tlsKey                                       string
	logFormat, logLevel                                   string
	logRequests, logHealth, version                       bool

	certificate *tls.Certificate // nil without TLS
}

func (o *options) flags() *pflag.FlagSet {
	fs := pflag.NewFlagSet("httpd", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.StringVar(&o.listen, "listen", ":80", "address to serve on; without a host, all IPv4 and IPv6 addresses")
	fs.StringVar(&o.adminListen, "admin-listen", "127.0.0.1:8081",
		"address for POST /unready and POST /ready; empty for none")
	fs.StringVar(&o.tlsCert, "tls-cert", "", "PEM file of the certificate chain; then --listen speaks TLS only")
	fs.StringVar(&o.tlsKey, "tls-key", "", "PEM file of the certificate's key")
	fs.Int64Var(&o.maxBody, "max-body", 1<<20, "largest request body, in bytes")
	fs.IntVar(&o.maxHeader, "max-header", 32<<10, "largest request line and headers together, in bytes")
	fs.IntVar(&o.maxConnections, "max-connections", 0, "most connections at once; 0 is one for each 128KiB of GOMEMLIMIT, or 20000 without it")
	fs.DurationVar(&o.headerTimeout, "header-timeout", 10*time.Second, "time for a request's headers to come in")
	fs.DurationVar(&o.readTimeout, "read-timeout", 30*time.Second, "time for a whole request to come in")
	fs.DurationVar(&o.writeTimeout, "write-timeout", time.Minute, "time for an answer to go out, beyond a delay asked for")
	fs.DurationVar(&o.idleTimeout, "idle-timeout", time.Minute, "how long a connection is kept without a request")
	fs.DurationVar(&o.drainDelay, "drain-delay", 5*time.Second, "how long to go on serving, unready, after SIGTERM")
	fs.DurationVar(&o.shutdownTimeout, "shutdown-timeout", 20*time.Second,
		"how long to wait, after that, for requests in flight")
	fs.Var(logFormat(o), "log-format", "one JSON object a line, or text for people")
	fs.Var(logLevel(o), "log-level", "least level to log")
	fs.BoolVar(&o.logRequests, "log-requests", true, "log requests; those to the admin listener always are")
	fs.BoolVar(&o.logHealth, "log-health", false, "log requests to /healthz, /readyz and /metrics as well")
	fs.BoolVar(&o.version, "version", false, "print the version and exit")
	return fs
}

func logFormat(o *options) pflag.Value {
	o.logFormat = "json"
	return cli.LogFormat(&o.logFormat)
}

func logLevel(o *options) pflag.Value {
	o.logLevel = "info"
	return cli.LogLevel(&o.logLevel)
}

// check finds what no single flag's type does, and loads the certificate.
func (o *options) check(fs *pflag.FlagSet) error {
	if fs.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: httpd takes flags only", fs.Arg(0))
	}
	if o.listen == "" {
		return fmt.Errorf("--listen %q: must be an address to listen on, such as :8080", o.listen)
	}
	if o.maxBody <= 0 || o.maxHeader <= 0 {
		return fmt.Errorf("--max-body %d, --max-header %d: must both be positive", o.maxBody, o.maxHeader)
	}
	if o.maxConnections < 0 || o.maxConnections > mostConnections {
		return fmt.Errorf("--max-connections %d: must be 1 to %d, or 0 for what memory and files allow", o.maxConnections, mostConnections)
	}
	if o.maxConnections == 0 {
		o.maxConnections = roomFor(debug.SetMemoryLimit(-1), openFiles())
	}
	for _, d := range []struct {
		flag string
		d    time.Duration
		zero bool
	}{
		{"header-timeout", o.headerTimeout, false},
		{"read-timeout", o.readTimeout, false},
		{"write-timeout", o.writeTimeout, false},
		{"idle-timeout", o.idleTimeout, false},
		{"drain-delay", o.drainDelay, true},
		{"shutdown-timeout", o.shutdownTimeout, true},
	} {
		if d.d < 0 || d.d == 0 && !d.zero {
			least := "more than 0s"
			if d.zero {
				least = "0s or more"
			}
			return fmt.Errorf("--%s %v: must be %s", d.flag, d.d, least)
		}
	}
	if o.tlsCert == "" && o.tlsKey == "" {
		return nil
	}
	if o.tlsCert == "" || o.tlsKey == "" {
		return errors.New("--tls-cert and --tls-key: must be given together")
	}
	pair, err := tls.LoadX509KeyPair(o.tlsCert, o.tlsKey)
	if err != nil {
		return fmt.Errorf("--tls-cert %q, --tls-key %q: %w", o.tlsCert, o.tlsKey, err)
	}
	o.certificate = &pair
	return nil
}

const (
	mostConnections = 1 << 20
	// perConnection is the memory limit's share of one, with all that it may be used for: a connection that is idle takes a fifth of it,
	// one that is in the middle of the longest headers about half.
	perConnection = 128 << 10
	// otherFiles is how many the program itself may have open.
	otherFiles = 64
)

// roomFor is how many connections there may be with a memory limit ([math.MaxInt64] for none) and so many open files. There may be half
// as many again that were refused and have yet to read why.
func roomFor(memory int64, files uint64) int {
	n := int64(20_000)
	if memory != math.MaxInt64 {
		n = memory / perConnection
	}
	spare := int64(min(files, 4*mostConnections)) - otherFiles
	return int(min(max(min(n, spare*2/3), 16), mostConnections))
}
