package e2e

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/barq-platform/barqgate/fixtures/frontend"
)

// requireFrontend asserts that users are served the release's frontend whole: its
// index and everything that it leads to.
func (b *bench) requireFrontend(t *testing.T, release string) {
	t.Helper()
	dist, err := frontend.LoadDist(t.Context(), filepath.Join(b.root, "testdata", "frontend", release))
	require.NoError(t, err)
	visitor, err := frontend.NewVisitor(b.env.Frontend)
	require.NoError(t, err)
	defer visitor.Close()
	site, err := frontend.Crawl(t.Context(), visitor)
	require.NoError(t, err)
	require.Equal(t, dist.Index().SHA256, site.Index.Digest())
	require.Empty(t, site.Missing())
}
