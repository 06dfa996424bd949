#!/usr/bin/env bash
# Proves the two commands of the README on a machine that has Node 20 and npm and little else: a fresh clone of HEAD,
# run as an ordinary user in a bubblewrap without display, D-Bus, keyring, libsecret, compiler, Python or git.
# The network stays, for npm's registry; npm's cache is shared to be quick.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/home" "$work/empty"
git clone --quiet --no-hardlinks "$root" "$work/home/nucleus"
printf 'root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n' >"$work/passwd"
printf 'root:x:0:\nuser:x:1000:\n' >"$work/group"

# Node and npm of the machine, not the newer Node of node_modules/.bin that "npm run" puts first.
path=$(printf '%s' "$PATH" | tr ':' '\n' | grep -v node_modules | paste -sd:)
node=$(PATH=$path command -v node)
case $node in
  /usr/bin/* | /bin/*) ;;
  *)
    echo "this proof wants Node from a Debian package in /usr/bin, and node is $node" >&2
    exit 1
    ;;
esac

# What a bare machine lacks. A device that is no program and no library hides each; links are followed first.
masks=()
hide() {
  local file
  for file in "$@"; do
    [ -f "$file" ] && masks+=("$(realpath "$file")")
  done
  return 0
}
for dir in /usr/bin /usr/local/bin; do
  hide "$dir"/{gcc,g++,cc,c++,cpp,clang,ld,as,make,cmake,ninja,rustc,cargo,go,pkg-config}{,-[0-9]*} \
    "$dir"/*-linux-gnu-{gcc,g++,cpp,ld,as}* "$dir"/python* "$dir"/git{,-*} \
    "$dir"/{dbus-*,gnome-keyring*,secret-tool,Xvfb,Xorg,xvfb-run,bwrap,strace,docker}
done
hide /usr/lib/*/libsecret-1.so* /usr/lib/libsecret-1.so* /usr/lib64/libsecret-1.so*
mapfile -t masks < <(printf '%s\n' "${masks[@]}" | sort -u)

sandbox=(
  bwrap --unshare-user --uid 1000 --gid 1000 --unshare-pid --unshare-ipc --unshare-uts --hostname bare
  --die-with-parent --new-session --clearenv
  --ro-bind /usr /usr --ro-bind /etc /etc
  --ro-bind "$work/passwd" /etc/passwd --ro-bind "$work/group" /etc/group
  --proc /proc --dev /dev --tmpfs /tmp --tmpfs /run --tmpfs /var
  --bind "$work/home" /home/user --chdir /home/user/nucleus
  --setenv HOME /home/user --setenv USER user --setenv LOGNAME user --setenv LANG C.UTF-8
  --setenv PATH /usr/bin:/bin --setenv CI true
)
for link in bin sbin lib lib32 lib64; do
  if [ -L "/$link" ]; then
    sandbox+=(--symlink "$(readlink "/$link")" "/$link")
  elif [ -d "/$link" ]; then
    sandbox+=(--ro-bind "/$link" "/$link")
  fi
done
# The machine's own way to its registry, without printing it.
setting() {
  local value
  value=$(cd / && npm config get "$1" 2>/dev/null)
  if [ -n "$value" ] && [ "$value" != null ] && [ "$value" != undefined ]; then printf '%s' "$value"; fi
}
registry=$(setting registry)
certificates=$(setting cafile)
cache=$(setting cache)
[ -n "$registry" ] && sandbox+=(--setenv npm_config_registry "$registry")
[ -n "$certificates" ] && sandbox+=(--ro-bind-try "$certificates" "$certificates" --setenv npm_config_cafile "$certificates")
if [ -d "$cache" ]; then
  sandbox+=(--bind "$cache" /home/user/.npm --setenv npm_config_cache /home/user/.npm)
fi
# Host names that only this machine's files know are in /etc, which is there.
for mask in "${masks[@]}"; do sandbox+=(--ro-bind /dev/null "$mask"); done

cat >"$work/home/probe.cjs" <<'PROBE'
// Prints what of a rich machine is here: libsecret by loading it, programs by running them.
const { spawnSync } = require('node:child_process');
const found = [];
try {
  process.dlopen({ exports: {} }, 'libsecret-1.so.0');
} catch (error) {
  // Node complains that a library it could load is no addon of its own.
  if (/self-register|symbol/.test(error.message)) found.push('libsecret');
}
for (const program of ['gcc', 'cc', 'make', 'python3', 'git', 'dbus-daemon', 'gnome-keyring-daemon', 'bwrap'])
  if (!spawnSync(program, ['--version']).error) found.push(program);
for (const name of ['DISPLAY', 'WAYLAND_DISPLAY', 'DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'NUCLEUS_VAULT_PASSPHRASE'])
  if (process.env[name]) found.push(name);
console.log(found.join(' '));
PROBE

echo "hidden: ${#masks[@]} programs and libraries"
outside=$("$node" "$work/home/probe.cjs")
case " $outside " in
  *' libsecret '*) ;;
  *) echo "the probe finds no libsecret outside either, so it would prove nothing (found: $outside)" >&2; exit 1 ;;
esac
inside=$("${sandbox[@]}" node /home/user/probe.cjs)
if [ -n "$inside" ]; then
  echo "the bare machine is not bare, it has: $inside" >&2
  exit 1
fi
echo "outside: $outside; inside: nothing of it"
"${sandbox[@]}" sh -c 'echo "inside: uid $(id -u), Node $(node -v), npm $(npm -v 2>/dev/null)"'
case $("${sandbox[@]}" node -p 'process.versions.node') in
  1[0-9].* | 2[01].*) ;;
  *) echo 'note: the plain Node here is not an old one, so this run does not prove that one works' ;;
esac

step() {
  local began=$SECONDS
  printf '\n-- %s\n' "$1"
  "${sandbox[@]}" sh -c "$1" </dev/null
  printf -- '-- took %s s\n' "$((SECONDS - began))"
}
step 'npm ci --no-audit --no-fund'
if "${sandbox[@]}" node -e 'require("keytar")' 2>/dev/null; then
  echo 'the keychain library loads on the bare machine: the masks do not hold' >&2
  exit 1
fi
began=$SECONDS
step 'npm run --silent demo'
if [ "$((SECONDS - began))" -gt 15 ]; then
  echo 'the demo may take 15 s after the install' >&2
  exit 1
fi
# What a bare machine could break: the unit tests, and every other test that asks for a tool. NUCLEUS_BARE=all takes all.
# The plain closing line of a run is the one of the last and complete one, so this one's is indented.
words='unit/ layers requirements docs/ $(grep -rlE "needs\(|isRoot" test/gateway)'
[ "${NUCLEUS_BARE:-}" = all ] && words=
step "npm test --silent -- $words"' >/tmp/out 2>&1; code=$?; sed "s/^/  /" /tmp/out; exit $code'
