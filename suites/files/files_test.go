// Package files_test stores files and reads them back: byte for byte, through
// every replica, under hostile names, with forged and expired access tokens, and
// with the harmless file that every virus scanner must recognise.
package files_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/barq-platform/barqgate/fixtures/barq"
	"github.com/barq-platform/barqgate/harness/environment"
	"github.com/barq-platform/barqgate/harness/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	suite.Main(m, suite.Suite{
		Name:    "files",
		About:   "Files come back as they were stored, only to those who may have them, and never infected.",
		Effects: []environment.Effect{environment.Write, environment.Provision},
	})
}

// owner is a logged-in user whose files are removed at the end.
type owner struct {
	*barq.Session
	tenants *barq.Tenants
}

func newOwner(t *testing.T, options ...barq.ProvisionOption) owner {
	t.Helper()
	client, err := barq.NewClient(suite.Env())
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	tenants := barq.MustProvision(t, suite.Env(), "files", options...)
	session, err := client.Login(t.Context(), tenants.A.User().Credentials())
	require.NoError(t, err)
	return owner{session, tenants}
}

// store uploads a file and returns its id once it has been scanned.
func (o owner) store(t *testing.T, c *suite.Check, u barq.Upload) barq.File {
	t.Helper()
	uploaded, err := o.UploadFile(t.Context(), u)
	c.Require(err == nil, "upload %d bytes as %q: %v", len(u.Content), u.Name, err)
	t.Cleanup(func() {
		e, err := o.Do(context.WithoutCancel(t.Context()), barq.Request{Method: http.MethodDelete, Path: "/api/Files/" + uploaded.FileID})
		require.NoError(t, err)
		require.Contains(t, []int{http.StatusOK, http.StatusNotFound}, e.Status, "remove file %s", uploaded.FileID)
	})
	_, err = o.ScanFile(t.Context(), uploaded.FileID, false)
	c.Require(err == nil, "scan the file just uploaded: %v", err)
	return o.scanned(t, c, uploaded.FileID)
}

// scanned waits until the scanner has judged the file.
func (o owner) scanned(t *testing.T, c *suite.Check, id string) barq.File {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), suite.Env().Files.ScanTimeout)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		file, err := o.File(ctx, id)
		c.Require(err == nil, "read the description of file %s: %v", id, err)
		if file.Status != barq.FilePending {
			return file
		}
		select {
		case <-ctx.Done():
			c.Inconclusive("file %s is still %s after %s", id, file.Status, suite.Env().Files.ScanTimeout)
		case <-tick.C:
		}
	}
}

// download asks for access and fetches the bytes.
func (o owner) download(t *testing.T, c *suite.Check, id string) *barq.Exchange {
	t.Helper()
	access, err := o.AccessFile(t.Context(), id, 0)
	c.Require(err == nil, "ask for access to file %s: %v", id, err)
	e, err := o.DownloadFile(t.Context(), id, access.AccessToken)
	c.Require(err == nil, "download file %s: %v", id, err)
	return e
}

// content makes random bytes, so that no two files have the same hash.
func content(t *testing.T, size int64) []byte {
	t.Helper()
	data := make([]byte, size)
	_, err := rand.Read(data)
	require.NoError(t, err)
	return data
}

func TestContentIsUnchanged(t *testing.T) {
	sizes := suite.Env().Files.Sizes
	c := suite.Criterion(t, "files.content.unchanged", "A file of any accepted size comes back byte for byte; an empty one is refused.")
	c.Needs(len(sizes))
	c.WouldCatch("one changed, missing or added byte at the sizes %v", sizes)
	o := newOwner(t)
	for _, size := range sizes {
		data := content(t, size)
		u := barq.Upload{Name: fmt.Sprintf("size-%d.bin", size), Content: data}
		if size == 0 {
			_, err := o.UploadFile(t.Context(), u)
			c.Require(barq.StatusOf(err) == http.StatusBadRequest, "an empty file is answered %d (%v); expected 400", barq.StatusOf(err), err)
			c.Observed(1, "sizes stored and read back")
			continue
		}
		file := o.store(t, c, u)
		c.Require(file.FileSize == size, "a file of %d bytes is described with %d", size, file.FileSize)
		c.Require(file.Status == barq.FileClean, "a harmless file of %d bytes has the status %s (%s)", size, file.Status, file.ScanResult)
		e := o.download(t, c, file.ID)
		c.Require(sha256.Sum256(e.Body) == sha256.Sum256(data), "a file of %d bytes comes back changed: %d bytes, SHA-256 %x; expected %x", size, len(e.Body), sha256.Sum256(e.Body), sha256.Sum256(data))
		c.Observed(1, "sizes stored and read back")
	}
}

func TestReplicasShareFiles(t *testing.T) {
	const downloads = 24
	c := suite.Criterion(t, "files.replicas.shared", "A file can be fetched from every replica, whichever one stored it.")
	c.Needs(downloads)
	// With r replicas and evenly spread connections, a replica that lacks the file
	// is missed with probability (1-1/r)^n.
	c.WouldCatch("one replica without the file (missed with a probability below 0.2 %% at 4 replicas)")
	o := newOwner(t)
	data := content(t, 4096)
	file := o.store(t, c, barq.Upload{Name: "shared.bin", Content: data})
	for range downloads {
		o.CloseIdleConnections() // the next request is routed anew
		e := o.download(t, c, file.ID)
		c.Require(slices.Equal(e.Body, data), "replica %q returns other bytes", e.Header.Get("X-BARQ-Pod"))
		c.Observed(1, "downloads over new connections")
	}
}

func TestNamesAreHarmless(t *testing.T) {
	names := []string{
		"../../../etc/passwd", `..\..\windows\system32\config`, "/absolute.txt", "nul\x00byte.txt", "Übersicht Größe.txt",
		"تقرير.pdf", "emoji-🚀.txt", `quote".txt`, "semi;colon.txt", strings.Repeat("n", 200) + ".txt",
	}
	c := suite.Criterion(t, "files.name.harmless", "No file name escapes its folder or breaks a header, and readable names are kept.")
	c.Needs(len(names))
	c.WouldCatch("one name of a list of known attacks that is used as it is")
	o := newOwner(t)
	for _, name := range names {
		uploaded, err := o.UploadFile(t.Context(), barq.Upload{Name: name, Content: content(t, 32)})
		if status := barq.StatusOf(err); status == http.StatusBadRequest {
			c.Observed(1, "hostile names refused or made harmless")
			continue
		}
		c.Require(err == nil, "upload a file named %q: %v", name, err)
		file := o.scanned(t, c, o.rescan(t, c, uploaded.FileID))
		for _, kept := range []string{file.FileName, file.OriginalFileName} {
			harmless := kept != "" && path.Base(kept) == kept && !strings.ContainsAny(kept, "\\\x00") && !strings.Contains(kept, "..")
			c.Require(harmless, "a file uploaded as %q is stored under the name %q", name, kept)
		}
		if readable := strings.TrimSuffix(strings.TrimSuffix(name, ".txt"), ".pdf"); isLetters(readable) {
			c.Require(file.OriginalFileName == name, "a file uploaded as %q is shown as %q", name, file.OriginalFileName)
		}
		disposition := o.download(t, c, file.ID).Header.Get("Content-Disposition")
		c.Require(!strings.ContainsAny(disposition, "\r\n/\\") || strings.Contains(disposition, "UTF-8''"), "a file uploaded as %q is sent with the header %q", name, disposition)
		c.Require(!strings.Contains(disposition, ".."), "a file uploaded as %q is sent with the header %q", name, disposition)
		c.Observed(1, "hostile names refused or made harmless")
		require.NoError(t, o.DeleteFile(t.Context(), file.ID))
	}
}

// rescan scans a file and returns its id.
func (o owner) rescan(t *testing.T, c *suite.Check, id string) string {
	t.Helper()
	_, err := o.ScanFile(t.Context(), id, false)
	c.Require(err == nil, "scan file %s: %v", id, err)
	return id
}

// isLetters reports whether a name has nothing that a platform must change.
func isLetters(name string) bool {
	return !strings.ContainsAny(name, "./\\\x00\";") && len(name) < 100
}
