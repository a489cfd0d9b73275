package auth_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq/forge"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

// issued logs in and returns the scene, the token taken apart, and proof that the
// genuine token works: a refusal of a forged one means something only then.
func issued(t *testing.T, c *suite.Check) (scene, *forge.Token) {
	t.Helper()
	s := newScene(t)
	session := s.login(t, c)
	status := probe(t, session.Client)
	c.Require(status == http.StatusOK, "the genuine token is answered %d, so refusing a forged one would prove nothing", status)
	token, err := forge.Parse(session.Token)
	require.NoError(t, err)
	return s, token
}

// requireRefused sends a forged token as bearer and as cookie.
func requireRefused(t *testing.T, c *suite.Check, s scene, kind string, token environment.Secret) {
	t.Helper()
	asBearer, asCookie := probe(t, s.client.As(token)), probe(t, s.client.WithCookie(token))
	c.Require(refused(asBearer), "a token %s is answered %d as bearer; expected one of %v", kind, asBearer, suite.Env().API.UnauthorizedCodes)
	c.Require(refused(asCookie), "a token %s is answered %d as cookie; expected one of %v", kind, asCookie, suite.Env().API.UnauthorizedCodes)
	c.Observed(2, "refusals of forged tokens")
}

func TestTamperedTokensAreRefused(t *testing.T) {
	c := suite.Criterion(t, "auth.token.tampered-refused", "A token that was changed or signed by somebody else is refused.")
	c.Needs(8)
	c.WouldCatch("a signature that is not verified")
	s, token := issued(t, c)
	tampered, err := token.Tampered("tenant_id", s.tenants.B.ID)
	require.NoError(t, err)
	requireRefused(t, c, s, "with another tenant and the old signature", tampered)
	broken, err := token.BrokenSignature()
	require.NoError(t, err)
	requireRefused(t, c, s, "with one flipped bit in its signature", broken)
	requireRefused(t, c, s, "without its signature", token.NoSignature())
	other, err := token.OtherKey()
	require.NoError(t, err)
	requireRefused(t, c, s, "signed with another key", other)
}

func TestUnsignedTokensAreRefused(t *testing.T) {
	c := suite.Criterion(t, "auth.token.none-refused", "A token that claims to need no signature is refused.")
	c.Needs(6)
	c.WouldCatch("a verifier that believes alg none, in any letter case")
	s, token := issued(t, c)
	for _, alg := range []string{"none", "None", "nOnE"} {
		unsigned, err := token.Unsigned(alg)
		require.NoError(t, err)
		requireRefused(t, c, s, "with alg "+alg, unsigned)
	}
}

func TestExpiredTokensAreRefused(t *testing.T) {
	c := suite.Criterion(t, "auth.token.expired-refused", "A token is refused once its time has passed.")
	c.Needs(2)
	c.WouldCatch("tokens that never expire")
	key := suite.Env().Auth.SigningKey
	if !key.IsSet() {
		c.Skip("environment %s gives no auth.signingKey, so no expired token can be made", suite.Env().Name)
	}
	s, token := issued(t, c)
	if !token.SignedBy(key) {
		c.Inconclusive("auth.signingKey is not the key the platform signs with, so an expired token would be refused for its signature")
	}
	expired, err := token.Expired(key, time.Hour)
	require.NoError(t, err)
	requireRefused(t, c, s, "that expired an hour ago", expired)
}
