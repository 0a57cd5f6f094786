module callbyname/test/endure

go 1.26.0

replace callbyname => ../../

require (
	callbyname v0.0.0-00010101000000-000000000000
	github.com/miekg/dns v1.1.73
	golang.org/x/sys v0.48.0
)

require (
	go.uber.org/multierr v1.10.0 // indirect
	go.uber.org/zap v1.28.0 // indirect
	golang.org/x/net v0.59.0 // indirect
)
