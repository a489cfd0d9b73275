// Package harness_test holds the tests of the architecture itself: which layer
// may import which, and why. The packages under harness/ have their own tests.
package harness_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/barq-platform/barqgate"

// ban forbids packages below From to depend on packages below To, directly or
// through others; Direct limits it to import statements.
type ban struct {
	From, To string
	Except   []string
	Direct   bool
	Why      string
}

var bans = []ban{
	{From: "harness/verdict", To: "harness", Why: "the verdict is what everything else is built on"},
	{From: "harness/redact", To: "harness", Why: "everything that stores or prints can use it"},
	{From: "harness", To: "phases", Why: "the harness executes any plan; what BARQ is belongs in phases"},
	{From: "harness", To: "suites", Why: "suites are processes of their own, run by name"},
	{From: "harness", To: "fixtures", Why: "the harness must stay ignorant of the systems it is used on"},
	{From: "harness", To: "cmd", Why: "commands are the top layer"},
	{From: "harness/environment", To: "harness/suite", Why: "a description of a place knows nothing of checks"},
	{From: "harness/plan", To: "harness/run", Why: "a plan is complete before anything runs"},
	{From: "harness/suite", To: "harness/run", Why: "a check observes, it does not deploy"},
	{From: "fixtures", To: "phases", Why: "a client of a system does not know when it is used"},
	{From: "fixtures", To: "suites", Why: "a client of a system does not judge it"},
	{From: "fixtures", To: "cmd", Why: "commands are the top layer"},
	{From: "fixtures", To: "harness/run", Why: "fixtures are used by steps, not the other way round"},
	{From: "suites", To: "phases", Why: "a check observes, it does not deploy"},
	{From: "suites", To: "harness/run", Why: "a check observes, it does not deploy"},
	{From: "suites", To: "harness/report", Why: "reports are made from the journal alone"},
	{From: "suites", To: "fixtures/lab", Why: "the same suite runs against production"},
	{From: "phases", To: "fixtures/lab", Why: "the same steps run against production"},
	{From: "phases", To: "suites", Why: "gates name suites; they run as processes"},
	{From: "phases", To: "cmd", Why: "commands are the top layer"},
}

// library forbids everybody but the owners to import a package of others.
type library struct {
	Path   string
	Owners []string
	Why    string
}

var libraries = []library{
	{"flag", []string{"cmd", "harness/suite"}, "options are read at the edge and passed on as values"},
	{"testing", []string{"harness/suite", "suites", "harness/environment/environmenttest", "fixtures/lab/node/internal/testcert"}, "production code that imports testing registers its flags"},
	{module + "/harness/environment/environmenttest", nil, "it is for tests"},
	{module + "/fixtures/lab/node/internal/testcert", nil, "it is for tests"},
	{"github.com/tsenart/vegeta/v12/lib", []string{"harness/load"}, "one place keeps latency counted from the schedule"},
	{"github.com/microsoft/go-mssqldb", []string{"fixtures"}, "SQL Server is reached through fixtures/mssql"},
	{"github.com/aws/aws-sdk-go-v2/service/s3", []string{"fixtures/frontend", "fixtures/lab"}, "the frontend's buckets are reached through fixtures/frontend"},
	{"github.com/aws/aws-sdk-go-v2/service/cloudfront", []string{"fixtures/frontend"}, "the CDN is reached through fixtures/frontend"},
	{"github.com/chromedp/chromedp", []string{"fixtures/frontend/browser"}, "one place knows how a browser is driven"},
	{"modernc.org/sqlite", []string{"fixtures/lab/sqlserver"}, "only the embedded engine stores in SQLite"},
	{"k8s.io/client-go/kubernetes", []string{"fixtures/kube", "fixtures/lab"}, "Kubernetes is reached through fixtures/kube"},
	{"sigs.k8s.io/kind/pkg/cluster", []string{"fixtures/kube/kind"}, "clusters are made, named and removed in one place"},
	{"github.com/openai/openai-go/v3", []string{"fixtures/ai"}, "keys are handled, and hidden, in one place"},
	{"log", nil, "log/slog, or a logger that is handed in"},
	{"github.com/spf13/cobra", []string{"cmd"}, "commands are the top layer"},
}

type listed struct {
	ImportPath string
	Dir        string
	GoFiles    []string
	Imports    []string
	Deps       []string

	TestImports, XTestImports []string
}

// packages lists every package of the module as `go list` sees it.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,GoFiles,Imports,Deps,TestImports,XTestImports", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	require.NoError(t, err, "go list")
	var all []listed
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		all = append(all, p)
	}
	require.Greater(t, len(all), 5, "go list found hardly any package; the test would prove nothing")
	return withSuitesAsProduction(all)
}

// withSuitesAsProduction counts what the suites' test files import as the suites'
// own imports: a suite consists of test files. Other packages' tests may reach
// for anything they like.
func withSuitesAsProduction(all []listed) []listed {
	deps := map[string][]string{}
	for _, p := range all {
		deps[p.ImportPath] = p.Deps
	}
	for i, p := range all {
		if !below(p.ImportPath, "suites") {
			continue
		}
		for _, direct := range slices.Concat(p.TestImports, p.XTestImports) {
			all[i].Imports = append(all[i].Imports, direct)
			all[i].Deps = append(append(all[i].Deps, direct), deps[direct]...)
		}
	}
	return all
}

// below reports whether the import path lies in or under the folder.
func below(path, folder string) bool {
	full := module + "/" + folder
	return path == full || strings.HasPrefix(path, full+"/")
}

func belowAny(path string, folders []string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return below(path, folder) })
}

func TestImportsPointDownwards(t *testing.T) {
	all := packages(t)
	for _, b := range bans {
		for _, p := range all {
			if !below(p.ImportPath, b.From) {
				continue
			}
			imports := p.Deps
			if b.Direct {
				imports = p.Imports
			}
			for _, dep := range imports {
				if below(dep, b.To) && !below(dep, b.From) && !belowAny(dep, b.Except) {
					t.Errorf("%s depends on %s: %s", p.ImportPath, dep, b.Why)
				}
			}
		}
	}
}

func TestLibrariesHaveOwners(t *testing.T) {
	for _, p := range packages(t) {
		for _, l := range libraries {
			if slices.Contains(p.Imports, l.Path) && !belowAny(p.ImportPath, l.Owners) {
				t.Errorf("%s imports %s, which only %v may: %s", p.ImportPath, l.Path, l.Owners, l.Why)
			}
		}
	}
}

// TestNothingHappensBehindTheReader forbids init functions anywhere, and process
// exits outside of the edge.
func TestNothingHappensBehindTheReader(t *testing.T) {
	seen := 0
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			seen++
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, 0)
			require.NoError(t, err)
			for _, found := range hidden(file) {
				if found == "init" || !belowAny(p.ImportPath, []string{"cmd", "harness/suite"}) {
					t.Errorf("%s/%s calls or declares %s", p.ImportPath, name, found)
				}
			}
		}
	}
	require.Positive(t, seen)
}

func hidden(file *ast.File) []string {
	var found []string
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				found = append(found, "init")
			}
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && x.Name == "os" && n.Sel.Name == "Exit" {
				found = append(found, "os.Exit")
			}
		}
		return true
	})
	return found
}

// TestEveryPackageSaysWhatItIsFor requires a package comment, and files short
// enough to be read.
func TestEveryPackageSaysWhatItIsFor(t *testing.T) {
	for _, p := range packages(t) {
		documented := false
		for _, name := range p.GoFiles {
			file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.ParseComments|parser.PackageClauseOnly)
			require.NoError(t, err)
			documented = documented || file.Doc != nil
		}
		if !documented && len(p.GoFiles) > 0 {
			t.Errorf("%s has no package comment: say what it is for and what it must never do", p.ImportPath)
		}
	}
}

// TestNoMachinePathsInTheTree keeps the tree free of one machine's folders.
func TestNoMachinePathsInTheTree(t *testing.T) {
	banned := []string{"/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"}
	checked := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if slices.Contains([]string{".git", ".barqgate", "node_modules"}, entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		}
		if !slices.Contains([]string{".go", ".md", ".yaml", ".yml", ".sh", ".mod"}, filepath.Ext(path)) {
			return nil
		}
		checked++
		text := read(t, path)
		for _, word := range banned {
			if strings.Contains(text, word) {
				t.Errorf("%s contains %q", path, word)
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Positive(t, checked)
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(data)
}
