#!/usr/bin/env bash
# A node image for kind, made of Debian packages and Go modules alone: for machines
# that reach no registry of images. Where kind's own image can be pulled, use that.
#
#   build.sh          make the archive of the image, unless the user's cache has it
#                     for the same inputs, and print its path
#   build.sh load     do so, load it into the Docker daemon, and print the image's name
#   build.sh check    say why this machine cannot make it, with status 1
#   build.sh install  install the Debian packages that making it takes
#
# It takes about 13 minutes of two cores where nothing is compiled yet, 2 minutes
# after that, and 3 GB of disk while it works. No Docker daemon is needed to make it.
# BARQ_DEBIAN_MIRROR is where Debian's packages come from (default: deb.debian.org).
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")"
mirror=${BARQ_DEBIAN_MIRROR:-http://deb.debian.org/debian}
release=bookworm
image=barqgate/kind-node
export GOWORK=off

# What the node is made of: what kind's own image has, and runc and the network
# plugins, which that one compiles.
packages=systemd,systemd-sysv,dbus,runc,containernetworking-plugins,conntrack,iptables,nftables,iproute2,ethtool,util-linux,mount,kmod,libseccomp2,e2fsprogs,bash,ca-certificates,jq,procps,socat,hostname

check() {
	if [ "$(uname -s)" != Linux ] || [ "$(id -u)" != 0 ]; then
		echo "making a node image for kind needs Linux and root; kind's own image needs neither, only a registry" >&2
		return 1
	fi
	local program
	for program in go debootstrap jq tar unshare chroot flock; do
		if ! command -v "$program" >/dev/null; then
			echo "making a node image for kind: $program is missing; on Debian, run testdata/docker/kindnode/build.sh install" >&2
			return 1
		fi
	done
}

install() {
	check 2>/dev/null && return
	if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -qq
		apt-get install -y -qq --no-install-recommends debootstrap jq >/dev/null
	fi
	check
}

say() { echo "kind-node: $*" >&2; }

# version MODULE of the module in the folder before it.
version() { (cd "$1" && go list -m -f '{{.Version}}' "$2"); }

# digest of the inputs: what is in this folder, kind's own files, Go and the processor.
digest() {
	{
		go env GOVERSION GOARCH
		version ../../.. sigs.k8s.io/kind
		find . -type f -print0 | sort -z | xargs -0 sha256sum
	} | sha256sum | cut -c1-16
}

compile() {
	local kubernetes=$1 bin=$2 minor v=k8s.io/component-base/version c=k8s.io/client-go/pkg/version
	minor=${kubernetes#v1.} minor=${minor%%.*}
	mkdir -p "$bin"
	say "compiling Kubernetes $kubernetes"
	# The flags of fixtures/lab/cluster, so that both share what is compiled.
	(cd kubernetes && go build -mod=readonly -buildvcs=false -o "$bin/kubernetes" -ldflags "-s -w
		-X $v.gitVersion=$kubernetes -X $v.gitMajor=1 -X $v.gitMinor=$minor -X $v.gitTreeState=clean
		-X $c.gitVersion=$kubernetes -X $c.gitMajor=1 -X $c.gitMinor=$minor" .)
	say "compiling containerd, CoreDNS and pause"
	(cd containerd && go build -mod=readonly -buildvcs=false -o "$bin/" -ldflags "-s -w
		-X github.com/containerd/containerd/v2/version.Version=$(version . github.com/containerd/containerd/v2)" \
		-tags no_btrfs,no_devmapper,no_zfs,no_aufs tool)
	(cd coredns && go build -mod=readonly -buildvcs=false -o "$bin/coredns" -ldflags '-s -w' .)
	CGO_ENABLED=0 go build -buildvcs=false -o "$bin/pause" -ldflags '-s -w' ./pause
}

# node NODE BIN KUBERNETES turns Debian's tree into a node, by the steps of kind's
# images/base/Dockerfile.
node() {
	local node=$1 bin=$2 kubernetes=$3 kind plugin
	kind=$(cd ../../.. && go list -m -f '{{.Dir}}' sigs.k8s.io/kind)
	cp -rT --no-preserve=mode,ownership "$kind/images/base/files" "$node"
	chmod 755 "$node"/kind/bin/*.sh "$node/usr/local/bin/entrypoint"
	rm -f "$node/usr/local/bin/clean-install" "$node/etc/systemd/system/containerd-fuse-overlayfs.service"
	find "$node/lib/systemd/system/sysinit.target.wants/" -name systemd-tmpfiles-setup.service -delete
	rm -f "$node"/lib/systemd/system/multi-user.target.wants/* "$node"/etc/systemd/system/*.wants/* \
		"$node"/lib/systemd/system/local-fs.target.wants/* "$node"/lib/systemd/system/sockets.target.wants/*udev* \
		"$node"/lib/systemd/system/sockets.target.wants/*initctl* "$node"/lib/systemd/system/basic.target.wants/*
	echo ReadKMsg=no >>"$node/etc/systemd/journald.conf"
	command install -m 755 "$bin/kubernetes" "$node/usr/bin/kubelet"
	ln "$node/usr/bin/kubelet" "$node/usr/bin/kubeadm"
	ln "$node/usr/bin/kubelet" "$node/usr/bin/kubectl"
	command install -m 755 "$bin"/{containerd,containerd-shim-runc-v2,ctr} "$node/usr/local/bin/"
	mkdir -p "$node/kind/manifests" "$node/etc/kubernetes/manifests" "$node/opt/cni/bin" "$node/etc/cni/net.d" "$node/var/log"
	for plugin in host-local loopback portmap ptp; do
		mv "$node/usr/lib/cni/$plugin" "$node/opt/cni/bin/"
	done
	rm -rf "$node/usr/lib/cni"
	echo -n "$kubernetes" >"$node/kind/version"
	cp default-cni.yaml "$node/kind/manifests/"
	# There is no fuse-overlayfs; and where the node may not have CAP_SYS_RESOURCE, no
	# container may ask for a lower oom_score_adj than containerd has.
	sed -i -e '/^\[proxy_plugins\]/,/address =/d' \
		-e 's/restrict_oom_score_adj = false/restrict_oom_score_adj = true/' "$node/etc/containerd/config.toml"
	# With version 1 of control groups kind does not wait for systemd before kubeadm,
	# and the unit would stay off when its file comes later.
	sed -i '/^ConditionPathExists/d' "$node/etc/systemd/system/kubelet.service"
	chroot "$node" /bin/sh -euc '
		systemctl enable -q kubelet.service containerd.service undo-mount-hacks.service
		systemctl mask -q systemd-binfmt.service
		ctr oci spec | jq ".hooks.createContainer[.hooks.createContainer | length] |= . + {path: \"/kind/bin/mount-product-files.sh\"} | del(.process.rlimits)" >/etc/containerd/cri-base.json'
}

# system NODE SYSTEM BIN makes the tree of the one image of everything that kubeadm
# runs in containers, with the tools that kube-proxy and the network plugin call.
system() {
	local node=$1 system=$2 bin=$3 name file library
	mkdir -p "$system"/{usr/local/bin,usr/sbin,usr/lib,lib64,tmp,run,etc}
	chmod 1777 "$system/tmp"
	ln -s usr/lib "$system/lib"
	ln -s usr/sbin "$system/sbin"
	command install -m 755 "$bin/coredns" "$bin/kubernetes" "$system/usr/local/bin/"
	for name in etcd kube-apiserver kube-controller-manager kube-scheduler kube-proxy kindnet; do
		ln "$system/usr/local/bin/kubernetes" "$system/usr/local/bin/$name"
	done
	cp "$node"/usr/sbin/{xtables-nft-multi,xtables-legacy-multi,nft,conntrack} "$system/usr/sbin/"
	for name in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
		ln -s xtables-nft-multi "$system/usr/sbin/$name"
	done
	(cd "$node" && cp -a --parents usr/lib/*/xtables "$system")
	# The extensions of xtables have libraries of their own, such as libm.
	{
		for file in "$system"/usr/sbin/{xtables,nft,conntrack}* "$system"/usr/lib/*/xtables/*.so; do
			chroot "$node" ldd "${file#"$system"}"
		done
		for file in usr/bin/kubelet usr/local/bin/ctr; do chroot "$node" ldd "/$file" || true; done # static where cgo is off
	} | { grep -oE '/[^ ]+ \(0x' || true; } | cut -d' ' -f1 | sort -u | while read -r library; do
		mkdir -p "$system/$(dirname "$library")"
		if [ ! -e "$system$library" ]; then cp -L "$node$library" "$system$library"; fi
	done
}

# layer ARCHIVE TREE CONFIG TAG… adds an image of one layer to an archive for docker load.
layer() {
	local archive=$1 tree=$2 config=$3 id
	shift 3
	mkdir -p "$archive"
	tar --sort=name --numeric-owner -C "$tree" -cf "$archive/layer" .
	id=$(sha256sum <"$archive/layer" | cut -c1-64)
	mv "$archive/layer" "$archive/$id.tar"
	jq -nc --argjson config "$config" --arg id "$id" --arg architecture "$(go env GOARCH)" '{
		architecture: $architecture, os: "linux", created: "1970-01-01T00:00:00Z", config: $config,
		rootfs: {type: "layers", diff_ids: ["sha256:" + $id]},
		history: [{created: "1970-01-01T00:00:00Z", created_by: "barqgate"}]}' >"$archive/$id.json"
	jq -nc --arg id "$id" '{Config: ($id + ".json"), Layers: [$id + ".tar"], RepoTags: $ARGS.positional}' --args "$@" >>"$archive/images"
}

# pack ARCHIVE FILE
pack() {
	jq -sc . "$1/images" >"$1/manifest.json"
	rm "$1/images"
	tar -C "$1" -cf "$2" --sort=name .
}

# preload NODE ARCHIVE has the node's own containerd take the images in. Its mounts
# are of a namespace that ends with it.
preload() {
	unshare --mount --pid --fork sh -euc '
		mount -t proc proc "$1/proc"
		mount -t sysfs sys "$1/sys"
		mount -t tmpfs tmpfs "$1/run"
		mount -t tmpfs tmpfs "$1/tmp"
		mount --rbind /dev "$1/dev"
		chroot "$1" containerd >"$2.log" 2>&1 &
		tries=0
		until chroot "$1" ctr version >/dev/null 2>&1; do
			tries=$((tries + 1))
			[ $tries -lt 150 ] || { tail -n 20 "$2.log" >&2; exit 1; }
			sleep 0.2
		done
		chroot "$1" ctr --namespace=k8s.io images import --label=io.cri-containerd.pinned=pinned --all-platforms --no-unpack - <"$2" >/dev/null
		kill $!
		wait $! || true' sh "$1" "$2"
}

# make ARCHIVE
make() {
	local archive=$1 work kubernetes names sandbox path
	kubernetes=$(version kubernetes k8s.io/kubernetes)
	work=${archive%.tar}.work
	rm -rf "$work" # of a run that was killed
	mkdir "$work"
	compile "$kubernetes" "$work/bin"
	say "installing Debian's packages from $mirror"
	if ! debootstrap --variant=minbase --include="$packages" "$release" "$work/node" "$mirror" >"$work/debootstrap.log" 2>&1; then
		say "debootstrap failed; its last lines:"
		tail -n 10 "$work/debootstrap.log" >&2
		return 1
	fi
	rm -rf "$work"/node/{var/cache/apt,var/lib/apt/lists,var/log,usr/share/doc,usr/share/man,usr/share/info,usr/share/locale,usr/share/lintian}/* "$work"/node/tmp/*
	node "$work/node" "$work/bin" "$kubernetes"
	say "making the images of the cluster's own pods"
	system "$work/node" "$work/system" "$work/bin"
	mkdir "$work/pause"
	command install -m 755 "$work/bin/pause" "$work/pause/pause"
	# What kubeadm will ask for, and what containerd asks for.
	names=$(chroot "$work/node" kubeadm config images list --kubernetes-version "$kubernetes")
	sandbox=$(sed -n 's/.*sandbox_image = "\(.*\)"/\1/p' "$work/node/etc/containerd/config.toml")
	path='"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]'
	# shellcheck disable=SC2046 # one tag a word
	layer "$work/images" "$work/system" "{$path, \"Entrypoint\": [\"/usr/local/bin/coredns\"], \"WorkingDir\": \"/\"}" \
		docker.io/barqgate/kindnet:v1 $(grep -v /pause: <<<"$names")
	# shellcheck disable=SC2046
	layer "$work/images" "$work/pause" '{"Entrypoint": ["/pause"], "User": "65535:65535"}' \
		$(sort -u <<<"$sandbox"$'\n'"$(grep /pause: <<<"$names")")
	pack "$work/images" "$work/images.tar"
	rm -rf "$work/images" "$work/system"
	preload "$work/node" "$work/images.tar"
	rm -rf "$work/images.tar" "$work/node/var/lib/containerd/io.containerd.grpc.v1.cri"
	say "packing the node"
	layer "$work/archive" "$work/node" "{\"Env\": [\"container=docker\", ${path#*[}, \"StopSignal\": \"SIGRTMIN+3\", \"Entrypoint\": [\"/usr/local/bin/entrypoint\", \"/sbin/init\"]}" \
		"$image:$kubernetes"
	rm -rf "$work/node"
	pack "$work/archive" "$work/archive.tar"
	mv "$work/archive.tar" "$archive"
	say "made $archive, $(du -h "$archive" | cut -f1)"
}

# archive prints the path of the image's archive, which it makes if it must.
archive() {
	check
	local cache=${XDG_CACHE_HOME:-$HOME/.cache}/barqgate file
	mkdir -p "$cache"
	file=$cache/kind-node-$(digest).tar
	if [ ! -s "$file" ]; then
		say "not in the cache; making it, which takes several minutes once"
		(
			flock 9
			if [ ! -s "$file" ]; then
				trap 'rm -rf "${file%.tar}.work"' EXIT
				make "$file"
			fi
		) 9>"$file.lock"
	fi
	echo "$file"
}

load() {
	local file
	if ! docker version >/dev/null 2>&1; then
		say "no Docker daemon answers to load the image into; start Docker, set DOCKER_HOST, or make the archive alone: testdata/docker/kindnode/build.sh"
		return 1
	fi
	file=$(archive)
	docker load -q -i "$file" >&2
	echo "$image:$(version kubernetes k8s.io/kubernetes)"
}

case "${1:-archive}" in
archive | load | check | install) "${1:-archive}" ;;
*)
	echo "usage: $0 [load | check | install]" >&2
	exit 2
	;;
esac
