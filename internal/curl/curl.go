// Package curl makes one request for a person at a terminal, as the program of that name does: its flags, its output, its exit
// statuses, its messages. Names are resolved by package resolve, so that what this resolves is what a prober resolves.
// Watching a target over time is left to package probe and its friends.
//
// It is a curl for calling pods, no more: HTTP/1.1 over TCP and TLS. It never shows a progress meter, obeys no proxy variables,
// reads no configuration file, expands no [] and {} in URLs, and knows neither short forms of IPv4 addresses ("127.1") nor
// shortened names of flags. It is stricter than curl 7.88 where that would call a broken answer a success: one that ends within
// its headers (18), two different lengths (8), a transfer coding other than chunked (8).
package curl

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"callbyname/internal/cli"
)

// Run does what the arguments say and returns the exit status: the last URL's, as curl's is. When ctx ends it stops with
// 130, the status that a shell gives a program that was interrupted. Files are opened as the arguments name them.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parse(args, func(name string) ([]byte, error) {
		if name == "-" {
			return io.ReadAll(stdin)
		}
		return os.ReadFile(name)
	})
	if err != nil {
		var f *failure
		if !errors.As(err, &f) {
			f = &failure{code: exitUsage, text: err.Error()}
		}
		if f.code == exitUsage {
			fmt.Fprintf(stderr, "curl: %s\ncurl: try 'curl --help' for what this curl, a part of prober, supports\n", harmless(f.text))
		} else {
			fmt.Fprintf(stderr, "curl: (%d) %s\n", f.code, harmless(f.text))
		}
		return f.code
	}
	switch {
	case o.help:
		fmt.Fprint(stdout, usage())
		return 0
	case o.version:
		fmt.Fprint(stdout, cli.VersionLine("curl, a part of prober,"))
		return 0
	}
	p, err := newProgram(o, stdout, stderr)
	if err != nil {
		return p.tell(err)
	}
	defer p.pool.close()
	if len(o.outputs) > len(o.urls) {
		p.warn("Got more output options than URLs")
	}
	status := 0
	for i, url := range o.urls {
		to := output{}
		if i < len(o.outputs) {
			to = o.outputs[i]
		}
		err := p.fetch(ctx, url, to)
		if ctx.Err() != nil {
			return exitInterrupted
		}
		status = p.tell(err)
	}
	return status
}

// program is one run.
type program struct {
	options
	stdout, stderr io.Writer
	trace          trace
	pool           *pool
}

func newProgram(o options, stdout, stderr io.Writer) (*program, error) {
	p := &program{options: o, stdout: stdout, stderr: stderr}
	if o.verbose {
		p.trace.to = stderr
	}
	var err error
	p.pool, err = newPool(&p.options, p.trace)
	return p, err
}

// tell writes down what went wrong, if something did, unless that is not wanted. It returns the exit status.
func (p *program) tell(err error) int {
	if err == nil {
		return 0
	}
	f := asFailure(err)
	if !p.silent || p.showError {
		fmt.Fprintf(p.stderr, "curl: (%d) %s\n", f.code, harmless(f.text))
		if f.code == exitCertificate {
			fmt.Fprintln(p.stderr, "curl: --cacert names a file with the authority to trust, -k trusts anybody")
		}
	}
	return f.code
}

func (p *program) warn(text string) {
	if !p.silent {
		fmt.Fprintf(p.stderr, "Warning: %s\n", text)
	}
}

// fetch does one URL and what comes after it: -w.
func (p *program) fetch(ctx context.Context, url string, to output) error {
	t := newTransfer(p, url)
	out := p.sink(to, url)
	err := t.run(ctx, out)
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), out.close())
	}
	if closed := out.finish(err == nil); err == nil {
		err = closed
	}
	t.stats.total = t.elapsed()
	p.trace.phases(&t.stats)
	p.writeOut(&t.stats, err)
	return err
}
