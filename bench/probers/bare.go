package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"

	"github.com/miekg/dns"
)

// bareLoop is the least that a request over a fresh connection can cost in Go: dial, write, read once.
type bareLoop struct {
	at      netip.AddrPort
	request []byte
	// questions are asked before it, each over a socket of its own; none for a pinned address.
	dns       netip.AddrPort
	questions [][]byte
}

func newBareLoop(at netip.AddrPort, host string) *bareLoop {
	return &bareLoop{at: at, request: fmt.Appendf(nil, "GET / HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: callbyname-prober/0\r\n\r\n", host, at.Port())}
}

// named also asks for the name's addresses, A and AAAA, as a dns probe has to.
func (l *bareLoop) named(server netip.AddrPort, host string) error {
	l.dns = server
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		q, err := new(dns.Msg).SetQuestion(host+".", qtype).SetEdns0(1232, false).Pack()
		if err != nil {
			return err
		}
		l.questions = append(l.questions, q)
	}
	return nil
}

func (l *bareLoop) probe(context.Context) error {
	for _, q := range l.questions {
		if err := exchange("udp", l.dns, q); err != nil {
			return err
		}
	}
	return exchange("tcp", l.at, l.request)
}

func exchange(network string, to netip.AddrPort, message []byte) error {
	c, err := net.Dial(network, to.String())
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write(message); err != nil {
		return err
	}
	var b [4096]byte
	_, err = c.Read(b[:])
	return err
}

// httpClient is what most programs do: net/http's client, without keep-alive.
type httpClient struct {
	client *http.Client
	url    string
}

func newHTTPClient(at netip.AddrPort) *httpClient {
	return &httpClient{&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, "http://" + at.String() + "/"}
}

func (c *httpClient) probe(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url, nil)
	if err != nil {
		return err
	}
	response, err := c.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", c.url, response.Status)
	}
	return nil
}
