# SPDX-License-Identifier: Apache-2.0
# Sessions of gdb with a microVM that runs tests/programs/debuggee.c.
# shellcheck shell=bash disable=SC2016,SC2154 # what is $… here is gdb's; the helper sets PROGRAMS

# gdb_setup: a directory of the test's own, and the gdb that runs here.
gdb_setup() {
	cd "$BATS_TEST_TMPDIR" || return
	state_base
	PATH=$TOP/gdb:$PATH MOTE_GDB=$TOP/gdb/gdb
	export MOTE_GDB
}

gdb_teardown() {
	mote kill debuggee 2>/dev/null || :
}

# commands… to gdb, one an argument; it has $SECONDS_OF_GDB.
run_gdb() {
	local words=() word
	for word in "$@"; do words+=(-ex "$word"); done
	timeout "${SECONDS_OF_GDB-300}" gdb -q -nx -batch -ex 'set pagination off' \
		-ex 'set confirm off' -ex 'set remotetimeout 60' "${words[@]}" 2>&1 | tee session
}

# start PROGRAM [ARGS...]: it waits for gdb at ./socket.
start() {
	rm -f socket
	mote run --name debuggee --debug socket "$@" >out 2>err 3>&- &
	STARTED=$!
	until [ -S socket ]; do
		kill -0 "$STARTED" || return 1
		sleep 0.1
	done
}

# ended [STATUS]: the program has.
# shellcheck disable=SC2120 # the test files give one
ended() {
	local status=0
	wait "$STARTED" || status=$?
	expect "$status" "${1-0}"
}

metrics() {
	curl -sS --unix-socket "$BASE/debuggee/api.sock" http://m/metrics
}

# sets <METRICS: how many registers of each class were written.
sets() {
	sed -n 's/^mote_register_ioctls_total{class="\(.*\)",op="set"} /\1 /p'
}

# one_by_one COUNT: so many stepi, through arithmetic, calls of the system and atomics.
one_by_one() {
	local before steps
	start "$PROGRAMS/debuggee" mill
	before=$(metrics | sets)
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'break mill' 'continue' 'delete' \
		"stepi $1" 'print counter > 19900' 'info symbol $pc' \
		"shell curl -sS --unix-socket $BASE/debuggee/api.sock http://m/metrics >metrics" 'detach'
	grep -q '^\$1 = 1' session
	grep -q '^mill' session
	steps=$(sed -n 's/^mote_exits_total{reason="debug"} //p' metrics)
	[ "$steps" -ge "$1" ]
	# Where KVM does not step, a step is registers that are written and put back.
	sets <metrics >after
	[ "$MACHINE" != aarch64 ] || expect "$(cat after)" "$before"
	expect "$(grep -v runtime after)" "$(grep -v runtime <<<"$before")"
	ended 0
	expect "$(cat out)" "all is well, answer 42"
}
