package curl

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"
)

// transfer is one URL on its way, over its redirects.
type transfer struct {
	*program
	typed    string // the URL as it was given
	link     link
	first    link // of the first request: passwords and a Host header are meant for its origin
	method   string
	data     string // sent as a body
	posts    bool   // there is a body, and be it empty
	deadline time.Time
	stats    stats
}

// stats are what -w tells. Times count from the start of the transfer, and are 0 for what was not reached.
type stats struct {
	start                                                               time.Time
	lookup, connect, appconnect, pretransfer, starttransfer, redirected time.Duration
	total                                                               time.Duration

	status, connects, redirects, headers int
	size                                 int64 // of the body, in bytes
	url, method, scheme, version         string
	contentType, redirect                string
	local, remote                        netip.AddrPort
}

func newTransfer(p *program, url string) *transfer {
	t := &transfer{program: p, typed: url, method: "GET", stats: stats{start: time.Now(), url: url}}
	if p.maxTime > 0 {
		t.deadline = t.stats.start.Add(p.maxTime)
	}
	if p.options.data != nil && !p.get {
		t.method, t.posts, t.data = "POST", true, p.options.data.String()
	}
	if p.head {
		t.method = "HEAD"
	}
	t.stats.method = t.verb()
	return t
}

func (t *transfer) elapsed() time.Duration { return time.Since(t.stats.start) }

// run makes the request and those that redirects lead to. An error is a failure, but for a local write that failed.
func (t *transfer) run(ctx context.Context, out *sink) error {
	link, err := parseLink(t.typed)
	switch {
	case err != nil:
		return err
	case !t.literal && strings.ContainsAny(link.path+link.query+link.fragment, "[]{}"):
		return failf(exitURL, "[] and {} in a URL are no patterns here; -g takes them as they are")
	case t.get && t.options.data != nil:
		link = link.withQuery(t.options.data.String())
	}
	t.first = link
	for t.link = link; ; {
		t.stats.url, t.stats.method = t.link.String(), t.verb()
		location, err := t.once(ctx, out)
		if err != nil || location == "" {
			return err
		}
		next, err := t.link.follow(location)
		if !t.follow || t.redirects >= 0 && t.stats.redirects >= t.redirects {
			if t.stats.redirect = next.String(); err != nil {
				t.stats.redirect = location
			}
			if t.follow {
				return failf(exitRedirects, "Maximum (%d) redirects followed", t.redirects)
			}
			return nil
		}
		t.stats.redirects++
		if err != nil {
			return err
		}
		t.stats.redirected = t.elapsed()
		t.trace.note("Issue another request to this URL: '%s'", next)
		t.turn(next)
	}
}

// turn is what a redirect makes of the request (RFC 9110, section 15.4, as browsers have it): a POST becomes a GET but for 307
// and 308.
func (t *transfer) turn(next link) {
	switch status := t.stats.status; {
	case t.posts && (status == 301 || status == 302), status == 303 && t.method != "HEAD":
		t.method, t.posts, t.data = "GET", false, ""
	}
	t.link = next
}

// verb is the method that the request line says: -X's for every request, as curl does and warns of.
func (t *transfer) verb() string {
	if t.options.method != "" {
		return t.options.method
	}
	return t.method
}

// once makes one request. location is where the answer says to go, empty when it does not.
func (t *transfer) once(ctx context.Context, out *sink) (location string, err error) {
	c := t.pool.take(t.link.origin())
	if c != nil {
		t.trace.note("Re-using existing connection with host %s", t.link.host)
		c.reused = true
		t.over(c.tcp)
		t.stats.lookup, t.stats.connect = t.elapsed(), t.elapsed()
		if t.link.scheme == "https" {
			t.stats.appconnect = t.elapsed()
		}
	}
	for {
		if c == nil {
			if c, err = t.open(ctx); err != nil {
				return "", err
			}
		}
		x := &exchange{transfer: t, conn: c, out: out}
		err = x.do(ctx)
		if err != nil && c.reused && !x.answered && !timedOut(c.ended) && ctx.Err() == nil {
			t.trace.note("Connection died, retrying a fresh connect")
			c.tcp.Close()
			c = nil
			continue
		}
		if err == nil && x.keep {
			t.pool.kept[c.origin] = c
		} else {
			c.tcp.Close()
		}
		return x.location, err
	}
}

// timeout is the failure of one within an exchange, as curl words it. expected is below 0 when it is not known.
func (t *transfer) timeout(expected int64) *failure {
	progress := fmt.Sprintf("%d bytes received", t.stats.size)
	if expected > 0 {
		progress = fmt.Sprintf("%d out of %d bytes received", t.stats.size, expected)
	}
	return failf(exitTimeout, "Operation timed out after %d milliseconds with %s", t.elapsed().Milliseconds(), progress)
}
