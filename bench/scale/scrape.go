package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
)

// samples are the values of a scrape in the text format, by name and labels.
type samples map[string]float64

func scrape(ctx context.Context, url string) (samples, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("scraping %s: %s", url, response.Status)
	}
	s := samples{}
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		line := lines.Text()
		name, text, ok := cutLast(line)
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		if s[name], err = strconv.ParseFloat(text, 64); err != nil {
			return nil, fmt.Errorf("scraping %s: line %q: %w", url, line, err)
		}
	}
	return s, lines.Err()
}

// cutLast cuts a line at its last blank: labels may hold some.
func cutLast(line string) (name, value string, ok bool) {
	i := strings.LastIndexByte(line, ' ')
	if i < 0 {
		return "", "", false
	}
	return line[:i], line[i+1:], true
}

// sum adds up all samples of a metric.
func (s samples) sum(name string) (sum float64) {
	for key, value := range s {
		if key == name || strings.HasPrefix(key, name+"{") {
			sum += value
		}
	}
	return sum
}

// quantile is between what bounds of a classic histogram's bucket the share q of all that came after another scrape lies, the
// upper one; all label values together.
func (s samples) quantile(q float64, name string, before samples) float64 {
	buckets := map[float64]float64{}
	for key, value := range s {
		rest, ok := strings.CutPrefix(key, name+"_bucket{")
		if !ok {
			continue
		}
		_, rest, _ = strings.Cut(rest, `le="`)
		bound, _, _ := strings.Cut(rest, `"`)
		le, err := strconv.ParseFloat(bound, 64) // +Inf is one
		if err == nil {
			buckets[le] += value - before[key]
		}
	}
	all, best := s.sum(name+"_count")-before.sum(name+"_count"), -1.0
	for le, n := range buckets {
		if n >= q*all && (best < 0 || le < best) {
			best = le
		}
	}
	return best
}
