package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// build makes the prober of this repository, which the module's folder lies in.
func build(ctx context.Context, program string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", program, "callbyname/cmd/prober")
	root, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("looking for the module: %w", err)
	}
	cmd.Dir = filepath.Dir(filepath.Dir(strings.TrimSpace(string(root))))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building the prober in %q: %w: %s", cmd.Dir, err, out)
	}
	return nil
}

// record is as much of the prober's log as is needed here: rounds and events.
type record struct {
	Record  string    `json:"record"`
	Time    time.Time `json:"time"`
	Target  string    `json:"target"`
	Lag     float64   `json:"lag_ms"`
	Results []result  `json:"results"`

	Event    string  `json:"event"`
	Approach string  `json:"approach"`
	Outage   *outage `json:"outage"`
}

type outage struct {
	Before   *moment `json:"before"`
	First    *moment `json:"first"`
	Last     *moment `json:"last"`
	End      *moment `json:"end"`
	Void     int     `json:"void"`
	Paused   float64 `json:"paused_ms"`
	Duration float64 `json:"duration_ms"`
	Shortest float64 `json:"shortest_ms"`
	Longest  float64 `json:"longest_ms"`
}

type moment struct {
	Seq  uint64    `json:"seq"`
	Time time.Time `json:"time"`
	Took float64   `json:"took_ms"`
}

// spacing is how far apart the probes at the outage's begin and at its end were: an interval, unless the prober left a round
// out or came late, and what they took.
func (o *outage) spacing(interval time.Duration) time.Duration {
	widest := interval
	if o.Before != nil {
		widest = max(widest, o.First.Time.Sub(o.Before.Time))
	}
	if o.Last != nil {
		widest = max(widest, o.End.Time.Sub(o.Last.Time))
	}
	return widest + millis(o.First.Took) + millis(o.End.Took)
}

type result struct {
	Approach  string  `json:"approach"`
	Outcome   string  `json:"outcome"`
	Total     float64 `json:"total_ms"`
	Resolve   float64 `json:"resolve_ms"`
	Connect   float64 `json:"connect_ms"`
	Write     float64 `json:"write_ms"`
	FirstByte float64 `json:"first_byte_ms"`
	Read      float64 `json:"read_ms"`
}

func millis(ms float64) time.Duration {
	return time.Duration(ms * float64(time.Millisecond)).Round(time.Microsecond)
}

// watched is a prober that runs.
type watched struct {
	cmd     *exec.Cmd
	records chan record
	err     error // of reading the log; valid when records is closed
}

// start runs the prober with a configuration file, in JSON, which is YAML too. Its records of the kinds that are wanted
// come through the channel, which must be read to its end.
func start(ctx context.Context, o options, name string, nice int, config any, wanted ...string) (*watched, error) {
	text, err := json.MarshalIndent(config, "", " ")
	if err != nil {
		return nil, err
	}
	file := filepath.Join(o.keep, name+".yaml")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(o.keep, name+".jsonl"))
	if err != nil {
		return nil, err
	}
	cmd := niced(ctx, nice, o.prober, "--config", file, "--log-format", "json", "--listen", "")
	cmd.Stderr = os.Stderr
	lines, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the prober %q: %w", o.prober, err)
	}
	w := &watched{cmd: cmd, records: make(chan record, 1000)}
	go func() {
		defer close(w.records)
		defer log.Close()
		w.err = w.read(bufio.NewReaderSize(lines, 1<<20), log, wanted)
	}()
	return w, nil
}

func (w *watched) read(lines *bufio.Reader, log *os.File, wanted []string) error {
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return nil // the prober's end
		}
		if _, err := log.Write(line); err != nil {
			return err
		}
		for _, kind := range wanted {
			if !bytes.Contains(line, []byte(`"record":"`+kind+`"`)) {
				continue
			}
			var r record
			if err := json.Unmarshal(line, &r); err != nil {
				return fmt.Errorf("the prober's log, %q: %w", line, err)
			}
			w.records <- r
		}
	}
}

// stop ends the prober. The records must have been read, or be read meanwhile.
func (w *watched) stop() error {
	w.cmd.Process.Signal(syscall.SIGTERM)
	for range w.records {
	}
	if err := w.cmd.Wait(); err != nil {
		return fmt.Errorf("the prober: %w", err)
	}
	return w.err
}

// settings are the prober's configuration.
type settings struct {
	Interval    string   `json:"interval"`
	Timeout     string   `json:"timeout"`
	Settle      string   `json:"settle"`
	Nameservers []string `json:"nameservers"`
	Targets     []target `json:"targets"`
}

type target struct {
	Name       string   `json:"name"`
	URL        string   `json:"url"`
	IP         string   `json:"ip,omitempty"`
	Approaches []string `json:"approaches"`
}
