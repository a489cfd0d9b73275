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

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
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
	env, err := decode(short, source, func(p Provider) (map[string]string, error) { return provide(ctx, root, name, p) })
	if err != nil {
		return nil, err
	}
	if env.Name != name {
		return nil, fmt.Errorf("%s: name is %q; expected %q, the file's name", short, env.Name, name)
	}
	return env, nil
}

// decode turns one file into a validated Environment. Values of the provider
// come before those of the process's own environment variables.
func decode(file string, source []byte, provide func(Provider) (map[string]string, error)) (*Environment, error) {
	tree, err := parser.ParseBytes(source, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, false))
	}
	if len(tree.Docs) != 1 || tree.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s: found %d YAML documents with content; expected one", file, len(tree.Docs))
	}
	body := tree.Docs[0].Body
	var head struct {
		Provider Provider `yaml:"provider"`
	}
	if err := yaml.NodeToValue(body, &head); err != nil {
		return nil, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, false))
	}
	values := map[string]string{}
	if len(head.Provider.Command) > 0 {
		if values, err = provide(head.Provider); err != nil {
			return nil, err
		}
	}
	r := resolver{values: values}
	ast.Walk(&r, body)
	if len(r.problems) > 0 {
		return nil, fmt.Errorf("%s: %s", file, strings.Join(r.problems, "; "))
	}
	env := &Environment{provided: func() map[string]string { return values }}
	if err := yaml.NodeToValue(body, env, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %s", file, yaml.FormatError(err, false, false))
	}
	if err := env.override(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if err := env.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return env, nil
}

// reference matches ${NAME}.
var reference = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// resolver replaces references in every string of the document. It reports names
// only, never values.
type resolver struct {
	values   map[string]string
	problems []string
}

func (r *resolver) Visit(node ast.Node) ast.Visitor {
	text, ok := node.(*ast.StringNode)
	if !ok {
		return r
	}
	text.Value = reference.ReplaceAllStringFunc(text.Value, func(match string) string {
		name := match[2 : len(match)-1]
		if value, ok := r.values[name]; ok {
			return value
		}
		if value, ok := os.LookupEnv(name); ok && value != "" {
			return value
		}
		position := text.GetToken().Position
		r.problems = append(r.problems, fmt.Sprintf("line %d: %s needs the environment variable %s, which is not set", position.Line, strings.TrimPrefix(text.GetPath(), "$."), name))
		return ""
	})
	return r
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
