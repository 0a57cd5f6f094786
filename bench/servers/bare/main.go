// Command bare is the floor under httpd: a net/http handler, or one of labstack/echo, that sends the headers and the body of
// another server's answer to GET /, and knows nothing. Its limits are those of httpd.
package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/spf13/pflag"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bare:", err)
		os.Exit(1)
	}
}

func run() error {
	listen := pflag.String("listen", "127.0.0.1:8000", "address to serve on")
	like := pflag.String("like", "", "file with the answer to give, as HTTP")
	router := pflag.String("router", "none", "none, or echo")
	pflag.Parse()
	headers, body, err := answer(*like)
	if err != nil {
		return err
	}
	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		for _, p := range headers {
			h.Set(p.name, p.value)
		}
		io.WriteString(w, body) // as in the documentation of net/http; the server notices a failure itself
	}))
	if *router == "echo" {
		e := echo.New()
		e.GET("/", func(c echo.Context) error {
			h := c.Response().Header()
			for _, p := range headers {
				h.Set(p.name, p.value)
			}
			return c.String(http.StatusOK, body)
		})
		handler = e
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: time.Minute}
	ln, err := net.Listen("tcp", *listen)
	if err != nil {
		return err
	}
	return server.Serve(ln)
}

type header struct{ name, value string }

// answer is another server's, without the headers that net/http makes anew.
func answer(path string) (headers []header, body string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, "", err
	}
	defer file.Close()
	response, err := http.ReadResponse(bufio.NewReader(file), nil)
	if err != nil {
		return nil, "", fmt.Errorf("reading %q: %w", path, err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, "", fmt.Errorf("reading %q: %w", path, err)
	}
	for name, values := range response.Header {
		if name != "Date" && name != "Content-Length" {
			headers = append(headers, header{name, values[0]})
		}
	}
	return headers, string(text), nil
}
