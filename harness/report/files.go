package report

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	htmltemplate "html/template"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
)

// Names of the report's files in the run's folder.
const (
	htmlFile     = "report.html"
	markdownFile = "report.md"
	junitFile    = "junit.xml"
	jsonFile     = "report.json"
)

//go:embed report.html.tmpl report.md.tmpl
var templates embed.FS

var functions = map[string]any{
	"short": short,
	"plain": plain,
	"time":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"cell":  func(text string) string { return markdownCell.Replace(plain(text)) },
	"class": func(state string) string { return strings.ReplaceAll(state, " ", "-") },
}

// markdownCell keeps text from ending a table's cell or becoming markup.
var markdownCell = strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "`", "'")

// Files are the paths of the written report.
type Files struct{ HTML, Markdown, JUnit, JSON string }

// FileNames lists the names of the report's files.
func FileNames() []string { return []string{htmlFile, markdownFile, junitFile, jsonFile} }

// Writers maps the report's files to what writes them.
func (r *Report) Writers() map[string]func(io.Writer) error {
	return map[string]func(io.Writer) error{htmlFile: r.HTML, markdownFile: r.Markdown, junitFile: r.JUnit, jsonFile: r.JSON}
}

// Write stores report.html, report.md, junit.xml and report.json in the run's
// folder. Each file is complete or not there.
func (r *Report) Write() (Files, error) {
	at := func(name string) string { return filepath.Join(r.Dir, name) }
	files := Files{HTML: at(htmlFile), Markdown: at(markdownFile), JUnit: at(junitFile), JSON: at(jsonFile)}
	err := errors.Join(
		store(files.HTML, r.HTML), store(files.Markdown, r.Markdown),
		store(files.JUnit, r.JUnit), store(files.JSON, r.JSON),
	)
	return files, err
}

// store writes to a file beside the path and renames it.
func store(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write the report %s: %w", path, err)
	}
	return os.Rename(file.Name(), path)
}

// Markdown writes the report for pull requests and step summaries.
func (r *Report) Markdown(w io.Writer) error {
	t, err := template.New("report.md.tmpl").Funcs(functions).ParseFS(templates, "report.md.tmpl")
	if err != nil {
		return fmt.Errorf("make the Markdown report: %w", err)
	}
	return render(w, func(b *bytes.Buffer) error { return t.Execute(b, r) })
}

// HTML writes the report as one self-contained file. Its links to evidence are
// relative to the run's folder.
func (r *Report) HTML(w io.Writer) error {
	t, err := htmltemplate.New("report.html.tmpl").Funcs(functions).ParseFS(templates, "report.html.tmpl")
	if err != nil {
		return fmt.Errorf("make the HTML report: %w", err)
	}
	return render(w, func(b *bytes.Buffer) error { return t.Execute(b, r) })
}

// render keeps half a report from being written when a template fails.
func render(w io.Writer, execute func(*bytes.Buffer) error) error {
	var b bytes.Buffer
	if err := execute(&b); err != nil {
		return fmt.Errorf("make the report: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	return nil
}

// JSON writes the report for programs; barqgate's --output=json.
func (r *Report) JSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(r); err != nil {
		return fmt.Errorf("write the JSON report: %w", err)
	}
	return nil
}
