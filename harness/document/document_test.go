package document_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/harness/document"
)

type page struct {
	Name  string   `yaml:"name"`
	Tags  []string `yaml:"tags"`
	Limit struct {
		Count int           `yaml:"count"`
		Share float64       `yaml:"share"`
		Open  bool          `yaml:"open"`
		Wait  time.Duration `yaml:"wait"`
	} `yaml:"limit"`
}

func TestDecode(t *testing.T) {
	var p page
	require.NoError(t, document.Decode("p.yaml", []byte("name: x\ntags: [a]\nlimit: {count: 1, share: 0.5, open: true, wait: 5s}"), &p))
	require.Equal(t, 5*time.Second, p.Limit.Wait)
	require.Equal(t, []string{"a"}, p.Tags)
}

func TestProblemsAreLocated(t *testing.T) {
	for name, c := range map[string]struct{ source, want string }{
		"unknown key":             {"name: x\ncolour: red", `p.yaml:2: colour: unknown field "colour"`},
		"unknown key in section":  {"name: x\nlimit:\n  cuont: 1", `p.yaml:3: limit.cuont: unknown field "cuont"`},
		"key twice":               {"name: x\nname: y", `p.yaml:2: mapping key "name" already defined`},
		"no YAML":                 {"name: x\n\t- y", "p.yaml:2: "},
		"text for a whole number": {"limit:\n  count: four", "p.yaml:2: limit.count: expected a whole number"},
		"text for a number":       {"limit:\n  share: half", "p.yaml:2: limit.share: expected a number"},
		"text for a choice":       {"limit:\n  open: perhaps", "p.yaml:2: limit.open: expected true or false"},
		"text for a duration":     {"name: x\nlimit:\n  wait: soon", "p.yaml:3: limit.wait: expected a duration such as 500ms"},
		"number for a duration":   {"limit:\n  wait: 5", "p.yaml:2: limit.wait: expected a duration such as 500ms"},
		"list for a text":         {"tags: []\nname: [hunter2]", "p.yaml:2: name: expected a text"},
		"text for a list":         {"name: x\ntags: a", "p.yaml:2: tags: "},
		"text for a section":      {"limit: none", "p.yaml:1: limit: "},
		"nothing":                 {"# only words\n", "p.yaml: is empty"},
		"two documents":           {"name: x\n---\nname: y", "p.yaml: holds 2 YAML documents"},
	} {
		t.Run(name, func(t *testing.T) {
			err := document.Decode("p.yaml", []byte(c.source), &page{})
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hunter2", "a value may be a secret")
		})
	}
}

func TestAt(t *testing.T) {
	d, err := document.Parse("p.yaml", []byte("name: x\nlimit:\n  count: 1\n  list:\n    - a\n    - b\n"))
	require.NoError(t, err)
	for key, want := range map[string]string{
		"name": "p.yaml:1", "limit.count": "p.yaml:3", "limit.list[1]": "p.yaml:6",
		"limit.wait": "p.yaml:3", "limit.list[7].deep": "p.yaml:5", "colour": "p.yaml",
	} {
		require.Equal(t, want, d.At(key), key)
	}
}
