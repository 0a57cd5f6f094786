// Package walk shows how a name becomes addresses: each name of the search list that was tried, the server that was asked, what
// it said, and how long that took. It is a small "dig +search" on package resolve, for images that have neither dig nor a
// shell.
package walk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/pflag"

	"callbyname/internal/resolve"
)

// The exit statuses.
const (
	exitOK    = 0 // there are addresses
	exitNone  = 1 // there are none, or nobody knows
	exitUsage = 2
)

const intro = `Resolves a name as the prober does, and shows the way: hosts file, then the search list of /etc/resolv.conf, try by try.

Usage:
  prober resolve [FLAGS] NAME

Flags:
%s
The exit status is 0 when there are addresses, 1 when there are none, 2 for bad flags.
`

// options are what the arguments say.
type options struct {
	name        string
	family      resolve.Family
	nameservers []netip.AddrPort
	timeout     time.Duration
}

// Run does what the arguments say and returns the exit status. When ctx ends, the lookup does.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, fs, err := parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprintf(stdout, intro, fs.FlagUsages())
		return exitOK
	case err != nil:
		fmt.Fprintf(stderr, "prober resolve: %v; prober resolve --help shows what there is\n", err)
		return exitUsage
	}
	resolver, err := resolve.New(resolve.Options{Nameservers: o.nameservers})
	if err != nil {
		fmt.Fprintf(stderr, "prober resolve: %v\n", err)
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	answer, err := resolver.Lookup(ctx, o.name, o.family)
	if written := write(stdout, answer, err == nil); written != nil {
		fmt.Fprintf(stderr, "prober resolve: writing the answer: %v\n", written)
		return exitNone
	}
	if err != nil {
		fmt.Fprintf(stderr, "prober resolve: %v\n", err)
		return exitNone
	}
	return exitOK
}

func parse(args []string) (options, *pflag.FlagSet, error) {
	var o options
	var v4, v6 bool
	var servers []string
	fs := pflag.NewFlagSet("prober resolve", pflag.ContinueOnError)
	fs.SortFlags = false
	fs.Usage = func() {}
	fs.BoolVarP(&v4, "ipv4", "4", false, "IPv4 addresses only")
	fs.BoolVarP(&v6, "ipv6", "6", false, "IPv6 addresses only")
	fs.StringArrayVar(&servers, "nameserver", nil, "DNS server `ADDR[:PORT]` to ask instead of those in /etc/resolv.conf; may be repeated")
	fs.DurationVar(&o.timeout, "timeout", 10*time.Second, "how long all of it may take")
	if err := fs.Parse(args); err != nil {
		return o, fs, err
	}
	switch {
	case fs.NArg() != 1:
		return o, fs, fmt.Errorf("%d names given, and one is wanted", fs.NArg())
	case v4 && v6:
		return o, fs, errors.New("-4 and -6 exclude each other; without them both kinds of addresses are asked for")
	case o.timeout <= 0:
		return o, fs, fmt.Errorf("--timeout %v: it must be greater than zero", o.timeout)
	case v4:
		o.family = resolve.IPv4
	case v6:
		o.family = resolve.IPv6
	}
	for _, text := range servers {
		server, err := resolve.ParseServer(text)
		if err != nil {
			return o, fs, fmt.Errorf("--nameserver %w", err)
		}
		o.nameservers = append(o.nameservers, server)
	}
	o.name = fs.Arg(0)
	return o, fs, nil
}

// write prints the tries as a table, and below it what came of them.
func write(to io.Writer, a resolve.Answer, found bool) error {
	var b strings.Builder
	if len(a.Tried) > 0 {
		b.WriteString(tries(a.Tried))
	}
	if found {
		if len(a.Tried) > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintln(&b, headline(a))
		for _, addr := range a.Addrs {
			fmt.Fprintf(&b, "  %v\n", addr)
		}
	}
	_, err := io.WriteString(to, b.String())
	return err
}

func tries(list []resolve.Try) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tTYPE\tSERVER\tRESULT\tADDRESSES\tTIME")
	for _, t := range list {
		result := t.Rcode
		if result == "" {
			result = strings.ReplaceAll(string(t.Kind), "_", " ")
		}
		server := t.Server.String()
		if t.TCP {
			server += " (TCP)"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%v\n", t.Name, t.Type, server, result, strconv.Itoa(t.Addrs), t.Took)
	}
	w.Flush() // to a strings.Builder, which takes everything
	return b.String()
}

// headline says where the addresses are from.
func headline(a resolve.Answer) string {
	switch a.Source {
	case resolve.FromLiteral:
		return fmt.Sprintf("%s is an address itself", a.Host)
	case resolve.FromHosts:
		return fmt.Sprintf("%s is in the hosts file", a.Host)
	}
	alias := ""
	if a.Canonical != "" {
		alias = ", an alias of " + a.Canonical
	}
	return fmt.Sprintf("%s is %s%s: by %v, TTL %v, in %v", a.Host, a.Name, alias, a.Server, a.TTL, a.Took)
}
