#!/usr/bin/env bash
# Installs the clients of `make sql-conformance`: Debian packages where this is
# Debian and the user may, tedious from the npm registry everywhere.
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(freetds-bin tdsodbc unixodbc unixodbc-dev)
for program in cc:gcc node:nodejs npm:npm stdbuf:coreutils; do
	command -v "${program%%:*}" >/dev/null || packages+=("${program##*:}")
done
missing=()
for package in "${packages[@]}"; do
	dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
	if ! command -v apt-get >/dev/null; then
		echo "sql-clients: this is not Debian. Install FreeTDS (tsql and its ODBC driver), unixODBC with its headers, a C compiler, Node.js and npm, and run this again." >&2
		# Whoever has them all needs no Debian: the test looks for the programs itself.
	elif [ "$(id -u)" != 0 ]; then
		echo "sql-clients: as root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
		exit 1
	else
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	fi
fi

# tedious: again only when the pinned versions have changed.
modules=.barqgate/sqlclients
mkdir -p "$modules"
if ! cmp -s testdata/sqlclients/tedious/package-lock.json "$modules/installed"; then
	cp testdata/sqlclients/tedious/package.json testdata/sqlclients/tedious/package-lock.json "$modules/"
	(cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error)
	cp testdata/sqlclients/tedious/package-lock.json "$modules/installed"
fi
