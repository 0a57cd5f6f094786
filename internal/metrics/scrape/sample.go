package scrape

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// Family is a metric whose values are kept by its owner, and made into samples at a scrape. (client_golang's own counters take
// some 400 bytes each, forty megabytes for a prober of two thousand targets, and make their labels anew for each scrape.)
type Family struct{ *definition }

type definition struct {
	name, help string
	kind       dto.MetricType // a counter or a gauge
	desc       *prometheus.Desc
}

// Counter declares a metric that only grows. Its labels stand in alphabetical order, as in every sample.
func Counter(name, help string, labels ...string) Family {
	return family(name, help, dto.MetricType_COUNTER, labels)
}

// Gauge declares a metric that may also shrink, like Counter.
func Gauge(name, help string, labels ...string) Family {
	return family(name, help, dto.MetricType_GAUGE, labels)
}

func family(name, help string, kind dto.MetricType, labels []string) Family {
	name = prometheus.BuildFQName(Namespace, "", name)
	return Family{&definition{name, help, kind, prometheus.NewDesc(name, help, labels, nil)}}
}

// Describe implements a part of prometheus.Collector.
func (f Family) Describe(ch chan<- *prometheus.Desc) { ch <- f.desc }

// Sample is a value of the family at one scrape, for a prometheus.Collector. The labels are never changed, so that samples may
// share them.
func (f Family) Sample(labels []*dto.LabelPair, number float64) prometheus.Metric {
	return &Value{f, labels, number}
}

// Value is a value of a family at one scrape.
type Value struct {
	Family Family
	Labels []*dto.LabelPair
	Number float64
}

// Desc implements prometheus.Metric.
func (v *Value) Desc() *prometheus.Desc { return v.Family.desc }

// Write implements prometheus.Metric.
func (v *Value) Write(m *dto.Metric) error {
	m.Label = v.Labels
	if v.Family.kind == dto.MetricType_COUNTER {
		m.Counter = &dto.Counter{Value: &v.Number}
	} else {
		m.Gauge = &dto.Gauge{Value: &v.Number}
	}
	return nil
}

// Group hands the values over family by family, in the order of these: as what a scrape is encoded from they take five times the
// memory, and so there is never more of that than one family. What it hands over is a copy.
func Group(families []Family, values []Value, yield func(*dto.MetricFamily) error) error {
	for _, f := range families {
		n := 0
		for i := range values {
			if values[i].Family == f {
				n++
			}
		}
		if n == 0 {
			continue
		}
		if err := yield(f.group(values, n)); err != nil {
			return err
		}
	}
	return nil
}

// group is the family, with those n of the values that are its own, all in a few pieces of memory.
func (f Family) group(values []Value, n int) *dto.MetricFamily {
	group := &dto.MetricFamily{Name: &f.name, Help: &f.help, Type: &f.kind, Metric: make([]*dto.Metric, 0, n)}
	metrics, numbers := make([]dto.Metric, n), make([]float64, n)
	var counters []dto.Counter
	var gauges []dto.Gauge
	if f.kind == dto.MetricType_COUNTER {
		counters = make([]dto.Counter, n)
	} else {
		gauges = make([]dto.Gauge, n)
	}
	for i := range values {
		if v := &values[i]; v.Family == f {
			k := len(group.Metric)
			m := &metrics[k]
			m.Label, numbers[k] = v.Labels, v.Number
			if counters != nil {
				counters[k].Value, m.Counter = &numbers[k], &counters[k]
			} else {
				gauges[k].Value, m.Gauge = &numbers[k], &gauges[k]
			}
			group.Metric = append(group.Metric, m)
		}
	}
	return group
}

// Label is one label of a sample. A value that is no UTF-8 would fail every scrape, and is mended.
func Label(name, value string) *dto.LabelPair {
	value = strings.ToValidUTF8(value, "\ufffd")
	return &dto.LabelPair{Name: &name, Value: &value}
}
