package curl

import (
	"bytes"
	"io"
	"os"

	"callbyname/internal/cli"
)

// sink is where one transfer's answer goes.
type sink struct {
	*program
	file     string   // empty for standard output
	opened   *os.File // nil until something is to be written to file
	terminal bool     // whose owner has not asked for just anything
}

var errWrite = &failure{exitWrite, "Failure writing output to destination"}

func (p *program) sink(to output, url string) *sink {
	s := &sink{program: p, file: to.file}
	if to.remote {
		s.file = "." // which can't be written to, as -O says of a URL without a name
		if l, err := parseLink(url); err == nil && l.file() != "" {
			s.file = l.file()
		}
	}
	if s.file == "-" {
		s.file = ""
		return s
	}
	if s.file == "" {
		_, s.terminal = cli.Terminal(p.stdout)
	}
	return s
}

// header takes one line of the headers, if they are wanted. A terminal is shown what it prints, and nothing that it obeys.
func (s *sink) header(line []byte) error {
	if !s.include && !s.head {
		return nil
	}
	if s.terminal {
		line = []byte(harmless(string(line)))
	}
	return s.write(line)
}

// body takes a part of the body. A terminal gets no binary.
func (s *sink) body(chunk []byte) error {
	if s.terminal && bytes.IndexByte(chunk, 0) >= 0 {
		s.warn("Binary output can mess up your terminal. Use \"--output -\" to tell \n" +
			"Warning: curl to output it to your terminal anyway, or consider \"--output \nWarning: <FILE>\" to save to a file.")
		return errWrite
	}
	return s.write(chunk)
}

func (s *sink) write(b []byte) error {
	var to io.Writer = s.stdout
	if s.file != "" {
		if err := s.open(); err != nil {
			return err
		}
		to = s.opened
	}
	if _, err := to.Write(b); err != nil {
		return errWrite
	}
	return nil
}

func (s *sink) open() (err error) {
	if s.opened != nil {
		return nil
	}
	if s.opened, err = os.Create(s.file); err != nil {
		s.warn("Failed to create the file " + harmless(err.Error()))
		return errWrite
	}
	return nil
}

// finish ends the output. A transfer that succeeded leaves a file, and be it empty.
func (s *sink) finish(succeeded bool) error {
	if succeeded && s.file != "" {
		if err := s.open(); err != nil {
			return err
		}
	}
	return s.close()
}

func (s *sink) close() error {
	if s.opened == nil {
		return nil
	}
	if err := s.opened.Close(); err != nil {
		return errWrite
	}
	return nil
}
