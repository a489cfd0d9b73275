#!/usr/bin/env bash
# Installs the clients of `make sql-conformance`, and does nothing where they are:
# Debian packages if this is Debian and the user is root, tedious from the npm
# registry everywhere. Elsewhere it says what to install, and fails.
set -euo pipefail
cd "$(dirname "$0")/../.."

have() { command -v "$1" >/dev/null; }

packages=(freetds-bin tdsodbc unixodbc unixodbc-dev)
have cc || packages+=(gcc libc6-dev)
have node || packages+=(nodejs)
have npm || packages+=(npm)
have stdbuf || packages+=(coreutils)
if have dpkg-query; then
	missing=()
	for package in "${packages[@]}"; do
		dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
	done
	if [ ${#missing[@]} -gt 0 ] && [ "$(id -u)" != 0 ]; then
		echo "sql-clients: as root, run: apt-get install --no-install-recommends ${missing[*]}" >&2
		exit 1
	fi
	if [ ${#missing[@]} -gt 0 ]; then
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
	fi
elif ! { have tsql && have stdbuf && have cc && have node && have npm; }; then
	echo "sql-clients: this is not Debian; install FreeTDS (tsql and its ODBC driver), unixODBC with its headers, GNU coreutils (stdbuf), a C compiler, Node.js and npm" >&2
	exit 1
fi

# tedious: again only when the pinned versions have changed.
modules=.barqgate/sqlclients
mkdir -p "$modules"
if ! cmp -s testdata/sqlclients/tedious/package-lock.json "$modules/installed"; then
	cp testdata/sqlclients/tedious/package.json testdata/sqlclients/tedious/package-lock.json "$modules/"
	(cd "$modules" && npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --loglevel=error)
	cp testdata/sqlclients/tedious/package-lock.json "$modules/installed"
fi
