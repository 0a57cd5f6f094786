package curl

import (
	"errors"
	"net/netip"
	"strconv"
	"strings"

	"callbyname/internal/resolve"
)

// fromFile sets to to a value that may name a file.
func fromFile(to *string, value string, read reader) error {
	name, ok := strings.CutPrefix(value, "@")
	if !ok {
		*to = value
		return nil
	}
	content, err := read(name)
	if err != nil {
		return failf(exitRead, "Failed to open/read local data from file/application: %v", err)
	}
	*to = string(content)
	return nil
}

// oneLine takes line ends and NULs out of a file's text, as curl does.
func oneLine(text string) string {
	return strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(text)
}

// addData adds to what is posted. Without read an "@" means nothing; stripped is for oneLine.
func (o *options) addData(value string, read reader, stripped bool) error {
	if read != nil && strings.HasPrefix(value, "@") {
		if err := fromFile(&value, value, read); err != nil {
			return err
		}
		if stripped {
			value = oneLine(value)
		}
	}
	if o.data == nil {
		o.data = new(strings.Builder)
	} else {
		o.data.WriteByte('&')
	}
	o.data.WriteString(value)
	return nil
}

func (o *options) addHeader(line string) error {
	name, _, _ := strings.Cut(line, ":")
	switch {
	case strings.HasPrefix(line, "@"):
		return errors.New("headers from a file are not supported here")
	case strings.EqualFold(strings.TrimSpace(name), "Transfer-Encoding"):
		return errors.New("a body is always sent with its length here")
	}
	o.headers = append(o.headers, line)
	return nil
}

// addResolve reads [+]HOST:PORT:ADDR[,ADDR...], and -HOST:PORT, which takes one back.
func (o *options) addResolve(entry string) error {
	bad := failf(exitOption, "Couldn't parse CURLOPT_RESOLVE entry '%s'", entry)
	rest, remove := strings.CutPrefix(entry, "-")
	if !remove {
		rest = strings.TrimPrefix(rest, "+")
	}
	host, rest, ok := strings.Cut(rest, ":")
	if strings.HasPrefix(host, "[") {
		host, rest, ok = strings.Cut(strings.TrimPrefix(host+":"+rest, "["), "]:")
	}
	port, list, listed := strings.Cut(rest, ":")
	number, err := strconv.ParseUint(port, 10, 16)
	if !ok || err != nil || host == "" || listed == remove {
		return bad
	}
	key := resolveKey(host, uint16(number))
	if remove {
		delete(o.resolve, key)
		return nil
	}
	var addrs []netip.Addr
	for text := range strings.SplitSeq(list, ",") {
		if inner, ok := strings.CutPrefix(text, "["); ok {
			text = strings.TrimSuffix(inner, "]")
		}
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return bad
		}
		addrs = append(addrs, addr)
	}
	if o.resolve == nil {
		o.resolve = make(map[string][]netip.Addr)
	}
	o.resolve[key] = addrs
	return nil
}

func resolveKey(host string, port uint16) string {
	return strings.ToLower(host) + ":" + strconv.Itoa(int(port))
}

func (o *options) addServers(list string) error {
	o.nameservers = nil
	for text := range strings.SplitSeq(list, ",") {
		server, err := resolve.ParseServer(text)
		if err != nil {
			return err
		}
		o.nameservers = append(o.nameservers, server)
	}
	return nil
}
