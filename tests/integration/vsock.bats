#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Sockets between a guest and its host: programs of ours at both ends (tests/programs,
# vsock_peer.py).

load helper

# shellcheck disable=SC2154 # status_code and reply: set by api

setup() {
	UDS=$BATS_TEST_TMPDIR/v.sock
}

teardown() {
	# shellcheck disable=SC2086 # several
	kill ${PEERS-} 2>/dev/null || :
	tail -n 5 "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" || : # shown if it failed
	vmm_stop
}

peer() {
	timeout "${PATIENCE-300}" python3 "$BATS_TEST_DIRNAME/vsock_peer.py" "$UDS" "$@"
}

# with_vsock PROGRAM [ARGS...]: a VM that has the device, and a program that runs in it.
with_vsock() {
	vmm_start
	put /vsock "{\"guest_cid\": 5, \"uds_path\": \"$UDS\"}"
	start_program "$@"
}

# The echoing server of tests/programs, listening.
serve() {
	with_vsock "$PROGRAMS/vsock-server" 1234
	until grep -q listening "$BATS_TEST_TMPDIR/out"; do
		application_is running
	done
}

# It is as well as before, and ends when it is asked to.
quits() {
	peer echo
	peer quit
	until application_is exited; do :; done
	expect "$(json 'r["exit_code"]')" 0
	[ ! -s "$BATS_TEST_TMPDIR/err" ]
}

# A host that listens where a guest's port leads.
listens() {
	peer listen "$@" >"$BATS_TEST_TMPDIR/listen-$1" 3>&- &
	PEERS+=" $!"
	until grep -q ready "$BATS_TEST_TMPDIR/listen-$1"; do
		kill -0 $! || return 1
	done
}

says_ok() {
	until application_is exited; do :; done
	cat "$BATS_TEST_TMPDIR/out"
	expect "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" ok
}

@test "without the device: no such family" {
	vmm_start
	start_program "$PROGRAMS/vsock-calls" none
	says_ok
}

@test "system calls of sockets, and connections from the guest to the host" {
	listens 100
	listens 101 close
	with_vsock "$PROGRAMS/vsock-calls" 100 101 102
	says_ok
}

@test "a host that never reads: the guest's writes come to a stop" {
	listens 100 deaf
	with_vsock "$PROGRAMS/vsock-calls" deaf 100
	says_ok
}

@test "the configuration shows it, a start takes its path, the end gives it back" {
	serve
	[ -S "$UDS" ]
	api GET /vm/config
	expect "$(json 'r["vsock"]')" "{'guest_cid': 5, 'uds_path': '$UDS'}"
	api PUT /vsock -d '{"guest_cid": 5, "uds_path": "a"}'
	expect "$status_code" 400
	vmm_stop
	[ ! -e "$UDS" ]
}

@test "a path that is taken, or too long: the start says so" {
	touch "$UDS"
	vmm_start
	put /application "{\"path\": \"$PROGRAMS/vsock-server\"}"
	put /vsock "{\"guest_cid\": 5, \"uds_path\": \"$UDS\"}"
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	expect "$status_code" 400
	[[ $reply == *"$UDS exists and is not a socket"* ]]
	put /vsock "{\"guest_cid\": 5, \"uds_path\": \"/tmp/$(printf %0200d 0)\"}"
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	expect "$status_code" 400
	[[ $reply == *"the path is too long"* ]]
}

# saved: a snapshot of the VM, which is no more then.
saved() {
	api PATCH /vm -d '{"state": "Paused"}'
	put /snapshot/create "{\"snapshot_path\": \"$BATS_TEST_TMPDIR/state\",
		\"mem_file_path\": \"$BATS_TEST_TMPDIR/memory\"}"
	vmm_stop
}

# loaded [MORE]: it runs again.
loaded() {
	vmm_start
	put /snapshot/load "{\"snapshot_path\": \"$BATS_TEST_TMPDIR/state\",
		\"mem_file_path\": \"$BATS_TEST_TMPDIR/memory\", \"resume_vm\": true${1-}}"
}

@test "a hostile driver: the monitor is well, small, and serves the next one" {
	local resident
	listens 100
	listens 101 deaf
	vmm_start
	put /vsock "{\"guest_cid\": 5, \"uds_path\": \"$UDS\"}"
	put /machine-config '{"vcpu_count": 1, "mem_size_mib": 16}'
	put /boot-source "{\"kernel_image_path\": \"$GUESTS/vsock-hostile\"}"
	put /actions '{"action_type": "InstanceStart"}'
	until application_is exited; do
		expect "$status_code" 200
	done
	cat "$BATS_TEST_TMPDIR/out"
	expect "$(grep -c ': works' "$BATS_TEST_TMPDIR/out")" 6
	grep -q '^end' "$BATS_TEST_TMPDIR/out"
	resident=$(awk '/^VmHWM/ { print $2 }' "/proc/$VMM/status")
	echo "resident at most: $resident KiB"
	[ "$resident" -lt $((40 << 10)) ]
}

@test "a restore ends connections and keeps listeners" {
	serve
	peer hold >"$BATS_TEST_TMPDIR/hold" 3>&- &
	PEERS=$!
	until grep -q connected "$BATS_TEST_TMPDIR/hold"; do :; done
	saved
	wait "$PEERS" # its connections have ended
	loaded
	quits
}

@test "a guest in the middle of a read and of a poll hears of the restore" {
	listens 100
	with_vsock "$PROGRAMS/vsock-calls" lost 100 x
	until grep -q waiting "$BATS_TEST_TMPDIR/out"; do application_is running; done
	saved
	loaded
	says_ok
}

@test "vsock_override: the same guest behind another path" {
	serve
	saved
	UDS=$BATS_TEST_TMPDIR/other.sock
	loaded ", \"vsock_override\": {\"uds_path\": \"$UDS\"}"
	api GET /vm/config
	expect "$(json 'r["vsock"]["uds_path"]')" "$UDS"
	[ ! -e "$BATS_TEST_TMPDIR/v.sock" ]
	quits
}

@test "vsock_override of a snapshot without the device is refused" {
	vmm_start
	start_program "$PROGRAMS/hang"
	saved
	vmm_start
	api PUT /snapshot/load -d "{\"snapshot_path\": \"$BATS_TEST_TMPDIR/state\",
		\"mem_file_path\": \"$BATS_TEST_TMPDIR/memory\", \"vsock_override\": {\"uds_path\": \"a\"}}"
	expect "$status_code" 400
	[[ $reply == *"the snapshot has no vsock device"* ]]
}

@test "paused, nothing moves; resumed, everything does" {
	serve
	api PATCH /vm -d '{"state": "Paused"}'
	peer echo >"$BATS_TEST_TMPDIR/echo" 3>&- &
	PEERS=$!
	api GET / # which still answers
	expect "$status_code" 200
	kill -0 "$PEERS"
	[ ! -s "$BATS_TEST_TMPDIR/echo" ]
	api PATCH /vm -d '{"state": "Resumed"}'
	wait "$PEERS"
	quits
}

@test "host to guest: a line each way, then the stream comes back as it went" {
	serve
	peer echo
	quits
}

@test "64 connections at once" {
	serve
	peer many 64 60000
	quits
}

@test "halves: each end may close one and go on with the other" {
	serve
	peer half
	quits
}

@test "a port without a listener, and a line that is none: closed" {
	serve
	peer refused
	quits
}

@test "bytes in both directions at once, all of them right" {
	serve
	PATIENCE=$((300 + ${VSOCK_BULK-0} / 300000)) peer bulk "${VSOCK_BULK-33554432}"
	quits
}

@test "whoever leaves at whatever moment" {
	serve
	peer abrupt 60 6
	quits
}

@test "ends that never read hold up nobody else" {
	serve
	peer deaf
	quits
}
