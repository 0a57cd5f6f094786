package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// options are how much load there is to be.
type options struct {
	rate           int
	lasts, timeout time.Duration
}

// workers share the rate evenly. Each has a connection of its own: every other keeps it, as a pool does; the rest open a new one
// for each request, as curl does, and are few enough that their ports (one a minute for each, in TIME_WAIT) don't run out.
const workers = 40

// Report is what came of a load.
type Report struct {
	Requests, Failed int
	// Fresh counts the requests on a new connection.
	Fresh int
	Took  time.Duration
	// Slowest is the longest request that succeeded.
	Slowest time.Duration
	// Pods counts answers by the UID of who gave them; Errors counts failures by their text.
	Pods, Errors map[string]int
}

func (r *Report) add(other Report) {
	r.Requests += other.Requests
	r.Failed += other.Failed
	r.Fresh += other.Fresh
	r.Slowest = max(r.Slowest, other.Slowest)
	for uid, n := range other.Pods {
		r.Pods[uid] += n
	}
	for text, n := range other.Errors {
		r.Errors[text] += n
	}
}

func newReport() Report { return Report{Pods: map[string]int{}, Errors: map[string]int{}} }

// load says when it begins, and ends with its Report, each as a line of JSON. It is not by net/http's client, which would send a
// request again on its own when a connection breaks: here that is a failure.
func load(ctx context.Context, args []string, out io.Writer) error {
	var o options
	set := loadFlags(&o)
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() != 1 || o.rate < 1 || o.rate > 2000 || o.lasts <= 0 || o.lasts > 2*time.Minute || o.timeout <= 0 {
		return errors.New("load: give one URL, and flags within their bounds")
	}
	request, err := http.NewRequest(http.MethodGet, set.Arg(0), nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(out, `{"loading":true}`)
	return json.NewEncoder(out).Encode(o.run(ctx, request))
}

func (o options) run(ctx context.Context, request *http.Request) Report {
	began := time.Now()
	reports := make([]Report, workers)
	var group sync.WaitGroup
	for i := range workers {
		group.Go(func() {
			w := worker{options: o, request: request, keeps: i%2 == 0, report: newReport()}
			w.work(ctx, began.Add(time.Duration(i)*time.Second/time.Duration(o.rate)))
			reports[i] = w.report
		})
	}
	group.Wait()
	total := newReport()
	for _, r := range reports {
		total.add(r)
	}
	total.Took = time.Since(began)
	return total
}

// worker makes its share of the requests, one after the other.
type worker struct {
	options
	request *http.Request
	keeps   bool
	conn    net.Conn
	reader  *bufio.Reader
	report  Report
}

// work begins at a time and goes on at even distances. Where an answer takes longer than that, the next request follows at once,
// so that a slow server does not lower the rate in the end.
func (w *worker) work(ctx context.Context, next time.Time) {
	defer w.hangUp()
	every := time.Second * workers / time.Duration(w.rate)
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	for end := next.Add(w.lasts); next.Before(end); next = next.Add(every) {
		timer.Reset(time.Until(next))
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		began := time.Now()
		uid, err := w.ask(ctx)
		w.report.Requests++
		if err != nil {
			w.hangUp()
			w.report.Failed++
			w.report.Errors[err.Error()]++
			continue
		}
		w.report.Slowest = max(w.report.Slowest, time.Since(began))
		w.report.Pods[uid]++
	}
}

// ask makes one request and returns the UID of who answered.
func (w *worker) ask(ctx context.Context) (uid string, err error) {
	deadline := time.Now().Add(w.timeout)
	if w.conn == nil {
		dialer := net.Dialer{Deadline: deadline}
		address := w.request.URL.Host
		if w.request.URL.Port() == "" {
			address = net.JoinHostPort(address, "80")
		}
		if w.conn, err = dialer.DialContext(ctx, "tcp", address); err != nil {
			return "", fmt.Errorf("dial: %w", cause(err))
		}
		w.reader = bufio.NewReader(w.conn)
		w.report.Fresh++
	}
	w.conn.SetDeadline(deadline)
	if err := w.request.Write(w.conn); err != nil {
		return "", fmt.Errorf("write: %w", cause(err))
	}
	response, err := http.ReadResponse(w.reader, w.request)
	if err != nil {
		return "", fmt.Errorf("read: %w", cause(err))
	}
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return "", fmt.Errorf("read the body: %w", cause(err))
	}
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("status %d", response.StatusCode)
	}
	if response.Close || !w.keeps {
		w.hangUp()
	}
	return response.Header.Get("Pod-Uid"), nil
}

func (w *worker) hangUp() {
	if w.conn != nil {
		w.conn.Close()
		w.conn = nil
	}
}

// cause is an error without the ports, which would make each one another.
func cause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
