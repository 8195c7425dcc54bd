#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A host that breaks: a full disk, a reader that does not read, processes that are killed at
# any moment. Nothing hangs, nothing is left, the next start works.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	state_base
}

teardown() {
	vmm_stop
	! mountpoint -q full || umount full
}

monitors() {
	grep -lx mote-vmm /proc/[0-9]*/comm 2>/dev/null
}

# eventually COMMAND...: within ten seconds
eventually() {
	local end=$((SECONDS + 10))
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
	done
}

none_left() {
	! monitors
}

# A start under the same name works, and leaves nothing.
expect_next_start() {
	expect "$(mote run --name victim "$REAL/busybox" echo alive)" alive
	eventually none_left
	[ ! -e "$BASE/victim" ] || {
		ls -la "$BASE/victim"
		return 1
	}
}

# strike SIGNAL mote|mote-vmm: a start that is hit within its first 150 ms. Sets status.
strike() {
	local mote target
	mote run --name victim "$REAL/busybox" sleep 1000 </dev/null >out 2>&1 3>&- &
	mote=$!
	sleep "0.$(printf %03d $((RANDOM % 150)))"
	target=$mote
	if [ "$2" = mote-vmm ]; then
		# Not there yet: then it is hit as early as it can be.
		until target=$(cat /proc/$mote/task/$mote/children) && [ -n "$target" ]; do
			kill -0 $mote
		done
	fi
	# shellcheck disable=SC2086 # one number and a space
	kill -s "$1" $target
	status=0
	wait $mote || status=$?
	eventually none_left
}

@test "a log on a full disk loses lines, not the program" {
	[ "$(id -u)" = 0 ] || skip "needs root to mount a small file system"
	mkdir full
	mount -t tmpfs -o size=64k tmpfs full
	dd if=/dev/zero of=full/ballast bs=4k 2>/dev/null || :
	vmm_start --log-path full/log --level Debug
	api PUT /application -d "{\"path\": \"$REAL/busybox\", \"args\": [\"echo\", \"said\"]}"
	expect "$status_code" 204
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	expect "$status_code" 204
	api GET /application -H 'Prefer: wait=60'
	expect "$(json '(r["state"], r["exit_code"])')" "('exited', 0)"
	expect "$(cat "$BATS_TEST_TMPDIR/out")" said
	vmm_stop
	umount full
}

@test "output to a full disk is the program's error" {
	run -1 --separate-stderr sh -c "mote run '$REAL/busybox' echo lost >/dev/full"
	# shellcheck disable=SC2154 # set by run
	[[ $stderr == *"No space left"* ]]
}

@test "a reader that never reads: stop and kill end it all the same" {
	local how reader mote
	mkfifo fifo
	for how in stop kill; do
		sleep 1000 <fifo 3>&- &
		reader=$!
		mote run --name victim "$REAL/busybox" yes >fifo 2>/dev/null 3>&- &
		mote=$!
		eventually sh -c 'mote inspect victim 2>/dev/null | grep -q running'
		timeout 30 mote $how victim
		wait $mote || :
		kill $reader
		wait $reader || :
		eventually none_left
		[ ! -e "$BASE/victim" ]
	done
}

@test "kill -9 of mote at any moment of a start" {
	for _ in $(seq 25); do
		strike KILL mote
		expect $status 137
	done
	expect_next_start
}

@test "what a killed start left is removed by the next, whatever its name" {
	mote ps
	mkdir "$BASE/bare" "$BASE/left"
	: >"$BASE/left/pid"
	: >"$BASE/left/.api.sock"
	mote run "$REAL/busybox" true
	[ ! -e "$BASE/bare" ]
	[ ! -e "$BASE/left" ]
}

@test "kill -9 of the monitor at any moment of a start" {
	for _ in $(seq 25); do
		strike KILL mote-vmm
		[ $status != 0 ]
		[ ! -e "$BASE/victim" ] || {
			ls -la "$BASE/victim"
			return 1
		}
	done
	expect_next_start
}

@test "SIGTERM to either at any moment of a start" {
	for _ in $(seq 10); do
		strike TERM mote
		expect $status 143
		[ ! -e "$BASE/victim" ]
		strike TERM mote-vmm
		[ $status != 0 ]
		[ ! -e "$BASE/victim" ]
	done
	expect_next_start
}
