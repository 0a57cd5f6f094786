package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Servers of files, which serve a page as long as httpd's answer. They are configured as Debian configures them, but for
// what would end a connection that is kept: Apache and nginx do so after some requests, and Apache when a process has no thread
// left, so that each has one for every connection, and none come and go with the load.
const (
	apacheConfig = `ServerRoot "%[1]s"
ServerName localhost
Listen %[2]s
PidFile "%[1]s/pid"
ErrorLog /dev/null
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
LoadModule mime_module /usr/lib/apache2/modules/mod_mime.so
TypesConfig /etc/mime.types
%[3]sDocumentRoot "%[4]s"
StartServers 2
ServerLimit 2
ThreadsPerChild 64
MinSpareThreads 1
MaxSpareThreads 128
MaxRequestWorkers 128
KeepAlive On
MaxKeepAliveRequests 0
LogFormat "%%h %%l %%u %%t \"%%r\" %%>s %%O \"%%{Referer}i\" \"%%{User-Agent}i\"" combined
%[5]s`

	nginxConfig = `daemon off;
pid %[1]s/pid;
error_log /dev/null;
%[3]sworker_processes auto;
events { worker_connections 768; }
http {
	sendfile on;
	tcp_nopush on;
	types { text/html html; }
	access_log %[5]s;
	keepalive_requests 1000000000;
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server {
		listen %[2]s;
		root %[4]s;
	}
}
`
)

// files are Apache and nginx, each without and with its access log.
func (s *stand) files(bytes int) error {
	root := filepath.Join(s.dir, "root")
	if err := s.write(filepath.Join(root, "index.html"), string(make([]byte, bytes))); err != nil {
		return err
	}
	user := ""
	if os.Getuid() == 0 {
		user = "www-data" // Apache refuses to serve as root
	}
	for _, f := range []struct {
		name, program, flag, config, user string
		logs                              [2]string // off, and on
		more                              []string
	}{
		{"Apache httpd, event MPM", "/usr/sbin/apache2", "-f", apacheConfig, directive("User %s\nGroup %[1]s\n", user),
			[2]string{"", "CustomLog /dev/null combined\n"}, []string{"-DFOREGROUND"}},
		{"nginx", "/usr/sbin/nginx", "-c", nginxConfig, directive("user %s;\n", user), [2]string{"off", "/dev/null"}, nil},
	} {
		for i, log := range []string{"off", "on"} {
			dir := filepath.Join(s.dir, filepath.Base(f.program)+"-"+log)
			config := filepath.Join(dir, "config")
			var written error
			err := s.add(f.name, log, "/", nil, func(address, _ string) []string {
				written = s.write(config, fmt.Sprintf(f.config, dir, address, f.user, root, f.logs[i]))
				return append([]string{f.program, f.flag, config}, f.more...)
			})
			if err = errors.Join(err, written); err != nil {
				return err
			}
		}
	}
	return nil
}

// directive is a line of a configuration that is left out where there is nothing to say.
func directive(format, value string) string {
	if value == "" {
		return ""
	}
	return fmt.Sprintf(format, value)
}

// write makes a file, and the folder that it stands in, that every user may read.
func (s *stand) write(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o644)
}
