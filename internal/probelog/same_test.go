package probelog_test

import (
	"fmt"
	"net/url"
	"reflect"
	"time"
)

// difference says where two values differ, "" when they are the same. It is reflect.DeepEqual, but an empty slice or
// map is the same as none, a time is when it is, and a URL is how it is written.
func difference(path string, a, b reflect.Value) string {
	switch x := a.Interface().(type) {
	case time.Time:
		if y := b.Interface().(time.Time); x != y {
			return fmt.Sprintf("%s: %v, %v", path, x, y)
		}
		return ""
	case *url.URL:
		if y := b.Interface().(*url.URL); x.String() != y.String() {
			return fmt.Sprintf("%s: %v, %v", path, x, y)
		}
		return ""
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			if a.IsNil() != b.IsNil() {
				return fmt.Sprintf("%s: %+v, %+v", path, a, b)
			}
			return ""
		}
		return difference(path, a.Elem(), b.Elem())
	case reflect.Struct:
		for i := range a.NumField() {
			if !a.Type().Field(i).IsExported() {
				if reflect.DeepEqual(a.Interface(), b.Interface()) {
					return ""
				}
				return fmt.Sprintf("%s: %+v, %+v", path, a, b)
			}
			if d := difference(path+"."+a.Type().Field(i).Name, a.Field(i), b.Field(i)); d != "" {
				return d
			}
		}
		return ""
	case reflect.Slice:
		if a.Len() != b.Len() {
			return fmt.Sprintf("%s: %+v, %+v", path, a, b)
		}
		for i := range a.Len() {
			if d := difference(fmt.Sprintf("%s[%d]", path, i), a.Index(i), b.Index(i)); d != "" {
				return d
			}
		}
		return ""
	case reflect.Map:
		if a.Len() != b.Len() {
			return fmt.Sprintf("%s: %+v, %+v", path, a, b)
		}
		for _, k := range a.MapKeys() {
			if !b.MapIndex(k).IsValid() {
				return fmt.Sprintf("%s[%v]: only on one side", path, k)
			}
			if d := difference(fmt.Sprintf("%s[%v]", path, k), a.MapIndex(k), b.MapIndex(k)); d != "" {
				return d
			}
		}
		return ""
	}
	if a.Interface() != b.Interface() {
		return fmt.Sprintf("%s: %+v, %+v", path, a, b)
	}
	return ""
}

// diff is where got is not as wanted.
func diff[T any](got, want T) string {
	return difference("", reflect.ValueOf(&got), reflect.ValueOf(&want))
}
