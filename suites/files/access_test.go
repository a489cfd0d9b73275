package files_test

import (
	"net/http"
	"testing"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

// eicar is the European Institute for Computer Antivirus Research's test file,
// which every scanner reports and which does nothing. It is put together here so
// that this source file is not reported itself.
func eicar() []byte {
	return []byte(`X5O!P%@AP[4\PZX54(P^)7CC)7}$` + `EICAR-STANDARD-ANTIVIRUS-TEST-FILE!` + `$H+H*`)
}

// refusedDownload reports whether a download was answered with a client error
// and without the file's bytes.
func refusedDownload(e *barq.Exchange) bool { return e.Status >= 400 && e.Status < 500 }

func TestInfectedFileIsQuarantined(t *testing.T) {
	c := suite.Criterion(t, "files.malware.quarantined", "An infected file is put into quarantine and cannot be downloaded.")
	c.Needs(2)
	c.WouldCatch("a scanner that is off, or a quarantine that lets files out")
	if !suite.Env().Files.EICAR {
		c.Skip("environment %s does not want the antivirus test file (files.eicar)", suite.Env().Name)
	}
	o := newOwner(t)
	file := o.store(t, c, barq.Upload{Name: "eicar.com", Content: append(eicar(), []byte("\n")...)})
	c.Require(file.Status == barq.FileQuarantined, "the antivirus test file has the status %s (%s); expected %s", file.Status, file.ScanResult, barq.FileQuarantined)
	c.Observed(1, "protections against malware")
	access, err := o.AccessFile(t.Context(), file.ID, 0)
	if err != nil {
		c.Require(barq.StatusOf(err) >= 400 && barq.StatusOf(err) < 500, "asking for access to a quarantined file: %v", err)
		c.Observed(1, "protections against malware")
		return
	}
	e, err := o.Do(t.Context(), barq.DownloadRequest(file.ID, access.AccessToken))
	require.NoError(t, err)
	c.Require(refusedDownload(e), "a quarantined file can be downloaded (%d)", e.Status)
	c.Observed(1, "protections against malware")
}

func TestForgedAccessTokensAreRefused(t *testing.T) {
	c := suite.Criterion(t, "files.token.forged-refused", "A download needs a genuine access token of this file and this user.")
	c.Needs(6)
	c.WouldCatch("an access token that is not verified, or that opens other files")
	o := newOwner(t, barq.WithUsers(2))
	file := o.store(t, c, barq.Upload{Name: "private.bin", Content: content(t, 512)})
	other := o.store(t, c, barq.Upload{Name: "other.bin", Content: content(t, 512)})
	genuine, err := o.AccessFile(t.Context(), file.ID, 0)
	c.Require(err == nil, "ask for access: %v", err)
	foreign, err := o.AccessFile(t.Context(), other.ID, 0)
	c.Require(err == nil, "ask for access: %v", err)
	changed := []byte(genuine.AccessToken)
	changed[len(changed)/2] ^= 1
	attempts := map[string]string{
		"no token": "", "a guess": "guess", "a changed token": string(changed),
		"the token cut short": genuine.AccessToken[:len(genuine.AccessToken)-4], "another file's token": foreign.AccessToken,
	}
	for name, token := range attempts {
		e, err := o.Do(t.Context(), barq.DownloadRequest(file.ID, token))
		require.NoError(t, err)
		c.Require(refusedDownload(e), "a download with %s is answered %d; expected a refusal", name, e.Status)
		c.Observed(1, "refused downloads")
	}
	stranger, err := o.Anonymous().Do(t.Context(), barq.DownloadRequest(file.ID, genuine.AccessToken))
	require.NoError(t, err)
	c.Require(refusedDownload(stranger), "a download with a genuine access token but without a login is answered %d", stranger.Status)
	c.Observed(1, "refused downloads")
	o.download(t, c, file.ID) // the genuine one still works, so the refusals mean something
}

func TestExpiredAccessTokensAreRefused(t *testing.T) {
	c := suite.Criterion(t, "files.token.expired-refused", "An access token is refused once its time has passed.")
	c.WouldCatch("access tokens that never expire")
	o := newOwner(t)
	file := o.store(t, c, barq.Upload{Name: "expiring.bin", Content: content(t, 512)})
	o.download(t, c, file.ID)
	access, err := o.AccessFile(t.Context(), file.ID, -5)
	if status := barq.StatusOf(err); status == http.StatusBadRequest {
		c.Skip("the platform issues no token that has expired already, and waiting for one takes at least a minute")
	}
	c.Require(err == nil, "ask for access that ended five minutes ago: %v", err)
	e, err := o.Do(t.Context(), barq.DownloadRequest(file.ID, access.AccessToken))
	require.NoError(t, err)
	c.Require(refusedDownload(e), "an access token that expired at %s is still answered %d", access.ExpiresAt.Time, e.Status)
	c.Observed(1, "refusals of expired tokens")
}

func TestDeletedFileIsGone(t *testing.T) {
	c := suite.Criterion(t, "files.delete.gone", "A deleted file can be neither downloaded nor found.")
	c.Needs(3)
	c.WouldCatch("a delete that only hides, or does nothing")
	o := newOwner(t)
	file := o.store(t, c, barq.Upload{Name: "deleted.bin", Content: content(t, 512)})
	access, err := o.AccessFile(t.Context(), file.ID, 0)
	c.Require(err == nil, "ask for access: %v", err)
	c.Require(o.DeleteFile(t.Context(), file.ID) == nil, "the owner cannot delete the file")
	e, err := o.Do(t.Context(), barq.DownloadRequest(file.ID, access.AccessToken))
	require.NoError(t, err)
	c.Require(refusedDownload(e), "a deleted file can still be downloaded with an earlier token (%d)", e.Status)
	c.Observed(1, "proofs that the file is gone")
	_, err = o.AccessFile(t.Context(), file.ID, 0)
	status := barq.StatusOf(err)
	c.Require(status >= 400 && status < 500, "asking for access to a deleted file is answered %d; expected a refusal", status)
	c.Observed(1, "proofs that the file is gone")
	page, err := o.Files(t.Context(), barq.List{PageSize: 1000})
	c.Require(err == nil, "list the files: %v", err)
	for _, f := range page.Items {
		c.Require(f.ID != file.ID || f.Status == barq.FileDeleted, "a deleted file is listed with the status %s", f.Status)
	}
	c.Observed(1, "proofs that the file is gone")
}
