package monitoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// dashboard is as much of Grafana's schema as ours uses, https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/.
// A field that does not stand here is refused: a misspelt one would be ignored by Grafana. What a type of panel makes of its options
// is left to Grafana.
type dashboard struct {
	UID, Title, Description string
	Tags                    []string
	SchemaVersion           int
	Editable                bool
	Refresh                 string
	Time                    struct{ From, To string }
	Templating              struct{ List []variable }
	Annotations             struct{ List []annotation }
	Panels                  []panel
}

type variable struct {
	Name, Label, Type string
	Datasource        source
	Query             any
	Refresh, Sort     int
	Multi, IncludeAll bool
	AllValue          string
	Current           struct{ Text, Value string }
}

type annotation struct {
	Name        string
	Enable      bool
	IconColor   string
	Datasource  source
	Expr        string
	TitleFormat string
}

type panel struct {
	ID          int
	Type        string
	Title       string
	Description string
	GridPos     struct{ X, Y, W, H int }
	Datasource  source
	FieldConfig struct {
		Defaults struct {
			Unit     string
			Decimals *int
			Min, Max *float64
			Mappings []struct {
				Type    string
				Options map[string]struct{ Text, Color string }
			}
			Custom map[string]any
		}
		Overrides []any
	}
	Options map[string]any
	Targets []target
}

type target struct {
	RefID, Expr, LegendFormat, Format string
	Instant, Range                    bool
}

type source struct{ Type, UID string }

func load(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	dec := json.NewDecoder(bytes.NewReader(read(t, overlay+"/dashboard.json")))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheDashboardIsWhole(t *testing.T) {
	d := load(t)
	if d.UID == "" || d.Title == "" || d.SchemaVersion < 36 || len(d.Panels) < 10 {
		t.Errorf("got %q, %q, schema %d, %d panels", d.UID, d.Title, d.SchemaVersion, len(d.Panels))
	}
	where := source{"prometheus", "${datasource}"}
	types := []string{"state-timeline", "stat", "timeseries", "table"}
	seen := map[int]bool{}
	for i, p := range d.Panels {
		if seen[p.ID] || p.Title == "" || p.Description == "" || p.Datasource != where || !slices.Contains(types, p.Type) || len(p.Targets) == 0 {
			t.Errorf("panel %d: %+v", p.ID, p)
		}
		seen[p.ID] = true
		a := p.GridPos
		if a.X < 0 || a.W <= 0 || a.H <= 0 || a.X+a.W > 24 {
			t.Errorf("panel %q is at %+v", p.Title, a)
		}
		for _, q := range d.Panels[:i] {
			if b := q.GridPos; a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H {
				t.Errorf("panels %q and %q are in each other's place", p.Title, q.Title)
			}
		}
		for k, q := range p.Targets {
			if q.RefID != string(rune('A'+k)) || q.Instant == q.Range {
				t.Errorf("panel %q: query %+v", p.Title, q)
			}
		}
	}
	var names []string
	for _, v := range d.Templating.List {
		names = append(names, v.Name+" "+v.Type)
	}
	if !slices.Equal(names, []string{"datasource datasource", "target query"}) {
		t.Errorf("variables %q", names)
	}
}

// queries are all of the dashboard's, by panel and letter, with Grafana's variables filled in for a range of so many seconds.
func queries(t *testing.T, seconds int) map[string]string {
	t.Helper()
	filled := strings.NewReplacer("$__rate_interval", fmt.Sprint(seconds, "s"), "$__range", fmt.Sprint(seconds, "s"), "$target", ".*")
	all := map[string]string{}
	add := func(name, expr string) {
		all[name] = filled.Replace(expr)
		if strings.Contains(all[name], "$") {
			t.Errorf("%s has a variable that is not known: %s", name, all[name])
		}
	}
	d := load(t)
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			add(p.Title+" "+q.RefID, q.Expr)
		}
	}
	for _, a := range d.Annotations.List {
		add("annotation "+a.Name, a.Expr)
	}
	return all
}
