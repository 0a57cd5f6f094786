package probelog

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/compare"
	"callbyname/internal/probe"
)

// fieldNames collects the names that the fields of t have in a log, however deep.
func fieldNames(t reflect.Type, names map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Array:
		fieldNames(t.Elem(), names)
	case reflect.Struct:
		if t == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range t.NumField() {
			if name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); name != "" {
				names[name] = true
			}
			fieldNames(t.Field(i).Type, names)
		}
	}
}

func schemaNames() map[string]bool {
	names := map[string]bool{}
	for _, record := range []any{startRecord{}, roundRecord{}, eventRecord{}, stateRecord{}, stopRecord{}} {
		fieldNames(reflect.TypeOf(record), names)
	}
	return names
}

func TestEveryFieldIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/log.md")
	if err != nil {
		t.Fatal(err)
	}
	names := schemaNames()
	if len(names) < 100 {
		t.Fatalf("only %d names found", len(names))
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !strings.Contains(string(doc), "`"+name+"`") {
			t.Errorf("docs/log.md does not tell of %q", name)
		}
	}
}

func TestTheExamplesUseFieldsThatThereAre(t *testing.T) {
	doc, err := os.ReadFile("../../docs/log.md")
	if err != nil {
		t.Fatal(err)
	}
	names := schemaNames()
	examples := regexp.MustCompile("(?m)^jq .*$").FindAllString(string(doc), -1)
	if len(examples) < 5 {
		t.Fatalf("%d examples", len(examples))
	}
	for _, example := range examples {
		for _, field := range regexp.MustCompile(`\.([a-z_]+)`).FindAllStringSubmatch(example, -1) {
			if !names[field[1]] {
				t.Errorf("%s: no field %q", example, field[1])
			}
		}
	}
}

func TestWhatAFieldMayHoldIsDocumented(t *testing.T) {
	doc, err := os.ReadFile("../../docs/log.md")
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, k := range compare.Kinds {
		words = append(words, string(k))
	}
	for _, o := range probe.Outcomes {
		words = append(words, string(o))
	}
	for _, v := range compare.Verdicts {
		words = append(words, string(v))
	}
	for _, word := range words {
		if !strings.Contains(string(doc), "`"+word+"`") {
			t.Errorf("docs/log.md does not tell of %q", word)
		}
	}
}

func TestFieldNamesAreSnakeCase(t *testing.T) {
	for name := range schemaNames() {
		if !regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`).MatchString(name) {
			t.Errorf("%q is not snake_case", name)
		}
	}
}
