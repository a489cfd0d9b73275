package environment

import (
	"encoding/json"
	"fmt"
	"log/slog"
)

// redacted stands wherever a secret would be printed.
const redacted = "[redacted]"

// Secret is a value that must never be printed or stored. Every standard way of
// formatting or encoding it yields a placeholder; only Reveal returns it.
type Secret struct{ value string }

// NewSecret wraps a value.
func NewSecret(value string) Secret { return Secret{value: value} }

// Reveal returns the value, for handing to a client library and nothing else.
func (s Secret) Reveal() string { return s.value }

// IsSet reports whether there is a value.
func (s Secret) IsSet() bool { return s.value != "" }

// String returns a placeholder.
func (s Secret) String() string {
	if s.value == "" {
		return ""
	}
	return redacted
}

// GoString returns a placeholder, for %#v.
func (s Secret) GoString() string { return s.String() }

// Format writes a placeholder whatever the verb.
func (s Secret) Format(state fmt.State, _ rune) { _, _ = fmt.Fprint(state, s.String()) }

// LogValue returns a placeholder to structured logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalJSON writes a placeholder.
func (s Secret) MarshalJSON() ([]byte, error) { return json.Marshal(s.String()) }

// MarshalYAML writes a placeholder.
func (s Secret) MarshalYAML() (any, error) { return s.String(), nil }

// UnmarshalYAML reads a plain string; only the environment's loader calls it.
func (s *Secret) UnmarshalYAML(unmarshal func(any) error) error { return unmarshal(&s.value) }
