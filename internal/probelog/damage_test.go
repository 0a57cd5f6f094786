package probelog_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"callbyname/internal/compare/comparetest"
	"callbyname/internal/probelog"
)

// FuzzDamagedRecords: a log in whose records values were changed, moved or removed is followed to its end all the same.
// Bytes changed at random (FuzzReader) seldom make records that still fit each other.
func FuzzDamagedRecords(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed, uint8(seed), uint8(1+seed%3))
	}
	f.Fuzz(func(t *testing.T, seed uint64, story, damages uint8) {
		var log bytes.Buffer
		mode := []probelog.Mode{probelog.All, probelog.Changes}[seed%2]
		record(t, comparetest.Scenarios[int(story)%len(comparetest.Scenarios)], mode, &log)
		rng := rand.New(rand.NewPCG(seed, uint64(story)))
		lines := bytes.Split(bytes.TrimSpace(log.Bytes()), []byte("\n"))
		for range damages % 8 {
			i := rng.IntN(len(lines))
			var record any
			if json.Unmarshal(lines[i], &record) != nil {
				continue
			}
			record = damage(rng, record)
			lines[i], _ = json.Marshal(record)
		}
		if rng.IntN(2) == 0 { // begin in the middle
			lines = lines[rng.IntN(len(lines)):]
		}
		var p probelog.Replay
		r := probelog.NewReader(bytes.NewReader(bytes.Join(lines, []byte("\n"))))
		for {
			rec, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				continue
			}
			o, err := p.Feed(rec)
			if err != nil {
				continue
			}
			for _, e := range o.Events {
				e.Sentence()
			}
		}
		for _, run := range p.Runs() {
			if err := probelog.NewText(io.Discard, run.Run, probelog.TextOptions{}).Stop(probelog.Stop{Summary: run.Summary()}); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// damage changes one thing somewhere in v.
func damage(rng *rand.Rand, v any) any {
	switch v := v.(type) {
	case map[string]any:
		if len(v) == 0 {
			return nil
		}
		key := slices.Sorted(maps.Keys(v))[rng.IntN(len(v))]
		if rng.IntN(8) == 0 {
			delete(v, key)
			return v
		}
		v[key] = damage(rng, v[key])
		return v
	case []any:
		if len(v) == 0 {
			return []any{nil}
		}
		i := rng.IntN(len(v))
		switch rng.IntN(8) {
		case 0:
			return slices.Delete(v, i, i+1)
		case 1:
			return append(v, v[i])
		}
		v[i] = damage(rng, v[i])
		return v
	case float64:
		return []any{0.0, 1.0, v + 1, v - 1, -v, v * 1000, 1e15, nil}[rng.IntN(8)]
	case string:
		return []any{"", "x", v + "x", "refused", "ok", "broken", "recreated", "uid-A", "uid-B", "10.0.0.5:80", "10.0.0.9", nil}[rng.IntN(12)]
	case bool:
		return !v
	}
	return 1.0
}
