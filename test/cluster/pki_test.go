package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// kubeconfig is the part of a kubeconfig that clients read.
type kubeconfig struct {
	Clusters []struct {
		Cluster struct {
			Server string
			CA     string `yaml:"certificate-authority-data"`
		}
	}
	Users []struct {
		User struct {
			Cert string `yaml:"client-certificate-data"`
			Key  string `yaml:"client-key-data"`
		}
	}
}

func decode(t *testing.T, s string) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// dial makes a request as the holder of a kubeconfig does, to a server that shows cert and asks for
// certificates by ca. It returns who the server saw.
func dial(t *testing.T, ca *authority, cert pair, raw []byte, at string) (*x509.Certificate, error) {
	t.Helper()
	serving, err := tls.X509KeyPair(cert.cert, cert.key)
	if err != nil {
		t.Fatal(err)
	}
	clients := x509.NewCertPool()
	clients.AddCert(ca.cert)
	var seen *x509.Certificate
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen = r.TLS.PeerCertificates[0]
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // most of these handshakes are to fail
	server.TLS = &tls.Config{
		Certificates: []tls.Certificate{serving}, ClientCAs: clients, ClientAuth: tls.RequireAndVerifyClientCert,
	}
	server.StartTLS()
	defer server.Close()

	var c kubeconfig
	if err := yaml.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	own, err := tls.X509KeyPair(decode(t, c.Users[0].User.Cert), decode(t, c.Users[0].User.Key))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(decode(t, c.Clusters[0].Cluster.CA)) {
		t.Fatal("no CA in the kubeconfig")
	}
	transport := &http.Transport{TLSClientConfig: &tls.Config{
		Certificates: []tls.Certificate{own}, RootCAs: roots, ServerName: at,
	}}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Get(server.URL)
	if err != nil {
		return nil, err
	}
	return seen, response.Body.Close()
}

func TestAKubeconfigOpensTheServerOfItsOwnClusterOnly(t *testing.T) {
	ours, err := newAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := newAuthority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	user, err := ours.client("system:node:node1", "system:nodes")
	if err != nil {
		t.Fatal(err)
	}
	config := ours.kubeconfig("https://10.0.0.1:6443", user)
	serving, err := ours.server("api", []string{"kubernetes.default"}, net.ParseIP("10.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := theirs.server("api", []string{"kubernetes.default"}, net.ParseIP("10.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}

	for _, at := range []string{"10.0.0.1", "kubernetes.default"} {
		seen, err := dial(t, ours, serving, config, at)
		if err != nil {
			t.Fatalf("at %q: %v", at, err)
		}
		if seen.Subject.CommonName != "system:node:node1" || !slices.Equal(seen.Subject.Organization, []string{"system:nodes"}) {
			t.Errorf("the server saw %v", seen.Subject)
		}
	}
	if _, err := dial(t, ours, serving, config, "10.0.0.2"); err == nil {
		t.Error("a server was believed under an address that its certificate does not have")
	}
	if _, err := dial(t, ours, foreign, config, "10.0.0.1"); err == nil {
		t.Error("the server of another cluster was believed")
	}
	if _, err := dial(t, theirs, serving, config, "10.0.0.1"); err == nil {
		t.Error("a server let in a client of another cluster")
	}
}

func TestTokensAreSignedByAKeyWhosePublicHalfIsWrittenBesideIt(t *testing.T) {
	key, public, err := newSigner()
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.ParsePKCS8PrivateKey(der(t, key, "PRIVATE KEY"))
	if err != nil {
		t.Fatal(err)
	}
	half, err := x509.ParsePKIXPublicKey(der(t, public, "PUBLIC KEY"))
	if err != nil {
		t.Fatal(err)
	}
	if !private.(interface{ Public() crypto.PublicKey }).Public().(*ecdsa.PublicKey).Equal(half) {
		t.Error("the halves do not belong together")
	}
}

func der(t *testing.T, raw []byte, kind string) []byte {
	t.Helper()
	block, _ := pem.Decode(raw)
	if block == nil || block.Type != kind {
		t.Fatalf("no %s in %q", kind, raw)
	}
	return block.Bytes
}
