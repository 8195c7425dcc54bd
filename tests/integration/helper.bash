# SPDX-License-Identifier: Apache-2.0
# What the integration tests share: where things are, and a monitor to talk to with curl.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

TOP=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
# shellcheck disable=SC2034 # used by the test files
MACHINE=$(uname -m) EXAMPLES=$TOP/examples PROGRAMS=$TOP/programs GUESTS=$TOP/guests REAL=$TOP/real

# state_base: sets BASE to where the state of running VMs is.
state_base() {
	mkdir -p "${XDG_RUNTIME_DIR:=$BATS_TEST_TMPDIR}"
	export XDG_RUNTIME_DIR
	BASE=$XDG_RUNTIME_DIR/mote
	[ "$(id -u)" != 0 ] || BASE=/run/mote
}

# vmm_start [OPTIONS...]: a monitor with its API at $SOCKET and its streams in files.
vmm_start() {
	SOCKET=$BATS_TEST_TMPDIR/api.sock
	mote-vmm --api-sock "$SOCKET" "$@" <"${VMM_STDIN:-/dev/null}" \
		>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	VMM=$!
	until [ -S "$SOCKET" ]; do
		kill -0 $VMM || return 1
	done
}

vmm_stop() {
	[ -z "${VMM-}" ] || { kill "$VMM" 2>/dev/null && wait "$VMM"; } || :
	VMM=
}

# api METHOD PATH [CURL-ARGUMENTS...]: sets status_code and reply.
api() {
	local method=$1 path=$2
	shift 2
	status_code=$(curl -sS --unix-socket "$SOCKET" -o "$BATS_TEST_TMPDIR/reply" \
		-w '%{http_code}' -X "$method" "http://localhost$path" "$@")
	reply=$(cat "$BATS_TEST_TMPDIR/reply")
}

# json EXPRESSION: evaluates a Python expression over the last reply, bound to r.
json() {
	python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' \
		"$BATS_TEST_TMPDIR/reply" "$1"
}

expect() {
	[ "$1" = "$2" ] || {
		printf 'got:      %s\nexpected: %s\n' "$1" "$2"
		return 1
	}
}

# put PATH BODY [STATUS AND REPLY]
put() {
	api PUT "$1" -d "$2"
	expect "$status_code $reply" "${3-204 }"
}

# start_program PROGRAM [ARGS...]: with $MEM MiB, $CPUS and $TRACK, until it runs.
start_program() {
	local arguments
	arguments=$(python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "${@:2}")
	put /machine-config "{\"vcpu_count\": ${CPUS-1}, \"mem_size_mib\": ${MEM-128},
		\"track_dirty_pages\": ${TRACK-false}}"
	put /application "{\"path\": \"$1\", \"args\": $arguments}"
	put /actions '{"action_type": "InstanceStart"}'
	until ! application_is starting; do :; done
}

application_is() {
	api GET /application
	[ "$(json 'r["state"]')" = "$1" ]
}

# Ends whatever `mote` started.
kill_all() {
	local id
	for id in $(mote ps | sed -n '2,$s/ .*//p'); do
		mote kill "$id"
	done
}
