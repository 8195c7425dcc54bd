#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# From the start to the end: pause, resume, stop, watchdog, and what is told about it.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	state_base
}

teardown() {
	vmm_stop
	kill_all
}

vm() {
	api PATCH /vm -d "{\"state\": \"$1\"}"
}

wait_for_end() {
	api GET /application -H 'Prefer: wait=60'
	expect "$status_code" 200
}

# CPU time of the monitor in ticks.
ticks() {
	awk '{ print $14 + $15 }' "/proc/$VMM/stat"
}

# Pauses what runs, and sees that nothing happens for two seconds.
pause_is_quiet() {
	local before size=0
	vm Paused
	expect "$status_code $reply" "204 "
	before=$(ticks)
	[ -p out ] || size=$(stat -c %s out)
	sleep 2
	[ $(($(ticks) - before)) -le 1 ]
	[ -p out ] || expect "$(stat -c %s out)" "$size"
	application_is paused
	api GET /
	expect "$(json 'r["state"]')" Paused
}

@test "a program that spins is paused and resumed" {
	vmm_start
	start_program "$REAL/busybox" sh -c 'while :; do :; done'
	pause_is_quiet
	vm Resumed
	expect "$status_code" 204
	application_is running
	before=$(ticks)
	until [ "$(ticks)" -gt $((before + 5)) ]; do :; done
}

@test "a program that sleeps is paused and resumed" {
	vmm_start
	start_program "$REAL/busybox" sleep 10
	pause_is_quiet
	vm Resumed
	wait_for_end
	expect "$(json '(r["state"], r["exit_code"])')" "('exited', 0)"
}

@test "a program that floods its output is paused and resumed, byte for byte" {
	vmm_start
	start_program "$REAL/busybox" seq 1 1500000
	pause_is_quiet
	for _ in 1 2 3 4 5; do
		vm Resumed
		vm Paused # refused if it has come to its end
	done
	vm Resumed
	wait_for_end
	seq 1 1500000 | cmp - out
}

@test "a program that is stuck in its output is paused and resumed, byte for byte" {
	mkfifo out
	exec 8<>out
	vmm_start
	start_program "$REAL/busybox" seq 1 400000
	seq 1 400000 >all
	until python3 -c 'import array, fcntl, sys, termios
n = array.array("i", [0]); fcntl.ioctl(8, termios.FIONREAD, n)
sys.exit(n[0] < fcntl.fcntl(8, fcntl.F_GETPIPE_SZ))'; do :; done
	pause_is_quiet
	vm Resumed
	head -c "$(stat -c %s all)" <&8 >got
	wait_for_end
	cmp all got
	exec 8>&-
}

@test "a guest that spins in kernel mode is paused and resumed, on every vCPU" {
	vmm_start
	put /machine-config '{"vcpu_count": 2, "mem_size_mib": 64}'
	put /boot-source "{\"kernel_image_path\": \"$GUESTS/spin\"}"
	put /actions '{"action_type": "InstanceStart"}'
	pause_is_quiet
	vm Resumed
	expect "$status_code" 204
	api PUT /actions -d '{"action_type": "SendCtrlAltDel"}'
	expect "$status_code" 400
	[[ $reply == *"SendCtrlAltDel: only an application"* ]]
}

@test "pause and resume in every state" {
	vmm_start
	for state in Paused Resumed; do
		vm $state
		expect "$status_code" 400
		[[ $reply == *"before starting the microVM"* ]]
	done
	start_program "$EXAMPLES/cat/cat" /dev/zero
	for state in Resumed Paused Paused Resumed Resumed; do
		vm $state
		expect "$status_code $reply" "204 "
	done
	api PATCH /vm -d '{"state": "Resumed", "clock": "guest"}'
	expect "$status_code $reply" "204 "
	api PATCH /vm -d '{"state": "Resumed", "clock": "wall"}'
	expect "$status_code" 204
	api PATCH /application -d '{"signal": 9}'
	wait_for_end
	for state in Paused Resumed; do
		vm $state
		expect "$status_code" 400
		[[ $reply == *"has ended"* ]]
	done
}

@test "a signal to a paused program comes when it goes on" {
	vmm_start
	start_program "$REAL/busybox" sh -c 'trap "echo bye; exit 3" TERM; while :; do :; done'
	vm Paused
	put /actions '{"action_type": "SendCtrlAltDel"}'
	application_is paused
	vm Resumed
	wait_for_end
	expect "$(json '(r["state"], r["exit_code"])')" "('exited', 3)"
	expect "$(cat out)" bye
}

@test "SendCtrlAltDel ends a program without a handler" {
	vmm_start
	start_program "$REAL/busybox" sleep 100
	put /actions '{"action_type": "SendCtrlAltDel"}'
	wait_for_end
	expect "$(json '(r["state"], r["signal"])')" "('crashed', 15)"
}

@test "mote pause, ps, resume, stop" {
	id=$(mote run --detach "$REAL/busybox" sleep 100)
	mote pause "$id"
	mote ps >list
	[[ $(head -1 list) == ID* ]]
	[[ $(grep "^$id " list) == *paused* ]]
	mote resume "$id"
	[[ $(mote ps | grep "^$id ") == *running* ]]
	[[ $(mote inspect "$id") == *'"state": "running"'* ]]
	mote pause "$id"
	SECONDS=0
	mote stop "$id"
	[ $SECONDS -lt 5 ]
	run ! grep -q "^$id " <(mote ps)
	for command in pause resume; do
		run -125 mote $command "$id"
		[[ $output == *"no microVM is named"* ]]
	done
}

@test "mote stop kills what does not listen" {
	id=$(mote run --detach "$REAL/busybox" sh -c 'trap "" TERM; echo up; while :; do :; done')
	until [ "$(mote logs "$id")" = up ]; do :; done
	SECONDS=0
	mote stop "$id" --timeout 2
	[ $SECONDS -ge 2 ]
	expect "$(mote ps | grep -c "^$id ")" 0
}

@test "the watchdog leaves programs alone that sleep, spin or wait for a reader" {
	mkfifo out
	exec 8<>out
	for program in sleep 'while :; do :; done' 'while :; do echo 0123456789; done'; do
		vmm_start
		put /watchdog '{"timeout_ms": 400, "action": "stop"}'
		if [ "$program" = sleep ]; then
			start_program "$REAL/busybox" sleep 100
		else
			start_program "$REAL/busybox" sh -c "$program"
		fi
		sleep 2
		api GET /application
		expect "$(json '(r["state"], r["reason"])')" "('running', '')"
		vmm_stop
	done
	exec 8>&-
}

@test "the watchdog reports a guest that does not answer, and that it answers again" {
	vmm_start
	put /logger '{"log_path": "log", "level": "Info", "show_level": true}'
	put /watchdog '{"timeout_ms": 10}'
	MEM=256 start_program "$PROGRAMS/hang" 2
	until grep -q . out; do
		kill -0 "$VMM"
	done
	grep -q 'Warning: watchdog: the guest has not answered for 10 ms' log
	until grep -q 'watchdog: the guest answers again' log; do :; done
	api GET /metrics
	[[ $reply =~ mote_watchdog_reports_total\ [1-9] ]]
	[[ $reply == *'mote_watchdog_unresponsive 0'* ]]
	application_is running
}

@test "the watchdog stops a guest that does not answer" {
	vmm_start
	put /watchdog '{"timeout_ms": 10, "action": "stop"}'
	MEM=256
	put /machine-config '{"vcpu_count": 1, "mem_size_mib": 256}'
	put /application "{\"path\": \"$PROGRAMS/hang\", \"args\": [\"1000\"]}"
	put /actions '{"action_type": "InstanceStart"}'
	wait_for_end
	expect "$(json '(r["state"], r["exit_code"], r["signal"], r["reason"])')" \
		"('crashed', None, None, 'watchdog: the guest has not answered for 10 ms')"
}

@test "the watchdog is for applications" {
	vmm_start
	put /watchdog '{"timeout_ms": 1000}'
	api PUT /boot-source -d "{\"kernel_image_path\": \"$GUESTS/uart-hello\"}"
	expect "$status_code" 400
	[[ $reply == *watchdog* ]]
}

@test "the output of a detached program is kept up to a bound" {
	id=$(mote run --detach "$REAL/busybox" seq 1 700000)
	mote logs -f "$id" | tail -n 1 >last
	expect "$(cat last)" 700000
	[ "$(stat -c %s "$BASE/$id/log")" -gt 4000000 ]
	[ "$(du -k "$BASE/$id/log" | cut -f 1)" -le 2200 ]
	mote logs "$id" >kept
	expect "$(tail -n 1 kept)" 700000
	expect "$(wc -l <kept)" $((700001 - $(head -n 1 kept)))
	[ "$(wc -c <kept)" -ge 1000000 ]
}

@test "metrics by HTTP and in a file" {
	vmm_start --metrics-path metrics
	start_program "$REAL/bash-static" -c '(echo forked); while :; do :; done'
	api GET /metrics
	expect "$status_code" 200
	for name in mote_exits_total mote_register_ioctls_total mote_unknown_syscalls_total \
		mote_guest_resident_bytes; do
		[[ $reply == *"# HELP $name "*"# TYPE $name "* ]]
	done
	[[ $reply =~ mote_exits_total\{reason=\"mmio\"\}\ [1-9] ]]
	[[ $reply =~ mote_register_ioctls_total\{class=\"runtime\",op=\"set\"\}\ [1-9] ]]
	[[ $reply =~ mote_unknown_syscalls_total\{name=\"clone\"\}\ [1-9] ]]
	[[ $reply =~ mote_guest_resident_bytes\ ([0-9]+) ]]
	[ "${BASH_REMATCH[1]}" -gt 1000000 ]
	[ "${BASH_REMATCH[1]}" -le $((128 << 20)) ]
	put /actions '{"action_type": "FlushMetrics"}'
	expect "$(wc -l <metrics)" 1
	vmm_stop
	expect "$(wc -l <metrics)" 2
	python3 -c 'import json, sys
for line in open("metrics"): assert json.loads(line)["mote_exits_total"]["mmio"] > 0'
}

@test "the serial console goes to a file" {
	vmm_start
	put /serial '{"serial_out_path": "serial"}'
	put /boot-source "{\"kernel_image_path\": \"$GUESTS/uart-hello\"}"
	put /actions '{"action_type": "InstanceStart"}'
	wait_for_end
	expect "$(cat serial)" "hello from the UART"
	expect "$(cat out)" ""
}

@test "a part of the machine is changed" {
	vmm_start
	api PATCH /machine-config -d '{"mem_size_mib": 40}'
	expect "$status_code" 204
	api PATCH /machine-config -d '{"vcpu_count": 2}'
	expect "$status_code" 204
	api GET /machine-config
	expect "$(json '(r["vcpu_count"], r["mem_size_mib"])')" "(2, 40)"
}

@test "a configuration file sets logger, metrics, serial and watchdog" {
	cat >c.json <<-END
		{"watchdog": {"timeout_ms": 5000, "action": "stop"}, "logger": {"log_path": "log"},
		 "metrics": {"metrics_path": "metrics"}, "serial": {"serial_out_path": "serial"},
		 "application": {"path": "$REAL/busybox", "args": ["false"]}}
	END
	run -1 mote-vmm --no-api --config-file c.json
	expect "$(wc -l <metrics)" 1
	[ -e log ]
	[ -e serial ]
}

# register NAME [VCPU]: its value in the file `registers`, from `mote inspect --registers --json`
register() {
	python3 -c 'import json, sys
vcpu = json.load(open("registers"))["vcpus"][int(sys.argv[2])]
print(*[r["value"] for c in vcpu["classes"].values() for r in c if r["name"] == sys.argv[1]])' \
		"$1" "${2-0}"
}

@test "mote inspect --registers, of a paused microVM" {
	id=$(mote run --detach --cpus 2 "$REAL/busybox" sh -c 'while :; do :; done')
	run -125 mote inspect --registers "$id"
	[[ $output == *"paused or has ended"* ]]
	mote pause "$id"
	mote inspect --registers "$id" >text
	mote inspect --registers --json "$id" >registers
	expect "$(grep -c '^vCPU' text)" 2
	for class in runtime fpsimd reset timer debug event feature; do
		grep -qx $class text
	done
	grep -q "^  PC  *$(register PC)" text
	[[ $(register PC) =~ ^0x[0-9a-f]{16}$ ]]
	# A vector register; classes that a start writes nothing of.
	local vector=V0 untouched=6
	[ "$MACHINE" != ppc64le ] || vector=VR0 untouched=5
	[ "$(register $vector)" ]
	# Looking has changed nothing, and what it found was kept.
	expect "$(register PC)" "$(mote inspect --registers "$id" | sed -n 's/^  PC *\([^ ]*\) valid$/\1/p' | head -1)"
	expect "$(curl -s --unix-socket "$BASE/$id/api.sock" http://l/metrics |
		grep -c 'op="set"} 0$')" $untouched
	mote resume "$id"
	mote stop "$id" --timeout 1
}

@test "mote inspect --registers, of a guest that has crashed" {
	id=$(mote run --detach "$REAL/busybox" sh -c 'kill -11 $$')
	until mote ps | grep "^$id " | grep -q crashed; do :; done
	mote inspect --registers --json "$id" >registers
	[[ $(register PC) =~ ^0x[0-9a-f]{16}$ ]]
	mote kill "$id"
}
