package scrape

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Family is a metric whose values are kept by its owner, and made into samples at a scrape. (client_golang's own counters take
// some 400 bytes each, forty megabytes for a prober of two thousand targets, and make their labels anew for each scrape.)
type Family struct {
	desc    *prometheus.Desc
	counter bool // else a gauge
}

// Counter declares a metric that only grows. Its labels stand in alphabetical order, as in every sample.
func Counter(name, help string, labels ...string) Family {
	return Family{prometheus.NewDesc(prometheus.BuildFQName(Namespace, "", name), help, labels, nil), true}
}

// Gauge declares a metric that may also shrink, like Counter.
func Gauge(name, help string, labels ...string) Family {
	return Family{prometheus.NewDesc(prometheus.BuildFQName(Namespace, "", name), help, labels, nil), false}
}

// Describe implements a part of prometheus.Collector.
func (f Family) Describe(ch chan<- *prometheus.Desc) { ch <- f.desc }

// Sample is a value of the family at one scrape. The labels are never changed, so that samples may share them.
func (f Family) Sample(labels []*dto.LabelPair, value float64) prometheus.Metric {
	return &sample{f, labels, value}
}

type sample struct {
	family Family
	labels []*dto.LabelPair
	value  float64
}

// Desc implements prometheus.Metric.
func (s *sample) Desc() *prometheus.Desc { return s.family.desc }

// Write implements prometheus.Metric.
func (s *sample) Write(m *dto.Metric) error {
	m.Label = s.labels
	if s.family.counter {
		m.Counter = &dto.Counter{Value: &s.value}
	} else {
		m.Gauge = &dto.Gauge{Value: &s.value}
	}
	return nil
}

// Label is one label of a sample. A value that is no UTF-8 would fail every scrape, and is mended.
func Label(name, value string) *dto.LabelPair {
	value = strings.ToValidUTF8(value, "\ufffd")
	return &dto.LabelPair{Name: &name, Value: &value}
}
