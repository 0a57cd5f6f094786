package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the API server itself says of every kustomization: no field that it does not know, no warning, and nothing that Pod
// Security objects to in a namespace as restricted as ours.
func TestTheAPIServerHasNothingToSayOfTheManifests(t *testing.T) {
	t.Parallel()
	s := emptySpace(t)
	s.applyFile("configs/namespace.yml")
	overlays, err := os.ReadDir(filepath.Join(manifests, "overlays"))
	if err != nil || len(overlays) < 5 {
		t.Fatalf("%v, %v", overlays, err)
	}
	folders := []string{"configs"}
	for _, o := range overlays {
		folders = append(folders, "overlays/"+o.Name())
	}
	for _, folder := range folders {
		rendered := kustomize(t, folder, s.name)
		for _, side := range []string{"--server-side", "--server-side=false"} {
			out, err := s.tryKubectl(rendered, "apply", side, "--dry-run=server", "--validate=strict", "--warnings-as-errors", "-f", "-")
			if want := len(objects(t, rendered)); err != nil || strings.Count(out, "(server dry run)") != want {
				t.Errorf("%s, of %d objects: %v\n%s", folder, want, err, out)
			}
		}
	}
	bad := "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: a}]}\n"
	if _, err := s.tryKubectl(bad, "apply", "--dry-run=server", "-f", "-"); err == nil {
		t.Error("the namespace takes a pod that Pod Security restricted refuses, so this test proves nothing")
	}
}
