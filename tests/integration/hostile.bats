#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Guests that break the rules (tests/guests): each ends as expected or goes on, and the
# monitor answers all the same.

load helper

teardown() {
	vmm_stop
}

# hostile GUEST [BOOT-ARGUMENTS [VCPUS]]: starts it with 32 MiB.
hostile() {
	vmm_start
	api PUT /machine-config -d "{\"vcpu_count\": ${3-1}, \"mem_size_mib\": 32}"
	api PUT /boot-source -d "{\"kernel_image_path\": \"$GUESTS/$1\", \"boot_args\": \"${2-}\"}"
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	# shellcheck disable=SC2154 # set by api
	expect "$status_code $reply" "204 "
}

# ends STATE REASON OUTPUT [CODES]: it ends; patterns, the last one for the reply's numbers.
ends() {
	local output reason
	api GET /application -H 'Prefer: wait=60' --max-time 80
	reason=${reply#*\"reason\":}
	output=$(tail -c 10000 "$BATS_TEST_TMPDIR/out" | tr -d '\0')
	printf 'reply: %s\noutput: %s\n' "$reply" "$(tail -c 500 <<<"$output" | tr -cd '[:print:]\n')"
	# shellcheck disable=SC2053 # patterns
	[[ $reply == *\"state\":*\"$1\"${4-}* && $reason == *\"$2\"* && $output == $3 ]]
	monitor_is_well
}

# It still runs, and whoever asks gets an answer in time.
runs() {
	for _ in 1 2 3; do
		api GET / --max-time 2
		[[ $reply == *\"Running\"* ]]
		api GET /application --max-time 2
		[[ $reply == *\"running\"* ]]
	done
}

goes_on() {
	runs
	monitor_is_well
}

# Little memory of its own beside the guest's 32 MiB, and it ends when it is told to.
monitor_is_well() {
	api GET / --max-time 2
	expect "$status_code" 200
	local resident
	resident=$(awk '/^VmRSS/ { print $2 }' "/proc/$VMM/status")
	echo "resident: $resident KiB"
	[ "$resident" -lt $((48 << 10)) ]
	kill -TERM "$VMM"
	timeout 10 tail --sleep-interval 0.05 --pid "$VMM" -f /dev/null
	wait "$VMM"
	VMM=
	[ ! -e "$SOCKET" ]
}

@test "reads and writes outside RAM and devices: 0 and nothing" {
	hostile outside-ram
	ends exited "guest powered off" "seen 0x0"
}

# What KVM makes of what it can't emulate is the architecture's.
@test "a load outside RAM that can't be emulated: the reason names the address, or an exception" {
	hostile undecodable
	if [ "$MACHINE" = ppc64le ]; then
		ends exited "guest powered off" "exception 0x[37]00*"
	else
		ends crashed "*0x70001230*" ""
	fi
}

@test "running device registers, or what lies behind RAM: an exception, or never an instruction" {
	if [ "$MACHINE" = ppc64le ]; then
		for guest in jump-device jump-nowhere; do
			hostile $guest
			goes_on
		done
		return
	fi
	hostile jump-device
	ends exited "guest powered off" "exception 0x86*at 0x9000000"
	hostile jump-nowhere
	ends exited "guest powered off" "exception 0x86*at 0x60000000"
}

@test "all of RAM overwritten, control page and device tree included" {
	hostile scribble
	ends crashed "*" "still here"
}

@test "virtqueue: chains that loop" {
	for guest in queue-loop queue-self; do
		hostile $guest
		ends exited "*" "needs reset*works again*used 0x1"
	done
}

@test "virtqueue: a chain longer than the queue, a head that isn't there" {
	for guest in queue-long queue-head; do
		hostile $guest
		ends exited "*" "needs reset*works again*used 0x1"
	done
}

@test "virtqueue: lengths that wrap, buffers outside RAM" {
	hostile queue-wrap
	ends exited "*" "refused refused refused refused refused needs reset*works again*used 0x1"
}

@test "virtqueue: buffers in device registers" {
	hostile queue-device
	ends exited "*" "refused refused refused needs reset*works again*used 0x1"
}

@test "virtqueue: rings outside RAM, in registers, out of line" {
	hostile queue-rings
	ends exited "*" "*works again*used 0x1"
	run ! grep -q TAKEN "$BATS_TEST_TMPDIR/out"
}

@test "virtqueue: indices that run backwards or ahead" {
	hostile queue-backwards
	ends exited "*" "1 refused 1 refused 1 refused needs reset*works again*used 0x1"
}

@test "virtqueue: indirect chains and readable behind writable are refused" {
	hostile queue-flags
	ends exited "*" "refused needs reset*works again*used 0x1"
}

@test "virtqueue: two vCPUs race on one queue" {
	hostile race "" 2
	ends exited "guest powered off" "*still here*works again*used 0x1"
}

@test "device registers hammered with random values and sizes" {
	hostile registers
	ends exited "guest powered off" "*still here*works again*used 0x1"
}

@test "control device: buffers that wrap or lie outside RAM" {
	hostile control-buffers
	ends exited "guest powered off" "still here"
}

@test "exit codes and kinds out of range" {
	hostile control-exit value=0x1ff
	ends exited "*" "" '*\"exit_code\":*255'
	for value in 30000 ff0000 10000 14100 1ff00 ffffffffffffffff; do
		hostile control-exit value=0x$value
		ends crashed '\?x\?x*' ""
	done
}

@test "hypercalls with buffers past memory, huge lengths, unknown numbers" {
	hostile hypercalls
	if [ "$MACHINE" = ppc64le ]; then # the monitor's to answer, so that it counts them
		api GET /application -H 'Prefer: wait=60' --max-time 80
		api GET /metrics
		[[ $reply =~ mote_unknown_hypercalls_total\ [1-9] ]]
	fi
	ends exited "guest powered off" "*calls 0x*wrong 0x0"
}

@test "random hypercalls, then a reset" {
	hostile calls
	ends exited "guest asked for a reset" "still here"
}

@test "a long device tree walked a thousand times" {
	hostile tree-walk "$(head -c 40000 /dev/zero | tr '\0' x)"
	ends exited "guest powered off" "boot_args 0x9c*"
}

@test "an endless loop" {
	hostile spin
	goes_on
}

@test "interrupts that are never acknowledged" {
	hostile interrupts
	until grep -q 'waiting !' "$BATS_TEST_TMPDIR/out"; do kill -0 "$VMM"; done
	goes_on
}

@test "a storm of interrupts, a busy device: no tick of the timer is lost, the API answers" {
	hostile storm
	for _ in 1 2 3; do # it may be over by then
		api GET / --max-time 2
		expect "$status_code" 200
	done
	ends exited "guest powered off" $'storm: no tick lost*load: no tick lost*interrupts 0x7d0*wrong 0x0'
}

# What a guest prints for each boot value of `modes`; "nothing": it never gets any further.
modes() {
	case $MACHINE in
	ppc64le)
		cat <<-END
			0 exception 0x700*
			1 nothing
			2 exception 0x400*
			3 nothing
			4 exception 0x[49]00*
			5 exception 0x[479]00*
			6 exception 0x700*
			7 exception 0x700*
			8 back
		END
		;;
	*)
		cat <<-END
			0 exception 0x3a000000*
			1 exception 0x3a000000*
			2 nothing
			3 nothing
			4 nothing
			5 exception 0x2000000*
		END
		;;
	esac
}

@test "a processor set up wrongly: an exception, or never an instruction again" {
	local value expected
	while read -r value expected; do
		echo "value $value"
		hostile modes "value=0x$value"
		if [ "$expected" = nothing ]; then
			goes_on
		else
			ends exited "guest powered off" "$expected"
		fi
	done < <(modes)
}

@test "a second vCPU that starts outside RAM" {
	hostile second-nowhere "" 2
	until grep -q 'vCPU 1 0x0' "$BATS_TEST_TMPDIR/out"; do kill -0 "$VMM"; done
	goes_on
}

@test "output without end: UART, control device, virtqueue" {
	for guest in flood-uart flood-control flood-queue; do
		mkfifo "$BATS_TEST_TMPDIR/fifo"
		rm -f "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
		ln -s /dev/null "$BATS_TEST_TMPDIR/out"
		ln -s /dev/null "$BATS_TEST_TMPDIR/err"
		hostile $guest
		goes_on
		rm "$BATS_TEST_TMPDIR"/{fifo,out,err}
	done
}

@test "under the runtime: the program dies of it, and the reason says so" {
	for kind in null jump write-code run-data; do
		vmm_start
		api PUT /machine-config -d '{"vcpu_count": 1, "mem_size_mib": 32}'
		api PUT /application -d "{\"path\": \"$PROGRAMS/fault\", \"args\": [\"$kind\"]}"
		api PUT /actions -d '{"action_type": "InstanceStart"}'
		ends crashed "SIGSEGV*0x*" "" '*\"signal\":*11'
	done
}
