package probelog_test

import (
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
	"callbyname/internal/probelog"
	"callbyname/internal/resolve"
)

// filler sets every field of a value, however deep, to one that is not zero and unlike its neighbours', so that a
// field that is forgotten or mistaken for another on the way through a log is noticed.
type filler struct {
	// n counts what was filled; the one with the number other gets another value than it would have.
	n, other int
	// flags has a bit for each of the first bools: whether it is true.
	flags uint
	bools int
}

// filled is a T that is full; with another other (from 1) one thing in it is different.
func filled[T any](flags uint, other int) (v T, things int) {
	f := filler{flags: flags, other: other}
	f.fill(reflect.ValueOf(&v).Elem())
	return v, f.n
}

// next is a number for the next thing.
func (f *filler) next() int {
	f.n++
	if f.n == f.other {
		return f.n + 1001
	}
	return f.n
}

func (f *filler) fill(v reflect.Value) {
	set := func(x any) { v.Set(reflect.ValueOf(x).Convert(v.Type())) }
	switch v.Interface().(type) {
	case time.Time:
		set(time.Date(2026, 3, 14, 9, 0, 0, f.next()*1000, time.UTC))
	case time.Duration:
		set(time.Duration(f.next()) * 1001 * time.Microsecond)
	case netip.Addr:
		n := f.next()
		set(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: byte(n >> 8), 15: byte(n)}))
	case netip.AddrPort:
		n := f.next()
		set(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 1, byte(n >> 8), byte(n)}), 80))
	case *url.URL:
		set(&url.URL{Scheme: "http", Host: fmt.Sprintf("host%d:80", f.next())})
	case probe.Outcome: // a probe alone never comes to the last one, wrong_pod
		set(probe.Outcomes[f.next()%(len(probe.Outcomes)-1)])
	case compare.Kind:
		set(compare.Kinds[f.next()%len(compare.Kinds)])
	case compare.Verdict:
		set(compare.Verdicts[f.next()%len(compare.Verdicts)])
	case probelog.Mode:
		set([]probelog.Mode{probelog.All, probelog.Changes}[f.next()%2])
	case resolve.Family:
		set([]resolve.Family{resolve.IPv4, resolve.IPv6, resolve.Any}[f.next()%3])
	case compare.Histogram:
		i := f.next()
		set(compare.Histogram{Counts: []compare.Count{compare.CountOf(i, uint64(f.next())), compare.CountOf(i+2, uint64(f.next()))}})
	default:
		f.fillKind(v)
	}
}

func (f *filler) fillKind(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		n := 2
		if f.n++; f.n == f.other {
			n = 1
		}
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		f.fill(key)
		f.fill(value)
		if pod, ok := value.Interface().(compare.PodState); ok {
			key.SetString(pod.Key)
		}
		v.SetMapIndex(key, value)
	case reflect.Bool:
		v.SetBool((f.flags>>(f.bools%16)&1 == 1) != (f.next() > 1000))
		f.bools++
	case reflect.String:
		v.SetString(fmt.Sprintf("s%d", f.next()))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.next()))
	case reflect.Uint16, reflect.Uint64:
		v.SetUint(uint64(f.next()))
	default:
		panic(fmt.Sprintf("%v: teach the filler", v.Type()))
	}
}

// flagSets set each bool alone, and all.
func flagSets() []uint {
	sets := []uint{0, 1<<16 - 1}
	for i := range 16 {
		sets = append(sets, 1<<i)
	}
	return slices.Clip(sets)
}
