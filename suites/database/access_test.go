package database_test

import (
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/mssql"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestConnectionsAreEncrypted(t *testing.T) {
	c := suite.Criterion(t, "database.tls.valid", "Connections are encrypted, with a certificate that is valid long enough.")
	conf := suite.Env().Database
	c.WouldCatch("a connection that is not encrypted, a certificate that ends within %s, or one that a client which verifies it refuses", conf.TLS.MinValidity)
	found, err := mssql.ReadCertificate(t.Context(), conf)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("certificate.json", found)
	left := time.Until(found.NotAfter)
	c.Measured("valid-for-hours", int(left.Hours()))
	c.Measured("protocol", found.Protocol)
	c.Require(left >= conf.TLS.MinValidity, "the certificate of the SQL Server ends at %s; expected at least %s from now", found.NotAfter.Format(time.RFC3339), conf.TLS.MinValidity)
	if conf.TLS.TrustServerCertificate {
		c.Measured("unverified", found.Problem)
	} else {
		c.Require(!found.Trusted, "database.dsn accepts any certificate (trustServerCertificate=true); database.tls.trustServerCertificate does not allow that here")
		c.Require(found.Problem == "", "a client that verifies the certificate of the SQL Server refuses it: %s", found.Problem)
	}
	server, err := mssql.OpenServer(t.Context(), conf)
	c.Require(err == nil, "connect to the server: %v", err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	encrypted, err := server.Encrypted(t.Context())
	c.Require(err == nil, "%v", err)
	c.Require(encrypted, "the server says that this session is not encrypted")
	c.Observed(1, "encrypted connections")
}

func TestApplicationHasLeastPrivilege(t *testing.T) {
	c := suite.Criterion(t, "database.login.least-privilege", "The platform's own login may work with the data, and with nothing else.")
	c.WouldCatch("a login that is sysadmin, owns the database or can change its schema, or one that cannot write")
	conf := suite.Env().Database
	if conf.Application.DSN.Reveal() == "" {
		c.Skip("the platform's own login is not known here (database.application.dsn)")
	}
	rights, err := mssql.ApplicationRights(t.Context(), conf)
	c.Require(err == nil, "%v", err)
	c.EvidenceJSON("rights.json", rights)
	c.Measured("login", rights.Login)
	c.Require(len(rights.TooMany) == 0, "login %s of the platform has rights that it does not need: %s", rights.Login, strings.Join(rights.TooMany, "; "))
	c.Require(len(rights.Missing) == 0, "login %s of the platform lacks rights that it needs: %s", rights.Login, strings.Join(rights.Missing, "; "))
	c.Observed(rights.Looked, "rights looked at")
}
