// Package document reads the YAML files that people write: strictly, and with
// every problem told by file, line and key.
//
// It must never guess: a key that nobody reads and a value of another type are
// errors.
package document

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Document is one parsed YAML file.
type Document struct {
	file string
	body ast.Node
}

// Decode reads a file's source into the value, strictly. file is only said.
func Decode(file string, source []byte, into any) error {
	d, err := Parse(file, source)
	if err != nil {
		return err
	}
	return d.Decode(into)
}

// Parse reads a file's source. file is what errors call it.
func Parse(file string, source []byte) (*Document, error) {
	d := &Document{file: file}
	tree, err := parser.ParseBytes(source, 0)
	if err != nil {
		return nil, d.located(err)
	}
	switch {
	case len(tree.Docs) > 1:
		return nil, fmt.Errorf("%s: holds %d YAML documents; expected one", file, len(tree.Docs))
	case len(tree.Docs) == 0 || tree.Docs[0].Body == nil:
		return nil, fmt.Errorf("%s: is empty; expected a YAML document", file)
	}
	d.body = tree.Docs[0].Body
	return d, nil
}

// Decode stores the document in the value that into points to.
func (d *Document) Decode(into any) error {
	if err := errors.Join(d.durations("", reflect.TypeOf(into).Elem())...); err != nil {
		return err
	}
	if err := yaml.NodeToValue(d.body, into, yaml.Strict()); err != nil {
		return d.located(err)
	}
	return nil
}

// Peek stores one section of the document, strictly. A section that is missing
// leaves the value as it is.
func (d *Document) Peek(key string, into any) error {
	node := d.find(key)
	if node == nil {
		return nil
	}
	if err := yaml.NodeToValue(node, into, yaml.Strict()); err != nil {
		return d.located(err)
	}
	return nil
}

// At says where a key stands, as file:line. A key that is missing stands where
// its section begins.
func (d *Document) At(key string) string {
	for ; key != ""; key = section(key) {
		if node := d.find(key); node != nil {
			return d.position(keyToken(node))
		}
	}
	return d.file
}

// section returns the key of what holds the key: "a.b" for "a.b.c" and "a.b[0]".
func section(key string) string { return key[:max(0, strings.LastIndexAny(key, ".["))] }

// keyToken returns the first token of a node: of a section, that of its first key.
func keyToken(node ast.Node) *token.Token {
	if mapping, ok := node.(*ast.MappingNode); ok && len(mapping.Values) > 0 {
		return mapping.Values[0].Key.GetToken()
	}
	return node.GetToken()
}

func (d *Document) find(key string) ast.Node {
	path, err := yaml.PathString("$." + key)
	if err != nil {
		return nil
	}
	node, err := path.FilterNode(d.body)
	if err != nil {
		return nil
	}
	return node
}

func (d *Document) position(t *token.Token) string {
	return fmt.Sprintf("%s:%d", d.file, t.Position.Line)
}

// Rewrite replaces every text of the document, keys excepted.
func (d *Document) Rewrite(replace func(key, text string) string) {
	ast.Walk(visitor(func(node ast.Node) {
		if text, ok := node.(*ast.StringNode); ok {
			text.Value = replace(keyOf(text), text.Value)
		}
	}), d.body)
}

// visitor calls a function for every node.
type visitor func(ast.Node)

// Visit implements ast.Visitor.
func (v visitor) Visit(node ast.Node) ast.Visitor {
	v(node)
	return v
}

func keyOf(node ast.Node) string {
	return strings.TrimPrefix(strings.TrimPrefix(node.GetPath(), "$"), ".")
}

// located turns an error of the YAML library into one that starts with file, line
// and key. It never quotes the source, which may hold a secret.
func (d *Document) located(err error) error {
	var known yaml.Error
	if !errors.As(err, &known) || known.GetToken() == nil {
		return fmt.Errorf("%s: %w", d.file, err)
	}
	where := d.position(known.GetToken())
	if key := d.keyAt(known.GetToken()); key != "" {
		where += ": " + key
	}
	mismatch := (*yaml.TypeError)(nil)
	if errors.As(err, &mismatch) {
		return fmt.Errorf("%s: expected %s", where, wanted(mismatch.DstType))
	}
	return fmt.Errorf("%s: %s", where, known.GetMessage())
}

// keyAt finds the key whose value, or whose name, is the token.
func (d *Document) keyAt(t *token.Token) (key string) {
	if d.body == nil {
		return "" // it could not be parsed
	}
	ast.Walk(visitor(func(node ast.Node) {
		if entry, ok := node.(*ast.MappingValueNode); ok && (entry.Key.GetToken() == t || entry.Value.GetToken() == t) {
			key = keyOf(entry.Value)
		} else if key == "" && node.GetToken() == t {
			key = keyOf(node)
		}
	}), d.body)
	return key
}

// wanted says in a person's words what a value has to be.
func wanted(t reflect.Type) string {
	if t == reflect.TypeFor[time.Duration]() {
		return "a duration such as 500ms"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Uint64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a section with keys"
	default:
		return t.String()
	}
}

// durations reports every text that should be a duration and is none: the YAML
// library does not say where such a one stands.
func (d *Document) durations(section string, t reflect.Type) (problems []error) {
	if t.Kind() != reflect.Struct {
		return nil
	}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "" || name == "-" {
			continue
		}
		key := strings.TrimPrefix(section+"."+name, ".")
		if field.Type != reflect.TypeFor[time.Duration]() {
			problems = append(problems, d.durations(key, field.Type)...)
			continue
		}
		text, ok := d.find(key).(*ast.StringNode)
		if !ok {
			continue
		}
		if _, err := time.ParseDuration(text.Value); err != nil {
			problems = append(problems, fmt.Errorf("%s: %s: expected %s", d.At(key), key, wanted(field.Type)))
		}
	}
	return problems
}
