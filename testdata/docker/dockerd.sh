#!/usr/bin/env bash
# A Docker daemon for one command, thrown away after it: dockerd.sh run COMMAND…
#
# The daemon and the command have a network namespace of their own: nothing of it
# is reachable from elsewhere, and no address, bridge or firewall rule of this
# machine changes. In the command DOCKER_HOST names the daemon, published ports are
# on 127.0.0.1, and there is no other network: images are built or loaded.
#
# dockerd.sh check says why this machine cannot run it, with status 1.
# dockerd.sh install installs Debian's packages for it; the Docker service that
# comes with them is not used.
# BARQ_DOCKERD is the folder of the daemon's state (default .barqgate/dockerd).
set -euo pipefail
cd "$(dirname "$0")/../.."

packages=(docker.io iproute2 iptables jq)

check() {
	if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
		echo "a throw-away Docker daemon needs Linux and root; with a Docker of your own, set DOCKER_HOST or start it" >&2
		return 1
	fi
	for program in dockerd ip nsenter iptables jq; do
		if ! command -v "$program" >/dev/null; then
			echo "$program is missing; on Debian, run testdata/docker/dockerd.sh install" >&2
			return 1
		fi
	done
}

install() {
	check 2>/dev/null && return
	if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
		check
		return
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -qq
	apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
	check
}

namespace=barqgate-$$
folder=${BARQ_DOCKERD:-$PWD/.barqgate/dockerd}/$$
socket=/tmp/$namespace.sock # a socket's path has at most 107 characters

stop() {
	local status=$? pid
	trap - EXIT INT TERM
	if pid=$(cat "$folder/dockerd.pid" 2>/dev/null); then
		kill "$pid" 2>/dev/null || true
		for _ in $(seq 300); do
			[ -d "/proc/$pid" ] || break
			sleep 0.1
		done
		if [ -d "/proc/$pid" ]; then kill -9 "$pid" 2>/dev/null || true; fi
	fi
	ip netns del "$namespace" 2>/dev/null || true
	# What a daemon that was killed has left mounted.
	awk -v under="$folder/" 'index($2, under) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r -n1 umount -l 2>/dev/null || true
	rm -rf "$folder" "$socket"
	exit "$status"
}

run() {
	check
	mkdir -p "$folder"
	trap stop EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	ip netns add "$namespace"
	ip -n "$namespace" link set lo up
	local runtime=()
	# CAP_SYS_RESOURCE is bit 24 of the capabilities that this process can pass on.
	if ! (((16#$(awk '/^CapBnd/ { print $2 }' /proc/self/status) >> 24) & 1)); then
		runtime=(--add-runtime "limited=$PWD/testdata/docker/runc-limited" --default-runtime limited)
	fi
	# nsenter, not `ip netns exec`, which would hide the control groups.
	setsid nsenter --net="/var/run/netns/$namespace" dockerd \
		--data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/dockerd.pid" \
		--host "unix://$socket" "${runtime[@]}" >"$folder/log" 2>&1 &
	local daemon=$!
	export DOCKER_HOST=unix://$socket
	until docker version >/dev/null 2>&1; do
		if ! kill -0 "$daemon" 2>/dev/null; then
			echo "dockerd ended:" >&2
			tail -n 20 "$folder/log" >&2
			exit 1
		fi
		sleep 0.2
	done
	# The reaper's image cannot be pulled here; the daemon goes with the command.
	nsenter --net="/var/run/netns/$namespace" env TESTCONTAINERS_RYUK_DISABLED=true TESTCONTAINERS_HOST_OVERRIDE=127.0.0.1 "$@"
}

case "${1:-}" in
run) shift; run "$@" ;;
check | install) "$1" ;;
*)
	echo "usage: $0 run COMMAND… | check | install" >&2
	exit 2
	;;
esac
