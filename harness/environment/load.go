package environment

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"github.com/barq-platform/barqgate/harness/document"
)

// ErrUnknown is wrapped by the error for an environment that has no file.
var ErrUnknown = errors.New("unknown environment")

// Root returns the module's root: the nearest folder at or above the working
// folder that holds go.mod and testdata/envs.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the module's root: %w", err)
	}
	for start := dir; ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, "go.mod")) && exists(filepath.Join(dir, "testdata", "envs")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("find the module's root: no folder at or above %s holds go.mod and testdata/envs; run barqgate inside its checkout", start)
		}
	}
}

// Names lists the environments that have a file, sorted.
func Names(root string) []string {
	files, err := filepath.Glob(filepath.Join(root, "testdata", "envs", "*.yaml"))
	if err != nil {
		return nil // the pattern is constant; Glob fails on nothing else
	}
	names := make([]string, 0, len(files))
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".yaml"))
	}
	sort.Strings(names)
	return names
}

// Load reads testdata/envs/<name>.yaml below root, starts its provider if it has
// one, resolves ${VARIABLE} references, decodes strictly and validates.
func Load(ctx context.Context, root, name string) (*Environment, error) {
	path := filepath.Join(root, "testdata", "envs", name+".yaml")
	source, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) || name != filepath.Base(name) {
		return nil, fmt.Errorf("%w %q: expected one of %s", ErrUnknown, name, strings.Join(Names(root), ", "))
	}
	if err != nil {
		return nil, fmt.Errorf("read environment %s: %w", name, err)
	}
	short := filepath.Join("testdata", "envs", name+".yaml")
	return decode(short, name, source, func(p Provider) (map[string]string, error) { return provide(ctx, root, name, p) })
}

// decode turns one file into a validated Environment. Values of the provider
// come before those of the process's own environment variables. The provider,
// which may take minutes, is not started for a file that is wrong.
func decode(file, name string, source []byte, provide func(Provider) (map[string]string, error)) (*Environment, error) {
	doc, err := document.Parse(file, source)
	if err != nil {
		return nil, err
	}
	draft := &Environment{} // its references are not resolved yet
	if err := doc.Decode(draft); err != nil {
		return nil, err
	}
	if draft.Name != name {
		return nil, fmt.Errorf("%s: name is %q; expected %q, the file's name", doc.At("name"), draft.Name, name)
	}
	values := map[string]string{}
	if len(draft.Provider.Command) > 0 {
		if values, err = provide(draft.Provider); err != nil {
			return nil, err
		}
	}
	if err := resolve(doc, values); err != nil {
		return nil, err
	}
	env := &Environment{provided: func() map[string]string { return values }}
	if err := doc.Decode(env); err != nil {
		return nil, err
	}
	if err := env.override(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := env.validate(doc.At); err != nil {
		return nil, err
	}
	if env.Database.Reach == PortForward {
		env.Database.Cluster = env.Kubernetes
	}
	return env, nil
}

// reference matches ${NAME}, and what looks like a failed attempt at one.
var reference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\{`)

// resolve replaces the references in every text of the document. It reports names
// only, never values.
func resolve(doc *document.Document, values map[string]string) error {
	var problems []error
	doc.Rewrite(func(key, text string) string {
		return reference.ReplaceAllStringFunc(text, func(match string) string {
			name := strings.Trim(match, "${}")
			if name == "" {
				problems = append(problems, fmt.Errorf("%s: %s has a ${ that begins no reference; expected ${VARIABLE}", doc.At(key), key))
				return ""
			}
			if value, ok := values[name]; ok {
				return value
			}
			if value := os.Getenv(name); value != "" {
				return value
			}
			problems = append(problems, fmt.Errorf("%s: %s needs the environment variable %s, which is not set", doc.At(key), key, name))
			return ""
		})
	})
	return errors.Join(problems...)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
