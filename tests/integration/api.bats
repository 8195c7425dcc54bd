#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The monitor over its socket, with curl alone.

load helper

teardown() {
	vmm_stop
}

start_instance() {
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	expect "$status_code $reply" "204 "
}

wait_for_end() {
	api GET /application -H 'Prefer: wait=60'
	expect "$status_code" 200
}

@test "a bare-metal guest prints on the UART and switches itself off" {
	vmm_start
	api GET /
	expect "$(json 'r["state"] + " " + r["id"]')" "Not started anonymous-instance"
	api PUT /boot-source -d "{\"kernel_image_path\": \"$GUESTS/uart-hello\"}"
	expect "$status_code" 204
	start_instance
	wait_for_end
	expect "$(json 'r["state"]')" exited
	expect "$(cat "$BATS_TEST_TMPDIR/out")" "hello from the UART"
}

@test "an application runs, ends, and the monitor still answers" {
	vmm_start --id first-light
	api PUT /machine-config -d '{"vcpu_count": 1, "mem_size_mib": 32}'
	expect "$status_code" 204
	api PUT /application -d "{\"path\": \"$EXAMPLES/hello/hello\"}"
	expect "$status_code" 204
	start_instance
	wait_for_end
	expect "$(json '(r["state"], r["exit_code"], r["signal"])')" "('exited', 0, None)"
	grep -q . "$BATS_TEST_TMPDIR/out"
	api GET /
	expect "$status_code $(json 'r["id"]')" "200 first-light"
	api GET /application
	expect "$(json 'r["state"]')" exited
}

@test "arguments and environment arrive as they were sent" {
	vmm_start
	api PUT /application -d "{\"path\": \"$REAL/busybox\", \"args\": [\"env\"],
		\"env\": {\"A\": \"b c\", \"GREETING\": \"grüß dich\", \"EMPTY\": \"\"}}"
	expect "$status_code $reply" "204 "
	start_instance
	wait_for_end
	expect "$(sort "$BATS_TEST_TMPDIR/out")" "$(printf 'A=b c\nEMPTY=\nGREETING=grüß dich')"
}

@test "after the start, what is pre-boot only is refused" {
	vmm_start
	api PUT /application -d "{\"path\": \"$REAL/busybox\", \"args\": [\"sleep\", \"60\"]}"
	start_instance
	for path in /machine-config /boot-source /application; do
		case $path in
		/machine-config) body='{"vcpu_count": 1, "mem_size_mib": 64}' ;;
		/boot-source) body='{"kernel_image_path": "x"}' ;;
		*) body='{"path": "x"}' ;;
		esac
		api PUT $path -d "$body"
		expect "$status_code" 400
		[[ $reply == *"not supported after starting"* ]]
	done
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	expect "$status_code" 400
}

@test "a signal before the start is refused; after it, it ends the program" {
	vmm_start
	api PATCH /application -d '{"signal": 15}'
	expect "$status_code" 400
	api PUT /application -d "{\"path\": \"$REAL/busybox\", \"args\": [\"sleep\", \"60\"]}"
	start_instance
	until api GET /application && [ "$(json 'r["state"]')" = running ]; do :; done
	api PATCH /application -d '{"signal": 15}'
	expect "$status_code" 204
	wait_for_end
	expect "$(json '(r["state"], r["signal"])')" "('crashed', 15)"
}

@test "a second configuration of the other kind is refused" {
	vmm_start
	api PUT /application -d "{\"path\": \"$EXAMPLES/hello/hello\"}"
	expect "$status_code" 204
	api PUT /boot-source -d '{"kernel_image_path": "x"}'
	expect "$status_code" 400
}

@test "a start without anything to boot, or with a missing kernel, can be mended" {
	vmm_start
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	expect "$status_code" 400
	api PUT /boot-source -d '{"kernel_image_path": "/nowhere/kernel"}'
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	expect "$status_code" 400
	[[ $reply == *"/nowhere/kernel"* ]]
	api PUT /boot-source -d "{\"kernel_image_path\": \"$GUESTS/uart-hello\"}"
	expect "$status_code" 204
	start_instance
	wait_for_end
	expect "$(json 'r["state"]')" exited
}

@test "two vCPUs, four vCPUs, too many vCPUs" {
	for count in 2 4; do
		vmm_start
		api PUT /machine-config -d "{\"vcpu_count\": $count, \"mem_size_mib\": 64}"
		api PUT /application -d "{\"path\": \"$EXAMPLES/hello/hello\"}"
		start_instance
		wait_for_end
		expect "$(json '(r["state"], r["exit_code"])')" "('exited', 0)"
		vmm_stop
	done
	vmm_start
	api PUT /machine-config -d '{"vcpu_count": 33, "mem_size_mib": 64}'
	expect "$status_code" 400
	[[ $reply == *vcpu_count* ]]
}

@test "GET / is answered while the guest's output is stuck" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	SOCKET=$BATS_TEST_TMPDIR/api.sock
	sleep 1000 3>&- <"$BATS_TEST_TMPDIR/fifo" &
	reader=$!
	mote-vmm --api-sock "$SOCKET" </dev/null >"$BATS_TEST_TMPDIR/fifo" 3>&- &
	VMM=$!
	until [ -S "$SOCKET" ]; do kill -0 $VMM; done
	api PUT /application -d "{\"path\": \"$REAL/busybox\", \"args\": [\"yes\"]}"
	start_instance
	for _ in 1 2 3; do
		api GET / --max-time 10
		expect "$status_code" 200
	done
	kill $VMM
	wait $VMM
	kill $reader
	VMM=
}

@test "the socket of a dead monitor is taken over, that of a living one is not" {
	vmm_start
	run -1 mote-vmm --api-sock "$SOCKET"
	[[ $output == *"$SOCKET"* ]]
	kill -9 $VMM
	wait $VMM || :
	[ -S "$SOCKET" ]
	rm -f "$BATS_TEST_TMPDIR/out"
	mote-vmm --api-sock "$SOCKET" </dev/null 3>&- &
	VMM=$!
	until api GET / 2>/dev/null; do kill -0 $VMM; done
	expect "$status_code" 200
	vmm_stop
	[ ! -e "$SOCKET" ]
}

@test "--config-file with --no-api ends with the application's status" {
	cat >"$BATS_TEST_TMPDIR/c.json" <<-END
		{"machine-config": {"vcpu_count": 1, "mem_size_mib": 32},
		 "application": {"path": "$REAL/busybox", "args": ["sh", "-c", "echo out; echo err >&2; exit 7"]}}
	END
	run -7 --separate-stderr mote-vmm --no-api --config-file "$BATS_TEST_TMPDIR/c.json"
	expect "$output" out
	# shellcheck disable=SC2154 # set by run
	expect "$stderr" err
}

@test "a configuration file that is wrong is named with the field" {
	echo '{"machine-config": {"vcpu_count": 1, "mem_size_mib": 32, "turbo": true}}' \
		>"$BATS_TEST_TMPDIR/c.json"
	run -152 mote-vmm --no-api --config-file "$BATS_TEST_TMPDIR/c.json"
	[[ $output == *c.json* && $output == *turbo* ]]
}

@test "GET /openapi.yaml is the document" {
	vmm_start
	api GET /openapi.yaml
	expect "$status_code" 200
	[[ $reply == openapi:* || $reply == *$'\nopenapi:'* ]]
}
