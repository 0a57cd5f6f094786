package scrape

import (
	"compress/gzip"
	"io"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// Families are metrics of which there are too many for all to be in memory at once: yield gets one after the other, each with
// all its values, and not one that a registry has too.
type Families func(yield func(*dto.MetricFamily) error) error

// Stream answers scrapes as Handler does, with what g gathers and then with more, of which it never holds more than one family.
// (Of two thousand targets, what client_golang gathers takes as much memory as all else that a prober knows of them.)
func Stream(g prometheus.Gatherer, more Families) http.Handler {
	turns := make(chan struct{}, atOnce)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case turns <- struct{}{}:
			defer func() { <-turns }()
		default:
			http.Error(w, "too many scrapes at a time; try again later", http.StatusServiceUnavailable)
			return
		}
		gathered, err := g.Gather()
		if err != nil {
			http.Error(w, "gathering metrics: "+err.Error(), http.StatusInternalServerError)
			return
		}
		format := expfmt.NegotiateAccept(r.Header, expfmt.DefaultAcceptedFormats()...)
		w.Header().Set("Content-Type", string(format))
		var out io.Writer = w
		if zips(r) {
			w.Header().Set("Content-Encoding", "gzip")
			z := writers.Get().(*gzip.Writer)
			defer writers.Put(z)
			z.Reset(w)
			defer z.Close() // who has gone does not need the rest
			out = z
		}
		encoder := expfmt.NewEncoder(polite{out}, format)
		for _, f := range gathered {
			if encoder.Encode(f) != nil {
				return
			}
		}
		more(encoder.Encode) // the same
	})
}

// polite lets others go first after every piece of a scrape, which has seconds. It takes a tenth of one of CPU time where there are thousands
// of targets, and their probes would wait for that.
type polite struct{ io.Writer }

func (p polite) Write(b []byte) (int, error) {
	runtime.Gosched()
	return p.Writer.Write(b)
}

// writers are those that no scrape uses: each has a megabyte. They compress fast rather than much: it is a third of what a scrape takes.
var writers = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // there is such a level
	}
	return z
}}

// zips reports whether who asks takes gzip.
func zips(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, weighted := strings.Cut(strings.ReplaceAll(part, " ", ""), ";q=")
		if name == "gzip" {
			q, err := strconv.ParseFloat(weight, 64)
			return !weighted || err == nil && q > 0
		}
	}
	return false
}

// Whole gathers with g what Stream streams: all of it at once, for tests and for few targets.
func Whole(g prometheus.Gatherer, more Families) prometheus.Gatherer {
	return prometheus.Gatherers{g, prometheus.GathererFunc(func() (list []*dto.MetricFamily, err error) {
		err = more(func(f *dto.MetricFamily) error {
			list = append(list, f)
			return nil
		})
		return list, err
	})}
}
