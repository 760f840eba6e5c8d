# Sourced by the scripts of tests/cli and tests/guest: the dory command of this tree, its own state below out/test-root
# (kept between runs, so that packages are downloaded once), and the words that tests/run counts.
# shellcheck shell=bash
PATH=$PATH:/usr/sbin:/sbin	# e2fsck, which a user's PATH does not show
unset TERM	# a program on a terminal is told; the caller's is no part of the tests
# Nor are the caller's open files: a program that asks of a descriptor that it never opened must meet none.
for fd in /proc/self/fd/*; do
	fd=${fd##*/}
	if [ "$fd" -gt 2 ] && [ "$fd" != 255 ]; then eval "exec $fd>&-"; fi # 255: the shell's own, of its script
done
unset fd
export DORY_ROOT=${DORY_TEST_ROOT:-$PWD/out/test-root}
export DORY_KERNEL=$PWD/out/share/dory/kernel.elf
# Every run ends: what hangs is killed and fails.
dory() { timeout -k 5 "${CHECK_TIMEOUT:-240}" out/bin/dory "$@"; }

# check NAME EXPECTED-STATUS EXPECTED-OUTPUT COMMAND...: runs it; its status and standard output must be these.
check() {
	local name=$1 want_status=$2 want=$3 got status
	shift 3
	got=$("$@" 2>"${TMPDIR:-/tmp}/check.$$.err" </dev/null); status=$?
	if [ "$status" = "$want_status" ] && [ "$got" = "$want" ]; then
		echo "ok $name"
	else
		echo "# status $status, expected $want_status; output:"; printf '%s\n' "$got" | head -n 15 | sed 's/^/#   /'
		echo "# expected:"; printf '%s\n' "$want" | head -n 15 | sed 's/^/#   /'
		tail -n 8 "${TMPDIR:-/tmp}/check.$$.err" | sed 's/^/# stderr: /'
		echo "FAIL $name"
	fi
	rm -f "${TMPDIR:-/tmp}/check.$$.err"
}

# check_error NAME EXPECTED-STATUS PATTERN COMMAND...: the status, and a line on standard error that matches the extended regular expression.
check_error() {
	local name=$1 want_status=$2 pattern=$3 err status
	shift 3
	err=$("$@" 2>&1 >/dev/null </dev/null); status=$?
	if [ "$status" = "$want_status" ] && grep -qE -- "$pattern" <<<"$err"; then
		echo "ok $name"
	else
		echo "# status $status, expected $want_status; no line matches '$pattern' in:"; printf '%s\n' "$err" | tail -n 12 | sed 's/^/#   /'
		echo "FAIL $name"
	fi
}
