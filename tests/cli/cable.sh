# Sourced by tests that put a machine at one end of a cable and a program of ours at the other (peer_wire.py): QEMU is a script then, which adds the cable.
# Before tests/cli/environment.sh; $work is the test's folder.
# shellcheck shell=bash
export DORY_TEST_ROOT=$work/root
mkdir "$work/root"
echo "qemu: $work/qemu" >"$work/root/config.yaml"
cat >"$work/qemu" <<'SCRIPT'
#!/usr/bin/env bash
words=() before=
for word; do
	[ "$before" != -append ] || word="$word ${CABLE_IP:-ip=10.0.0.2::10.0.0.1:24::eth0:none}"
	words+=("$word"); before=$word
done
# shellcheck disable=SC2086  # options are words
exec qemu-system-x86_64 "${words[@]}" $CABLE
SCRIPT
chmod +x "$work/qemu"

# cable FOLDER DEVICE [OPTIONS]: QEMU's options for a device with a cable to who holds the folder's socket "peer"
cable() {
	echo "-netdev dgram,id=cable,local.type=unix,local.path=$1/guest,remote.type=unix,remote.path=$1/peer" \
		"-device $2,netdev=cable,id=cable0${3:+,$3} -monitor unix:$1/monitor,server=on,wait=off ${MORE:-}"
}

# expected STEP...: what a peer prints if all is well, a line a step
expected() { printf '%s ok\n' "$@"; }
