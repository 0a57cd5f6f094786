package report

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
)

// Serve answers a request for a report: o says in which Form (text when it is missing), width how many cells a line of text
// may take. make is called once the request is known to be one.
func Serve(w http.ResponseWriter, r *http.Request, make func() Document) {
	types := map[Form]string{AsText: "text/plain", AsMarkdown: "text/markdown", AsJSON: "application/json"}
	form, width := AsText, 0
	query := r.URL.Query()
	if query.Has("o") {
		form = Form(query.Get("o"))
	}
	if types[form] == "" {
		http.Error(w, fmt.Sprintf("o=%q: must be text, markdown or json", string(form)), http.StatusBadRequest)
		return
	}
	if query.Has("width") {
		n, err := strconv.Atoi(query.Get("width"))
		if err != nil || n < 1 {
			http.Error(w, fmt.Sprintf("width=%q: must be a number of columns", query.Get("width")), http.StatusBadRequest)
			return
		}
		width = n
	}
	var b bytes.Buffer
	if err := make().Write(&b, form, TextOptions{Width: width}); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", types[form]+"; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(b.Len()))
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.Write(b.Bytes()) // the client may be gone, and then nobody wants it
}
