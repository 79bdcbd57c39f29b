#!/usr/bin/env bash
# docker-engine.sh COMMAND [ARGUMENT ...] runs a command that needs a Docker engine.
#
# Uses a reachable engine. Without one, root on Debian starts an engine for the command: with separate data, socket and
# bridge, without firewall rules, and with base images for `sam local` from this machine's files, so that no image
# registry is required. With CI=true, installs missing packages.
# Elsewhere the command is skipped with one line, which is an error unless OPTIONAL is set.
set -euo pipefail

left_out() {
    echo "Skipped, since no Docker engine is reachable (start Docker, or set DOCKER_HOST): $*" >&2
    [[ -n ${OPTIONAL:-} ]] && exit 0 || exit 1
}

packages=(docker.io containerd runc busybox-static iproute2)

# At run level 1, Debian's package starts no daemon.
install_packages() {
    apt-get update -qq
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends "${packages[@]}" >/dev/null
}

# Makes a bridge with an unused network.
make_bridge() {
    local third
    for third in $(shuf -i 0-255); do
        ip -o -4 address | grep -q "inet 172\.29\.$third\." && continue
        ip link add "$bridge" type bridge
        ip address add "172.29.$third.1/24" dev "$bridge"
        ip link set "$bridge" up
        return
    done
    return 1
}

# sam publishes a port of each container, so `--bridge=none` is no option. The new session keeps Ctrl-C from the daemon.
start_engine() {
    local driver=overlay2
    grep -qw overlay /proc/filesystems || driver=vfs
    make_bridge
    setsid dockerd --host "$DOCKER_HOST" --data-root "$folder/data" --exec-root "$folder/exec" \
        --pidfile "$folder/dockerd.pid" --storage-driver "$driver" --bridge "$bridge" \
        --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false >"$folder/dockerd.log" 2>&1 </dev/null &
    engine=$!
    until docker version >/dev/null 2>&1; do
        kill -0 "$engine" 2>/dev/null || { tail -n 5 "$folder/dockerd.log" >&2; exit 1; }
        sleep 0.1
    done
}

stop_engine() {
    if [[ -n $engine ]] && kill "$engine" 2>/dev/null; then
        wait "$engine" || true
    fi
    ip link delete "$bridge" 2>/dev/null || true
    rm -rf "$folder"
}

# An image needs a shell, for the build step of sam that adds the emulator, and glibc, for the functions.
make_base_images() {
    local root=$folder/root machine applet
    machine=$(uname -m)
    mkdir -p "$root"/{bin,etc,tmp,opt,var/task,var/runtime}
    cp "$(command -v busybox)" "$root/bin/busybox"
    for applet in sh mv chmod; do ln -s busybox "$root/bin/$applet"; done
    cp -L --parents /lib/"$machine"-linux-gnu/lib{c,m,dl,rt,pthread,resolv,gcc_s,nss_dns,nss_files}.so.[0-9] \
        /lib*/ld-linux-*.so.[0-9] "$root"
    echo 'hosts: files dns' >"$root/etc/nsswitch.conf"
    import_image "provided:al2023-${machine/aarch64/arm64}"
    add_python "$root"
    import_image "$(sed -n 's/^ *Runtime: python/python:/p' docs/protected-api.yaml)-${machine/aarch64/arm64}"
}

import_image() {
    tar -C "$folder/root" -c . | docker import --change 'WORKDIR /var/task' - "public.ecr.aws/lambda/$1" >/dev/null
}

# Adds this machine's Python, with the modules that tests/sam/bootstrap.py loads.
add_python() {
    local python modules libraries
    python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
    mapfile -t modules < <("$python" -c 'import encodings.idna, http.client, importlib, json, sys
files = {getattr(module, "__file__", None) for module in sys.modules.values()}
print(*filter(None, files), sep="\n")')
    mapfile -t libraries < <(printf '%s\n' "$python" "${modules[@]}" | grep -v '\.py$' | xargs ldd \
        | awk 'NF > 1 && $(NF - 1) ~ "^/" { print $(NF - 1) }' | sort -u)
    cp -L --parents "$python" "${modules[@]}" "${libraries[@]}" "$1"
    mkdir -p "$1/usr/bin"
    ln -s "$python" "$1/usr/bin/python3"
    install tests/sam/bootstrap.py "$1/var/runtime/bootstrap"
}

if docker version >/dev/null 2>&1; then
    exec "$@"
fi
[[ $EUID == 0 && -e /etc/debian_version ]] || left_out "$@"
if ! dpkg --status "${packages[@]}" >/dev/null 2>&1; then
    [[ ${CI:-} == true ]] || left_out "$@"
    install_packages
fi

folder=$(mktemp -d)
bridge=apikeys$((RANDOM % 10000))
engine=
export DOCKER_HOST=unix://$folder/docker.sock
trap stop_engine EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
start_engine
make_base_images
"$@"
