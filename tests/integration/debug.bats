#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Real gdb on microVMs. After each session the program's own check passes, and no register was
# written that nobody changed.
# shellcheck disable=SC2016,SC2154 # what is $… here is gdb's; status_code is the helper's

load helper
load gdb

setup() {
	gdb_setup
	case $MACHINE in
	aarch64)
		vector='$v0' stack='$sp' scratch='$x9' result='$x0' POINTS=1 hbreak=hbreak
		;;
	*)
		vector='$vr0' stack='$r1' scratch='$r9' result='$r3' POINTS=0 hbreak=break
		;;
	esac
}

teardown() {
	gdb_teardown
}

# points: skips where the processor has no breakpoints or watchpoints for gdb.
points() {
	[ "$POINTS" = 1 ] || skip "KVM-HV has no breakpoints or watchpoints of the processor's to give"
}

# spin: a program that works until gdb tells it that it is finished.
spin() {
	mote run --name debuggee "$PROGRAMS/debuggee" spin >out 2>err 3>&- &
	STARTED=$!
	until grep -q running <(mote inspect debuggee 2>&1); do
		kill -0 $STARTED || return 1
		sleep 0.1
	done
}

# debug COMMANDS...: a session with what is already running, by `mote debug`.
debug() {
	local words=() word
	for word in "$@"; do words+=(-ex "$word"); done
	timeout 300 mote debug debuggee -nx -batch -ex 'set pagination off' -ex 'set confirm off' \
		"${words[@]}" 2>&1 | tee session
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

@test "a snapshot holds no trace of breakpoints, and gdb goes on after it" {
	start "$PROGRAMS/debuggee"
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'set breakpoint always-inserted on' \
		'break main' 'continue' \
		'break square' 'shell mote snapshot debuggee ./snap' 'continue' 'info breakpoints' \
		'shell mote snapshot --force debuggee ./snap' 'stepi' 'delete' 'detach'
	grep -q 'Breakpoint 2, square' session
	ended
	expect "$(cat out)" "all is well, answer 42"
	mote restore ./snap >out
	expect "$(cat out)" "all is well, answer 42"
}

@test "10,000 instructions: arithmetic, atomics, system calls" {
	start "$PROGRAMS/debuggee" mill
	before=$(metrics | sets)
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'break mill' 'continue' 'delete' \
		'next' 'next' \
		"shell curl -sS --unix-socket $BASE/debuggee/api.sock http://m/metrics >metrics" \
		'print counter' 'detach'
	steps=$(sed -n 's/^mote_exits_total{reason="debug"} //p' metrics)
	echo "# $steps debug exits" >&3
	[ "$steps" -gt 10000 ]
	# It went through the atomics, not over the line.
	grep -q '^\$1 = 20500' session
	# Where KVM does not step, a step is registers that are written and put back.
	sets <metrics >after
	[ "$MACHINE" != aarch64 ] || expect "$(cat after)" "$before"
	expect "$(grep -v runtime after)" "$(grep -v runtime <<<"$before")"
	ended
	expect "$(cat out)" "all is well, answer 42"
}

@test "a static-PIE is found where it is" {
	start "$PROGRAMS/position"
	run_gdb "file $PROGRAMS/position" 'target remote socket' 'break main' 'continue' \
		'info symbol $pc' 'detach'
	grep -q '^Breakpoint 1, .*main' session
	grep -q '^main' session
	ended
}

@test "a step of gdb's asks for no registers: the stop tells what it needs" {
	start "$PROGRAMS/debuggee" mill
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'break mill' 'continue' 'delete' \
		'stepi' 'set debug remote 1' 'stepi 20' 'set debug remote 0' 'detach'
	[ "$(grep -c 'Packet received: T05' session)" -ge 20 ]
	run ! grep -q 'Sending packet: \$[gp]' session
	ended
}

@test "mote debug: interrupt a busy loop, look, detach, come again" {
	spin
	before=$(metrics | sets)
	# It may be anywhere then, in the runtime too.
	debug 'shell (sleep 3; kill -INT $PPID) >/dev/null 2>&1 &' 'continue' 'info registers' \
		"print $vector" 'tbreak round_of_work' 'continue' 'backtrace' 'detach'
	grep -q 'SIGINT' session
	grep -q ' main (argc=2' session
	grep -q '^pc  *0x' session
	expect "$(metrics | sets)" "$before"
	expect "$(curl -sS --unix-socket "$BASE/debuggee/api.sock" http://m/application |
		cut -d, -f1)" '{"state":"running"'
	debug 'break round_of_work' 'continue' 'set variable finished = 1' "print $stack" \
		"set $scratch = 5" 'delete' 'detach'
	ended
	expect "$(cat out)" "all is well, answer 42"
}

@test "gdb is killed, with its breakpoints in the guest: the guest goes on" {
	spin
	debug 'break square' 'continue' 'disconnect'
	grep -q 'square (n=' session
	timeout 300 mote debug debuggee -nx -batch -ex 'break square if n == 1000' \
		-ex 'set breakpoint always-inserted on' -ex 'break fibonacci if n == 1000' \
		-ex 'shell echo $PPID >pid' -ex 'continue' >killed 2>&1 3>&- &
	until [ -s pid ]; do sleep 0.1; done
	sleep 2
	kill -9 "$(cat pid)"
	debug 'print finished' 'set variable finished = 1' 'detach'
	grep -q '^\$1 = false' session
	ended
	expect "$(cat out)" "all is well, answer 42"
}

@test "a register that gdb changes is changed in the guest" {
	start "$PROGRAMS/debuggee"
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'break square if n == 3' 'continue' \
		'delete' 'finish' "print $result" "set $result = 10" "print $result" 'detach'
	grep -q '^\$2 = 9' session
	grep -q '^\$3 = 10' session
	ended 1
	expect "$(cat out)" "something was changed, answer 42"
}

@test "a watchpoint without the processor's help" {
	start "$PROGRAMS/debuggee"
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'set can-use-hw-watchpoints 0' \
		'break square if n == 3' 'continue' 'watch watched' 'continue' 'print watched' 'delete' \
		'detach'
	grep -q '^Watchpoint 2: watched' session
	grep -q '^New value = 3' session
	ended
	expect "$(cat out)" "all is well, answer 42"
}

@test "watchpoints: write, read, access; as many as the host has" {
	points
	spin
	debug 'watch watched' 'continue' 'continue' 'delete' 'rwatch answer' \
		'awatch counter' 'continue' 'set variable finished = 1' 'delete' 'continue'
	expect "$(grep -c 'Hardware watchpoint 1: watched' session)" 3
	grep -q 'Hardware access (read/write) watchpoint 3: counter' session
	grep -q 'exited normally' session
	ended
	expect "$(cat out)" "all is well, answer 42"
}

@test "hardware breakpoints, as many as the host has" {
	points
	start "$PROGRAMS/debuggee"
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'hbreak square' 'continue' \
		'hbreak fibonacci' 'hbreak half' 'hbreak round_of_work' 'continue' 'continue' \
		'continue' 'delete' 'detach'
	grep -q 'Breakpoint 1, square (n=0)' session
	grep -q 'Breakpoint 3, half' session
	grep -q 'Breakpoint 2, fibonacci' session
	ended
	expect "$(cat out)" "all is well, answer 42"
}

@test "the program's own breakpoints stay its own" {
	start "$PROGRAMS/debuggee" trap
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' \
		'break square if n == 199' "$hbreak on_trap" 'continue' 'continue' 'continue' \
		'print trapped' 'delete' 'continue'
	expect "$(grep -c ', on_trap (signal=5' session)" 2
	grep -q '^\$1 = 1' session
	grep -q 'exited normally' session
	ended
	expect "$(cat out)" "all is well, answer 42"
}

@test "out of a signal's handler, instruction by instruction" {
	start "$PROGRAMS/debuggee" trap
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'tbreak on_trap' 'continue' \
		'finish' 'stepi 5' 'info symbol $pc' 'delete' 'continue'
	grep -q '^trap + ' session
	grep -q 'exited normally' session
	ended
	expect "$(cat out)" "all is well, answer 42"
}

@test "a crash stops where it is, and then takes its course" {
	start "$PROGRAMS/debuggee" crash
	run_gdb "file $PROGRAMS/debuggee" 'target remote socket' 'continue' 'backtrace' \
		'info registers pc' 'continue'
	grep -q 'Program received signal SIGSEGV' session
	grep -q '#0  .*crash (where=0x123450)' session
	grep -q 'terminated with signal SIGSEGV' session
	ended 139
	grep -q 'SIGSEGV: write to address 0x123450' err
}

@test "a crash without a debugger: registers, backtrace and access in the log, and a core" {
	mote run --detach --name debuggee --core core "$PROGRAMS/debuggee" crash
	mote logs -f debuggee >log
	grep -q '^mote: crash: SIGSEGV: write to address 0x123450 at pc 0x.* (debuggee+0x' log
	grep -q '#0  0x.* crash+0x' log
	grep -q '#[12]  0x.* main+0x' log
	for class in runtime fpsimd reset timer debug; do
		grep -q "^$class registers:" log
	done
	grep -q '^  X1 .*0x0000000000000001$\|^  GPR1 ' log
	run_gdb "file $PROGRAMS/debuggee" 'core-file core' 'backtrace' 'print answer' 'info registers pc'
	grep -q 'Program terminated with signal SIGSEGV' session
	grep -q '#0  .*crash (where=0x123450)' session
	grep -q '#1  .* main (argc=2' session
	grep -q '^\$1 = 42' session
	rm core
	run -139 mote run --core core "$PROGRAMS/debuggee" crash
	[ -s core ]
	run -0 mote run --core no-core "$PROGRAMS/debuggee"
	[ ! -e no-core ]
}

# bare COMMANDS…: a session with the guest at the API's socket.
bare() {
	run_gdb "file $GUESTS/own-debug" 'target remote gdb' "$@"
}

# What a guest's variable was printed as, by its number in the session.
value() {
	sed -n "s/^\\\$$1 = //p" session
}

# own_debug: the guest, with gdb at its socket before its first instruction.
own_debug() {
	vmm_start
	api PUT /machine-config -d '{"vcpu_count": 2, "mem_size_mib": 64}'
	api PUT /boot-source -d "{\"kernel_image_path\": \"$GUESTS/own-debug\"}"
	api PUT /debug -d '{"socket": "gdb"}'
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	expect "$status_code" 204
}

own_debug_ends() {
	sleep 1
	bare 'print (long)lost' 'set {int}&finished = 1' 'detach'
	expect "$(value 1)" 0
	api GET /application -H 'Prefer: wait=60'
	expect "$(json 'r["state"]')" exited
	expect "$(cat out)" "$(printf 'lost 0x0\ndebugged itself')"
	vmm_stop
}

@test "a guest that debugs itself, on two vCPUs: it stays its own debugger" {
	if [ "$MACHINE" = aarch64 ]; then with_points; else without_points; fi
}

with_points() {
	own_debug
	# From its first instruction, with translation off, to where it is on.
	bare 'print $pc == (long)&_start' 'print $SCTLR_EL1 & 1' 'set {int}&shared = 1' \
		'break one_round' 'continue' 'print $SCTLR_EL1 & 1' 'continue' 'continue' \
		'print (long)breakpoints > 0 && (long)traps > 0' 'print (long)lost' \
		'set {int}&shared = 0' 'detach'
	expect "$(value 1) $(value 2) $(value 3) $(value 4) $(value 5)" "1 0 1 1 0"
	sleep 1
	# Its breakpoint and its steps came back; then ours take their place for a while, and one
	# vCPU is stepped while the other goes on, or stands.
	bare 'print (long)lost' 'print (long)steps > 0' 'set {int}&shared = 1' 'hbreak one_round' \
		'continue' 'continue' 'print (long)beats' 'stepi 100' 'print (long)beats' \
		'set scheduler-locking on' 'stepi 20' 'print (long)beats' 'set scheduler-locking off' \
		'thread 2' 'stepi 5' 'print (long)lost' 'delete' 'set {int}&shared = 0' 'detach'
	expect "$(value 1) $(value 2)" "0 1"
	[ "$(value 4)" -gt "$(value 3)" ]
	expect "$(value 5)" "$(value 4)"
	expect "$(value 6)" 0
	sleep 1
	bare 'print (long)rounds - (long)breakpoints' 'detach'
	own_debug_ends
}

# Real mode; translation on, interrupts in real mode; translation on in both.
without_points() {
	own_debug
	bare 'print $pc == (long)&_start' 'print $msr & 0x30' 'break one_round' \
		'continue' 'print $msr & 0x30' 'continue' 'print $msr & 0x30' 'continue' \
		'print $msr & 0x30' 'print $LPCR >> 23 & 3' 'print (long)traps > 0' 'print (long)lost' \
		'detach'
	expect "$(value 1) $(value 2) $(value 3) $(value 4) $(value 5) $(value 6)" "1 0 0 48 48 3"
	expect "$(value 7) $(value 8)" "1 0"
	sleep 1
	# In each mode, its own steps and traps among the instructions; while one vCPU is stepped,
	# the other goes on, or stands.
	bare 'print (long)lost' 'print (long)steps > 0' 'break step_three' 'continue' \
		'print (long)beats' 'stepi 100' 'print (long)beats' 'print (long)lost' \
		'continue' 'stepi 100' 'continue' 'stepi 100' 'print (long)lost' 'print (long)beats' \
		'set scheduler-locking on' 'stepi 20' 'print (long)beats' 'set scheduler-locking off' \
		'thread 2' 'stepi 5' 'print (long)lost' 'print (long)others > 0' 'delete' 'detach'
	expect "$(value 1) $(value 2)" "0 1"
	[ "$(value 4)" -gt "$(value 3)" ]
	expect "$(value 5) $(value 6)" "0 0"
	expect "$(value 10)" 1
	expect "$(value 8)" "$(value 7)"
	expect "$(value 9)" 0
	own_debug_ends
}
