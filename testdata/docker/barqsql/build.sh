#!/usr/bin/env bash
# Makes the image of the embedded engine in the daemon that docker talks to, and
# prints its name. It needs no other image.
set -euo pipefail
cd "$(dirname "$0")/../../.."
image=barqgate/barqsql:test
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
CGO_ENABLED=0 GOOS=linux go build -o "$folder/barqsql" ./cmd/barqsql
cp testdata/docker/barqsql/Dockerfile "$folder/"
docker build -q -t "$image" "$folder" >/dev/null
echo "$image"
