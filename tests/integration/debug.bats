#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Real gdb on microVMs. After each session the program's own check passes, and no register was
# written that nobody changed.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	state_base
	PATH=$TOP/gdb:$PATH MOTE_GDB=$TOP/gdb/gdb
	export MOTE_GDB
}

teardown() {
	mote kill debuggee 2>/dev/null || :
}

# commands… to gdb, one an argument.
run_gdb() {
	local words=() word
	for word in "$@"; do words+=(-ex "$word"); done
	timeout 300 gdb -q -nx -batch -ex 'set pagination off' -ex 'set confirm off' \
		-ex 'set remotetimeout 60' "${words[@]}" 2>&1 | tee -a session
}

# start PROGRAM [ARGS...]: it waits for gdb at ./socket.
start() {
	rm -f socket
	mote run --name debuggee --debug socket "$@" >out 2>err 3>&- &
	STARTED=$!
	until [ -S socket ]; do
		kill -0 $STARTED || return 1
		sleep 0.1
	done
}

ended() {
	local status=0
	wait $STARTED || status=$?
	expect "$status" "${1-0}"
}

# sets CLASS: how many registers of a class were written.
sets() {
	curl -sS --unix-socket "$BASE/debuggee/api.sock" http://m/metrics |
		sed -n "s/^mote_register_ioctls_total{class=\"$1\",op=\"set\"} //p"
}

# none_written [RUNTIME-REGISTERS]: but for the two that a start sets, and what gdb was told to.
none_written() {
	local class
	expect "$(sets runtime)" $((2 + ${1-0}))
	for class in fpsimd reset timer debug event feature; do
		expect "$class $(sets $class)" "$class 0"
	done
}

spinning() {
	start "$PROGRAMS/debuggee" spin
}

@test "break in main, step, finish, conditional breakpoints, change memory" {
	start "$PROGRAMS/debuggee"
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'info registers pc' \
		'break main' 'continue' 'backtrace' 'step' 'next' 'info threads' \
		'break square if n == 7' 'continue' 'backtrace' 'finish' 'print answer' \
		'set variable answer = 43' 'detach'
	grep -q 'Breakpoint 1, main (argc=1' session
	grep -q 'Breakpoint 2, square (n=7)' session
	grep -q '#2  .* in work ()' session
	grep -q 'Value returned is .* = 49' session
	grep -q 'Thread 1 "vCPU 0"' session
	ended
	expect "$(cat out)" "all is well, answer 43"
}

@test "10,000 instructions one by one: arithmetic, calls, system calls, atomics" {
	spinning
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'break main' 'continue' 'delete' \
		'stepi 10000' 'print counter' 'detach'
	# It is well in the loop of rounds, each of which adds to the counter.
	[ "$(sed -n 's/^\$1 = //p' session)" -gt 100 ]
	none_written
	run_gdb "file $PROGRAMS/debuggee" "target remote socket" 'set variable finished = 1' 'detach'
	ended
	expect "$(cat out)" "all is well, answer 42"
}
