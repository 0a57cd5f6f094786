package report

import (
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"callbyname/internal/history"
)

// fieldNames collects the names that the fields of t have in JSON, however deep.
func fieldNames(t reflect.Type, names map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
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

func documented(t *testing.T) (doc string, names map[string]bool) {
	t.Helper()
	text, err := os.ReadFile("../../docs/report.md")
	if err != nil {
		t.Fatal(err)
	}
	names = map[string]bool{}
	fieldNames(reflect.TypeFor[Document](), names)
	if len(names) < 70 {
		t.Fatalf("only %d names found", len(names))
	}
	return string(text), names
}

func TestEveryFieldIsDocumented(t *testing.T) {
	doc, names := documented(t)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !strings.Contains(doc, "`"+name+"`") {
			t.Errorf("docs/report.md does not tell of %q", name)
		}
		if !regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`).MatchString(name) {
			t.Errorf("%q is not snake_case", name)
		}
	}
}

func TestWhatAFieldMayHoldIsDocumented(t *testing.T) {
	doc, _ := documented(t)
	var words []string
	for _, p := range Phases {
		words = append(words, string(p))
	}
	for _, k := range []history.StepKind{history.OldLast, history.NewFirst, history.Failed, history.Back, history.NameGone, history.NameNew} {
		words = append(words, string(k))
	}
	words = append(words, strings.Split(Conditions, ", ")...)
	for _, w := range words {
		if !strings.Contains(doc, "`"+w+"`") {
			t.Errorf("docs/report.md does not tell of %q", w)
		}
	}
}

func TestTheExamplesUseFieldsThatThereAre(t *testing.T) {
	doc, names := documented(t)
	examples := regexp.MustCompile("(?m)^jq .*$").FindAllString(doc, -1)
	if len(examples) < 2 {
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
