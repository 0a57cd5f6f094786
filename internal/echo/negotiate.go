package echo

import (
	"strconv"
	"strings"
)

// format is how an answer is written.
type format int

const (
	text format = iota // for curl, and whoever does not say
	jsonFormat
	html
)

// maxRanges bounds how many media ranges of one request are looked at.
const maxRanges = 32

// negotiate picks the format that the Accept headers like best (RFC 9110, section 12.5.1): by quality, then by how exactly it is
// named, then by what comes first. Text is the answer to nothing, to */* and to what we don't have; 406 would help nobody.
func negotiate(accept []string) format {
	if len(accept) == 0 || len(accept) == 1 && accept[0] == "*/*" {
		return text
	}
	var offers [html + 1]offer
	position := 0
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			if position++; position > maxRanges {
				break
			}
			kind, parameters, _ := strings.Cut(part, ";")
			found := offer{quality: quality(parameters), position: position}
			for f, exact := range [...]int{text: named(kind, "text", "plain"), jsonFormat: named(kind, "application", "json"),
				html: named(kind, "text", "html")} {
				// For one type its most exact range counts (text/html;q=0 after */*).
				if exact > offers[f].exact {
					found.exact = exact
					offers[f] = found
				}
			}
		}
	}
	best := text
	for f := jsonFormat; f <= html; f++ {
		if offers[f].better(offers[best]) {
			best = f
		}
	}
	return best
}

// offer is what a request says of one type. The zero offer: nothing.
type offer struct {
	quality  int // in thousandths
	exact    int // 1 for */*, 2 for text/*, 3 for text/plain
	position int
}

func (o offer) better(than offer) bool {
	switch {
	case o.quality == 0:
		return false // not acceptable
	case o.quality != than.quality:
		return o.quality > than.quality
	case o.exact != than.exact:
		return o.exact > than.exact
	}
	return o.exact == 3 && o.position < than.position
}

// named is how exactly a media range names a type: 0 for not at all.
func named(kind, major, minor string) int {
	m, n, ok := strings.Cut(strings.TrimSpace(kind), "/")
	switch {
	case !ok:
		return 0
	case m == "*" && n == "*":
		return 1
	case !strings.EqualFold(m, major):
		return 0
	case n == "*":
		return 2
	case strings.EqualFold(n, minor):
		return 3
	}
	return 0
}

// quality is the q parameter in thousandths; 1000 when there is none, 0 when it makes no sense.
func quality(parameters string) int {
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil || !(q >= 0 && q <= 1) {
				return 0
			}
			return int(q * 1000)
		}
	}
	return 1000
}
