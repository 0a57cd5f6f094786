package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var atAddress = regexp.MustCompile(`This can be seen on a page, too: (http://127\.0\.0\.1:\d+)\n`)

// pageSays is what the demo's page says of its target.
func pageSays(t *testing.T, url string) (text string) {
	t.Helper()
	res, err := http.Get(url + "/api/v1/targets/httpd")
	if err != nil {
		t.Error(err)
		return ""
	}
	defer res.Body.Close()
	var target struct{ Text string }
	if err := json.NewDecoder(res.Body).Decode(&target); err != nil {
		t.Error(err)
	}
	return target.Text
}

func TestTheStoryIsOnAPageThatStaysOpen(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancelCause(t.Context())
	late := time.AfterFunc(time.Minute, func() { interrupt(errors.New("too late")) })
	defer late.Stop()
	var url, between, end string
	rows := 0 // after the story's end
	out := &listening{}
	out.heard = func(text string) {
		if m := atAddress.FindStringSubmatch(text); m != nil {
			url = m[1]
		}
		switch {
		case strings.Contains(text, "what recreation 1 did") && between == "":
			between = pageSays(t, url)
		case strings.Contains(out.all.String(), "The page stays at") && strings.Contains(text, "  httpd #"):
			if rows++; rows == 3 {
				end = pageSays(t, url)
				interrupt(errors.New("SIGINT"))
			}
		}
	}
	var stderr strings.Builder
	code := run(ctx, []string{"--interval=200ms", "--stay"}, environ, strings.NewReader(""), out, &stderr, stage{})
	log := out.all.String()
	if missing := inOrder(log, "This can be seen on a page, too: http://127.0.0.1:", "\n(1) One pod runs", "\n    => ip gets answers again",
		"The page stays at "+url+" until Ctrl-C is pressed.", "  httpd #", "stopped (SIGINT)"); code != exitOK || stderr.String() != "" || missing != "" {
		t.Fatalf("exit status %d, %q, lacks %q:\n%s", code, &stderr, missing, log)
	}
	if !strings.HasPrefix(between, "IP 127.0.0.2: broken") || !strings.Contains(between, ", the pod is gone. Name apache.localcluster: fine") {
		t.Errorf("when the number is broken the page says: %s", between)
	}
	if !strings.HasPrefix(end, "IP 127.0.0.2: misrouted, another pod answers at this address: stranger") || !strings.Contains(end, "Name apache.localcluster: fine") {
		t.Errorf("at the end the page says: %s", end)
	}
	if _, err := http.Get(url); err == nil {
		t.Error("the page is still there after the end")
	}
}

func TestWithoutAnAddressThereIsNoPage(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancelCause(t.Context())
	out := &listening{heard: func(text string) {
		if strings.Contains(text, "  httpd #") {
			interrupt(errors.New("SIGINT"))
		}
	}}
	run(ctx, []string{"--interval=100ms", "--listen="}, environ, strings.NewReader(""), out, io.Discard, stage{})
	if log := out.all.String(); strings.Contains(log, "page") || !strings.Contains(log, "httpd #1") {
		t.Errorf("%s", log)
	}
}

func TestAPortInUseIsSaidBeforeTheStoryBegins(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	out, code, stderr := show(t.Context(), stage{}, "--listen="+ln.Addr().String())
	if code != exitUsage || out != "" || !strings.HasPrefix(stderr, `demo: --listen "`) || !strings.Contains(stderr, "already in use: give another port") {
		t.Errorf("exit status %d, %q, %q", code, out, stderr)
	}
}
