// Package redact takes secrets out of text before it is printed or stored: the
// values that an environment holds, in the forms in which programs print them,
// and whatever looks like a JSON Web Token, which tests get while they run.
//
// It must never keep a secret because it was printed in pieces, quoted or
// encoded, and it must never store or print the secrets that it looks for.
package redact

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Mark stands wherever a secret was.
const Mark = "[redacted]"

// Shortest is the length in bytes from which on a value is looked for. A shorter
// one stands in ordinary words, and text without them would say nothing.
const Shortest = 4

// Redactor knows the secrets of one environment. It may be used by several
// goroutines. A nil Redactor knows no values, only tokens.
type Redactor struct {
	forms    []string          // longest first
	byFirst  map[byte][]string // forms by their first byte
	replacer *strings.Replacer
}

// New returns a Redactor for the values. Those shorter than Shortest are ignored.
func New(values []string) *Redactor {
	r := &Redactor{byFirst: map[byte][]string{}}
	for _, value := range values {
		if len(value) >= Shortest {
			r.forms = append(r.forms, formsOf(value)...)
		}
	}
	slices.SortFunc(r.forms, func(a, b string) int { return len(b) - len(a) })
	r.forms = slices.Compact(r.forms)
	var pairs []string
	for _, form := range r.forms {
		pairs = append(pairs, form, Mark)
		r.byFirst[form[0]] = append(r.byFirst[form[0]], form)
	}
	r.replacer = strings.NewReplacer(pairs...)
	return r
}

// formsOf lists how programs print a value: as it is, in JSON with and without
// HTML escapes, twice in JSON, as a quoted Go string, in an address, and encoded
// as in a Kubernetes Secret.
func formsOf(value string) []string {
	forms := []string{
		value, inJSON(value), inJSON(inJSON(value)), plainJSON(value), plainJSON(plainJSON(value)),
		strings.Trim(strconv.Quote(value), `"`), url.QueryEscape(value), url.PathEscape(value), url.UserPassword("", value).String()[1:],
	}
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		forms = append(forms, encoding.EncodeToString([]byte(value)))
	}
	slices.Sort(forms)
	return slices.Compact(forms)
}

// inJSON is the value within a JSON string, as encoding/json writes it.
func inJSON(value string) string {
	data, err := json.Marshal(value)
	if err != nil {
		return value // a string always encodes
	}
	return string(data[1 : len(data)-1])
}

// plainJSON is the value within a JSON string whose writer leaves <, > and & as
// they are, as those outside Go do.
func plainJSON(value string) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return value // a string always encodes
	}
	text := strings.TrimSuffix(b.String(), "\n")
	return text[1 : len(text)-1]
}

// token matches a JSON Web Token (RFC 7519: header, claims, signature).
var token = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{6,}\.eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]*`)

// begunToken matches the end of a text that may be the beginning of a token.
var begunToken = regexp.MustCompile(`(?:e|ey|eyJ[A-Za-z0-9_.-]*)$`)

// longestToken bounds what a Stream holds back in the belief that it is a token.
const longestToken = 16 << 10

// Text returns the text without secrets.
func (r *Redactor) Text(text string) string {
	if strings.Contains(text, "eyJ") {
		text = token.ReplaceAllString(text, Mark)
	}
	if r == nil || len(r.forms) == 0 {
		return text
	}
	return r.replacer.Replace(text)
}

// JSON returns a JSON text without secrets in its strings, so that it can still be
// read. A text that is no JSON is redacted as any other.
func (r *Redactor) JSON(text string) string {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber() // figures stay as they were written
	var value any
	if err := decoder.Decode(&value); err != nil || decoder.More() {
		return r.Text(text)
	}
	data, err := json.Marshal(r.value(value))
	if err != nil {
		return r.Text(text)
	}
	return string(data)
}

// value returns a copy of what encoding/json has decoded without secrets in its
// texts and keys.
func (r *Redactor) value(value any) any {
	switch v := value.(type) {
	case string:
		return r.Text(v)
	case []any:
		redacted := make([]any, len(v))
		for i := range v {
			redacted[i] = r.value(v[i])
		}
		return redacted
	case map[string]any:
		redacted := map[string]any{}
		for key := range v {
			redacted[r.Text(key)] = r.value(v[key])
		}
		return redacted
	default:
		return value
	}
}

// String, GoString and Format keep the forms out of anything that prints a
// structure with a Redactor in it.
func (r *Redactor) String() string { return Mark }

// GoString returns a placeholder, for %#v.
func (r *Redactor) GoString() string { return Mark }

// Format writes a placeholder whatever the verb.
func (r *Redactor) Format(state fmt.State, _ rune) { _, _ = fmt.Fprint(state, Mark) }

// Stream redacts a text that comes in pieces. It holds back what may be the
// beginning of a secret until more of the text is known.
type Stream struct {
	redactor *Redactor
	held     string
}

// Stream returns a Stream of its own for one text.
func (r *Redactor) Stream() *Stream { return &Stream{redactor: r} }

// Next returns as much of the text so far as is known to be free of secrets and
// has not been returned yet.
func (s *Stream) Next(piece string) string {
	text := s.held + piece
	cut := s.redactor.decided(text)
	s.held = text[cut:]
	return s.redactor.Text(text[:cut])
}

// Rest returns what was held back; the text has ended.
func (s *Stream) Rest() string {
	rest := s.redactor.Text(s.held)
	s.held = ""
	return rest
}

// decided returns how much of the text can be redacted without knowing how it
// goes on: it ends neither within a secret nor with the beginning of one.
func (r *Redactor) decided(text string) int {
	cut := len(text) - r.undecided(text)
	if cut == len(text) || cut == 0 {
		return cut
	}
	window := text[max(0, cut-r.longest()):]
	before := len(text) - len(window)
	whole := r.Text(window)
	for cut > before && r.Text(window[:cut-before])+r.Text(window[cut-before:]) != whole {
		cut--
	}
	return cut
}

func (r *Redactor) longest() int {
	if r == nil || len(r.forms) == 0 {
		return 0
	}
	return len(r.forms[0])
}

// undecided returns how many of the last bytes may be the beginning of a secret.
func (r *Redactor) undecided(text string) int {
	keep := 0
	if tail := text[max(0, len(text)-longestToken):]; len(tail) > 0 && isTokenByte(tail[len(tail)-1]) {
		keep = len(begunToken.FindString(tail))
	}
	for n := min(len(text), r.longest()-1); n > keep; n-- {
		tail := text[len(text)-n:]
		if slices.ContainsFunc(r.byFirst[tail[0]], func(form string) bool { return strings.HasPrefix(form, tail) }) {
			return n
		}
	}
	return keep
}

func isTokenByte(b byte) bool {
	return b == '-' || b == '.' || b == '_' || b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
}
