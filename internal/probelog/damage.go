package probelog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// errCut is why a line holds a part of a record only: the prober was killed while it wrote, the disk was full, or
// somebody copied a part of the log.
var errCut = errors.New("the record is cut off in its middle")

// unmarshal fails with errOtherKind for a line that is another record.
func unmarshal(line []byte, record any, h *head, kind Kind) error {
	err := json.Unmarshal(line, record)
	switch {
	case h.Record != kind && h.Record != "":
		return errOtherKind
	case err != nil:
		return fmt.Errorf("%v: %w", kind, inWords(line, err))
	case h.Record != kind:
		return errOtherKind
	}
	return nil
}

// inWords is why a line cannot be read, in the words of who reads the log rather than of encoding/json.
func inWords(line []byte, err error) error {
	syntax, kind := (*json.SyntaxError)(nil), (*json.UnmarshalTypeError)(nil)
	switch {
	case cut(line):
		return errCut
	case errors.As(err, &syntax):
		return fmt.Errorf("the record is damaged at its byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Errorf("unexpected %s at %s", kind.Value, embedded.Replace(kind.Field))
	}
	return err
}

// embedded leaves of encoding/json's path to a field what stands in the log: our embedded types do not.
var embedded = strings.NewReplacer("head.", "", "podWire.", "")

// foreign is why a line whose kind cannot be told is none of ours, or too little of one of ours.
func foreign(line []byte) error {
	if bytes.HasPrefix(line, []byte(`{"time":"`)) && cut(line) {
		return errCut
	}
	return ErrForeign
}

// cut reports whether a line is JSON up to its end, and more is missing.
func cut(line []byte) bool {
	var whole json.RawMessage
	return errors.Is(json.NewDecoder(bytes.NewReader(line)).Decode(&whole), io.ErrUnexpectedEOF)
}
