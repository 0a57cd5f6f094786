package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// phase is a part of a probe, as the prober logs it and as the kernel saw it.
type phase int

const (
	resolving phase = iota
	connecting
	waiting
	reading
	altogether
	phases
)

var phaseNames = [phases]string{"resolve", "connect", "first byte", "read", "total"}

// spell is a target with one phase that takes a known while.
type spell struct {
	phase phase
	takes time.Duration
	rtt   int // index of roundTrips
	wait  time.Duration
	read  time.Duration
	dns   time.Duration
}

// spells are the rows of the table: a target in which nothing is delayed, and for each phase some in which it is.
func spells() []spell {
	const ms = time.Millisecond
	list := []spell{{phase: altogether}}
	for _, d := range []time.Duration{1 * ms, 10 * ms, 100 * ms, 300 * ms} {
		list = append(list, spell{phase: resolving, takes: d, dns: d})
	}
	for i, d := range roundTrips[1:] {
		list = append(list, spell{phase: connecting, takes: d, rtt: i + 1})
	}
	for _, d := range []time.Duration{1 * ms, 10 * ms, 100 * ms, 300 * ms} {
		list = append(list, spell{phase: waiting, takes: d, wait: d})
	}
	for _, d := range []time.Duration{1 * ms, 10 * ms, 100 * ms, 300 * ms} {
		list = append(list, spell{phase: reading, takes: d, read: d})
	}
	return list
}

// times are a probe's phases. The prober's own wait for the first byte begins when its write has returned, the kernel's when
// the request was handed to the interface; what lies between is the write's, and shown with it.
type times [phases]time.Duration

// pair is one probe.
type pair struct{ prober, kernel times }

// phaseTable are the pairs of one load, by spell.
type phaseTable struct {
	busy  int
	pairs [][]pair
	plain []pair // of plain system calls
	lost  int    // probes that failed, or that the capture has no whole connection of
}

func measurePhases(ctx context.Context, o options, busy int) (t phaseTable, err error) {
	ctx, cancel := context.WithCancel(ctx)
	var ends []func() error
	defer func() {
		cancel()
		for _, end := range ends {
			end() // which says that it was ended
		}
	}()
	zone, err := serveNames(ctx)
	if err != nil {
		return t, err
	}
	ends = append(ends, zone.socket.Close)
	far, err := startFar(ctx)
	if err != nil {
		return t, err
	}
	ends = append(ends, far)
	list := spells()
	config := settings{Interval: "500ms", Timeout: "450ms", Settle: "1s", Nameservers: []string{nameserver}}
	for i, s := range list {
		zone.set(s.host(i), farAddr(s.rtt), s.dns)
		config.Targets = append(config.Targets, target{
			Name: fmt.Sprintf("s%d", i), Approaches: []string{"dns"},
			URL: fmt.Sprintf("http://%s:%d/?wait=%d&read=%d", s.host(i), firstPort+i, s.wait.Microseconds(), s.read.Microseconds()),
		})
	}
	for range busy {
		cmd := command(ctx, normal, roleBusy)
		if err := cmd.Start(); err != nil {
			return t, err
		}
		ends = append(ends, cmd.Wait)
	}
	sniffer, err := startCapture()
	if err != nil {
		return t, err
	}
	nice := asParent // no other process may come first, as on a machine that has nothing else to do
	if busy > 0 {
		nice = normal
	}
	prober, err := start(ctx, o, fmt.Sprintf("phases-%d", busy), nice, config, "round")
	if err != nil {
		return t, err
	}
	var rounds []record
	for r := range prober.records {
		if rounds = append(rounds, r); len(rounds) >= (o.rounds+1)*len(list) {
			break
		}
	}
	if err := prober.stop(); err != nil {
		return t, err
	}
	plain := netip.AddrPortFrom(farAddr(0), plainPort)
	zone.set(plainHost, plain.Addr(), 0)
	floor, err := plainly(o.rounds, plain)
	if err != nil {
		return t, err
	}
	packets, err := sniffer.end()
	if err != nil {
		return t, err
	}
	t = phaseTable{busy: busy, pairs: make([][]pair, len(list))}
	for _, r := range rounds {
		var i int
		if _, err := fmt.Sscanf(r.Target, "s%d", &i); err != nil || i >= len(list) || len(r.Results) != 1 {
			return t, fmt.Errorf("a round of target %q with %d results", r.Target, len(r.Results))
		}
		t.add(&t.pairs[i], packets, r, list[i].host(i), netip.AddrPortFrom(farAddr(list[i].rtt), uint16(firstPort+i)))
	}
	for _, r := range floor {
		t.add(&t.plain, packets, r, plainHost, plain)
	}
	return t, nil
}

// add sets a round's only probe beside its packets, and both with those of its kind.
func (t *phaseTable) add(to *[]pair, packets []packet, r record, host string, server netip.AddrPort) {
	x := r.Results[0]
	kernel, err := seen(packets, r, host, server)
	if x.Outcome != "ok" || err != nil {
		t.lost++
		return
	}
	*to = append(*to, pair{kernel: kernel, prober: times{
		millis(x.Resolve), millis(x.Connect), millis(x.Write) + millis(x.FirstByte), millis(x.Read), millis(x.Total),
	}})
}

func (s spell) host(i int) string { return fmt.Sprintf("s%d.truth.test", i) }

// seen are the phases of a round's only probe as the kernel saw them. The port of the target is its own and its rounds
// never overlap, so the packets of its probe are those between its tick and its end; there must be one connection.
func seen(packets []packet, r record, host string, server netip.AddrPort) (t times, err error) {
	const slack = 2 * time.Millisecond // the prober's end of a probe is before it closes the connection
	from := r.Time.Add(-time.Microsecond)
	to := r.Time.Add(millis(r.Lag) + millis(r.Results[0].Total) + slack)
	first, _ := slices.BinarySearchFunc(packets, from, func(p packet, at time.Time) int { return p.at.Compare(at) })
	var asked, told, syn, synAck, request, answer, last time.Time
	var local netip.AddrPort
	once := func(t *time.Time, at time.Time) {
		if t.IsZero() {
			*t = at
		}
	}
	for _, p := range packets[first:] {
		if p.at.After(to) {
			break
		}
		switch {
		case p.name == host && p.dst.Port() == 53 && p.sent:
			once(&asked, p.at)
		case p.name == host && p.src.Port() == 53 && !p.sent:
			told = p.at
		case p.dst == server && p.sent && p.syn:
			if local.IsValid() {
				return t, errors.New("two connections, or a packet sent twice")
			}
			syn, local = p.at, p.src
		case p.dst == server && p.sent && p.src == local && p.payload > 0:
			request = p.at
		case p.src == server && !p.sent && p.dst == local && p.syn:
			once(&synAck, p.at)
		case p.src == server && !p.sent && p.dst == local && p.payload > 0:
			once(&answer, p.at)
			last = p.at
		}
	}
	for _, at := range []time.Time{asked, told, syn, synAck, request, answer, last} {
		if at.IsZero() {
			return t, errors.New("not all packets of the connection are there")
		}
	}
	return times{told.Sub(asked), synAck.Sub(syn), answer.Sub(request), last.Sub(answer), last.Sub(asked)}, nil
}
