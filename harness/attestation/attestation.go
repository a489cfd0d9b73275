// Package attestation keeps what people have stated about a release and no machine
// can find out: who said what, when, and for which release in which environment.
//
// It must never let a statement count for another release or another environment,
// or after it has expired.
package attestation

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/gofrs/flock"

	"github.com/barq-platform/barqgate/harness/document"
)

// Attestation is one statement of one person.
type Attestation struct {
	ID          string    `yaml:"id" json:"id"`
	Who         string    `yaml:"who" json:"who"`
	When        time.Time `yaml:"when" json:"when"`
	Release     string    `yaml:"release" json:"release"`
	Environment string    `yaml:"environment" json:"environment"`
	Statement   string    `yaml:"statement" json:"statement"`           // the sentence that was agreed to
	Note        string    `yaml:"note,omitempty" json:"note,omitempty"` // what they added in their own words
}

// Errors that callers tell apart with errors.Is.
var (
	// ErrMissing means that nobody has stated it for this release.
	ErrMissing = errors.New("nobody has stated it for this release")
	// ErrExpired means that it was stated too long ago.
	ErrExpired = errors.New("the statement has expired")
	// ErrOther means that something else was stated under the same id.
	ErrOther = errors.New("another sentence was stated")
)

// lockPatience is how long Add waits for another process that writes the file.
const lockPatience = 10 * time.Second

// validate refuses a statement that leaves something open.
func (a Attestation) validate() error {
	var missing []string
	for name, value := range map[string]string{"id": a.ID, "who": a.Who, "release": a.Release, "environment": a.Environment, "statement": a.Statement} {
		if strings.TrimSpace(value) == "" {
			missing = append(missing, name)
		}
	}
	if a.When.IsZero() {
		missing = append(missing, "when")
	}
	if len(missing) > 0 {
		return fmt.Errorf("an attestation lacks %s", strings.Join(missing, ", "))
	}
	return nil
}

// Load reads a file of attestations; one that does not exist holds none.
func Load(path string) ([]Attestation, error) {
	source, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the attestations: %w", err)
	}
	var all []Attestation
	if err := document.Decode(path, source, &all); err != nil {
		return nil, fmt.Errorf("read the attestations: %w", err)
	}
	for i, a := range all {
		if err := a.validate(); err != nil {
			return nil, fmt.Errorf("read the attestations: %s: entry %d: %w", path, i+1, err)
		}
	}
	return all, nil
}

// Add appends statements to the file, which is complete at any time.
func Add(ctx context.Context, path string, added ...Attestation) (err error) {
	for _, a := range added {
		if err := a.validate(); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write the attestations: %w", err)
	}
	lock := flock.New(path + ".lock")
	waiting, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	if _, err := lock.TryLockContext(waiting, 50*time.Millisecond); err != nil {
		return fmt.Errorf("write the attestations: lock %s: %w", path, err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	all, err := Load(path)
	if err != nil {
		return err
	}
	text, err := yaml.Marshal(append(all, added...))
	if err != nil {
		return fmt.Errorf("write the attestations: %w", err)
	}
	partial := path + ".partial"
	if err := os.WriteFile(partial, text, 0o644); err != nil {
		return fmt.Errorf("write the attestations: %w", err)
	}
	if err := os.Rename(partial, path); err != nil {
		return fmt.Errorf("write the attestations: %w", err)
	}
	return nil
}

// For returns, of each id, the latest statement about the release in the
// environment.
func For(all []Attestation, environment, release string) []Attestation {
	latest := map[string]Attestation{}
	var ids []string
	for _, a := range all {
		if a.Environment != environment || a.Release != release {
			continue
		}
		before, known := latest[a.ID]
		if !known {
			ids = append(ids, a.ID)
		}
		if !known || a.When.After(before.When) {
			latest[a.ID] = a
		}
	}
	found := make([]Attestation, 0, len(ids))
	for _, id := range ids {
		found = append(found, latest[id])
	}
	return found
}

// Check finds the statement with the id among those about one release, and says
// whether it holds: the sentence is the one asked for, and it is not older than age.
func Check(about []Attestation, id, statement string, age time.Duration, now time.Time) (Attestation, error) {
	for _, a := range about {
		switch {
		case a.ID != id:
			continue
		case a.Statement != statement:
			return a, fmt.Errorf("%s: %w: %s said %q; expected %q", id, ErrOther, a.Who, a.Statement, statement)
		case now.Sub(a.When) > age:
			return a, fmt.Errorf("%s: %w: %s said it at %s, which is longer ago than %s", id, ErrExpired, a.Who, a.When.UTC().Format(time.RFC3339), age)
		case a.When.After(now):
			return a, fmt.Errorf("%s: %w: it is dated %s, which has not come yet", id, ErrExpired, a.When.UTC().Format(time.RFC3339))
		}
		return a, nil
	}
	return Attestation{}, fmt.Errorf("%s: %w: %q", id, ErrMissing, statement)
}
