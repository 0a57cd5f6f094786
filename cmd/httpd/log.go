package main

import (
	"log"
	"runtime"
	"slices"
	"sync"

	"go.uber.org/zap"

	"callbyname/internal/cli"
	"callbyname/internal/echo"
	"callbyname/internal/identity"
)

// introduce logs what somebody who reads the log from its beginning wants to know.
func (p *program) introduce(id identity.Identity) {
	fields := []zap.Field{
		zap.String("version", cli.Version()), zap.String("go", runtime.Version()), zap.Stringer("listen", p.public.Addr()),
		zap.Bool("tls", p.options.certificate != nil), zap.String("source", string(id.Source)), zap.String("name", id.Name),
		zap.Stringers("pod_ips", id.IPs), zap.String("uid", id.UID), zap.String("namespace", id.Namespace), zap.String("node", id.Node),
		zap.String("instance", id.Instance), zap.Int("max_connections", p.options.maxConnections),
	}
	if p.admin != nil {
		fields = append(fields, zap.Stringer("admin_listen", p.admin.Addr()))
	}
	p.log.Info("serving", fields...)
	for _, ip := range id.IPs {
		switch on, err := identity.OnMachine(ip); {
		case err != nil:
			p.log.Warn("cannot tell whether the pod IP is an address of this machine", zap.Stringer("ip", ip), zap.Error(err))
		case !on:
			p.log.Warn("the pod IP that the environment gives is not an address of this machine", zap.Stringer("ip", ip))
		}
	}
	if id.Source == identity.FromPod && len(id.IPs) == 0 {
		p.log.Warn("POD_IP is not set: answers do not say the pod's IP")
	}
}

// lists are of fields, empty, for one record after the other.
var lists = sync.Pool{New: func() any { return new([]zap.Field) }}

// access logs one answer.
func (p *program) access(r echo.Record) {
	health := slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, r.Path)
	if !r.Admin && (!p.options.logRequests || health && !p.options.logHealth) {
		return
	}
	list := lists.Get().(*[]zap.Field)
	fields := append((*list)[:0],
		zap.String("method", cut(r.Method)), zap.String("path", cut(r.Path)), zap.Int("status", r.Status), zap.Int64("bytes", r.Bytes),
		zap.Duration("duration_ms", r.Took), zap.String("client", r.Client), zap.String("host", cut(r.Host)), zap.String("proto", r.Proto),
	)
	if r.Admin {
		fields = append(fields, zap.Bool("admin", true))
	}
	if r.Err != nil {
		fields = append(fields, zap.Error(r.Err))
	}
	p.log.Info("request", fields...)
	clear(fields)
	*list = fields
	lists.Put(list)
}

// cut bounds what a client can put into a line.
func cut(s string) string {
	const longest = 1024
	if len(s) <= longest {
		return s
	}
	return s[:longest] + "..."
}

// errorLog is where net/http says what never reaches a handler: that no more connections can be accepted, for one.
func errorLog(logger *zap.Logger) *log.Logger {
	l, err := zap.NewStdLogAt(logger, zap.WarnLevel)
	if err != nil {
		panic(err) // only for a level that is none
	}
	return l
}
