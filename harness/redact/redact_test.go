package redact_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/barq-platform/barqgate/harness/redact"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const secret = "p<ss \"w&rd\"\n+é"

func TestEveryFormOfASecretIsFound(t *testing.T) {
	r := redact.New([]string{secret, "abc"})
	inJSON, err := json.Marshal(map[string]string{"key": secret})
	require.NoError(t, err)
	twice, err := json.Marshal(string(inJSON))
	require.NoError(t, err)
	for name, text := range map[string]string{
		"plain":          secret,
		"JSON":           string(inJSON),
		"JSON twice":     string(twice),
		"JSON elsewhere": `{"key":"p<ss \"w&rd\"\n+é"}`,
		"Go":             fmt.Sprintf("%q", secret),
		"query":          url.QueryEscape(secret),
		"path":           url.PathEscape(secret),
		"address":        url.UserPassword("sa", secret).String(),
		"base64":         base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 in URLs": base64.RawURLEncoding.EncodeToString([]byte(secret)),
	} {
		t.Run(name, func(t *testing.T) {
			got := r.Text("before " + text + " after")
			require.Contains(t, got, redact.Mark)
			require.True(t, strings.HasPrefix(got, "before ") && strings.HasSuffix(got, " after"), got)
			require.NotContains(t, got, "ss")
		})
	}
	require.Equal(t, "abc", r.Text("abc"), "too short to be told from words")
}

func TestTokensAreFoundWithoutBeingKnown(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig-na_ture"
	var none *redact.Redactor
	require.Equal(t, "Bearer [redacted];", none.Text("Bearer "+jwt+";"))
	require.Equal(t, "eyJ is how they begin", none.Text("eyJ is how they begin"))
	s := none.Stream()
	require.Equal(t, "x[redacted] y", s.Next("xe")+s.Next("yJhbGciOiJIUzI1NiJ9.ey")+s.Next("JzdWIiOiIxMjM0In0.sig-na")+s.Next("_ture y")+s.Rest())
}

func TestJSONStaysReadable(t *testing.T) {
	r := redact.New([]string{"1234", "hunter2"})
	require.Equal(t, `{"a [redacted]":["[redacted]",12345678901234567890,null,true]}`, r.JSON(`{"a hunter2":["hunter2",12345678901234567890,null,true]}`))
	require.Equal(t, `{"n":"[redacted]5"}`, r.JSON(`{"n":"\u00312345"}`), "escaped in a way that nobody would look for")
	require.Equal(t, `{"n":[redacted]`, r.JSON(`{"n":1234`), "no JSON")
}

func TestARedactorPrintsNothing(t *testing.T) {
	r := redact.New([]string{"hunter2"})
	text := fmt.Sprintf("%v %+v %#v %s", r, struct{ R *redact.Redactor }{r}, r, r)
	require.NotContains(t, text, "hunter2")
}

// However a text is cut, the pieces are redacted as the whole is.
func TestPiecesAreRedactedAsTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := redact.New([]string{"abab-secret", "abab-secrets-longer", "multi\nline"})
		words := rapid.SliceOf(rapid.SampledFrom([]string{"abab-secret", "abab-secrets-longer", "multi\nline", "ab", "abab", "-", "a", "x", "\n", "multi", "eyJ", "é"})).Draw(t, "words")
		text := strings.Join(words, "")
		s, got := r.Stream(), ""
		for rest := text; rest != ""; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "piece")
			got += s.Next(rest[:n])
			rest = rest[n:]
		}
		got += s.Rest()
		for _, form := range []string{"abab-secret", "multi\nline"} {
			require.NotContains(t, got, form)
		}
		require.Equal(t, r.Text(text), got)
	})
}
