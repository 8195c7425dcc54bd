#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Reset in place: a microVM that was loaded from a snapshot is that snapshot again, whatever its
# guest did, and it goes on from there.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	state_base
	HOME=$BATS_TEST_TMPDIR
	export HOME XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	# How often, and how many of them are looked at.
	TIMES=${RESET_TIMES:-100} EVERY=${RESET_EVERY:-10}
	MEM=${RESET_MEM:-32}
}

teardown() {
	vmm_stop
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 5 out err
	kill_all
}

vm() {
	api PATCH /vm -d "{\"state\": \"$1\"}"
	expect "$status_code $reply" "204 "
}

create() {
	put /snapshot/create "{\"snapshot_path\": \"$1.state\", \"mem_file_path\": \"$1.memory\"}"
}

# restore NAME [FIELDS]: in another monitor, dirty pages tracked.
restore() {
	vmm_stop
	vmm_start
	put /snapshot/load "{\"snapshot_path\": \"$1.state\", \"mem_file_path\": \"$1.memory\",
		\"track_dirty_pages\": ${TRACK-true}${2:+, $2}}"
}

# waits until the program has printed more lines than $1
printed() {
	until [ "$(wc -l <out)" -gt "$1" ]; do sleep 0.05; done
}

# A snapshot of the guest that leaves nothing as it was, loaded and paused.
litter() {
	vmm_start
	put /machine-config "{\"vcpu_count\": 1, \"mem_size_mib\": $MEM}"
	put /boot-source "{\"kernel_image_path\": \"$GUESTS/litter\"}"
	put /actions '{"action_type": "InstanceStart"}'
	printed 0
	vm Paused
	create a
	# It begins when it sees this.
	printf '\1' | dd of=a.memory bs=1 seek=1M conv=notrunc status=none
	restore a
}

@test "after each of many resets everything is as the snapshot has it" {
	litter
	python3 "$TOP/tests/reset.py" "$SOCKET" out "$TIMES" "$EVERY"
}

@test "what runs goes on from there, with other random bytes and the snapshot's clock" {
	vmm_start
	start_program "$PROGRAMS/clocks" 20 random
	printed 2
	vm Paused
	create a
	restore a '"resume_vm": true'
	for _ in 1 2 3; do
		printed 3
		put /snapshot/reset '{}'
		sleep 0.1
	done
	printed "$(($(wc -l <out) + 3))"
	# Each time the lines begin anew: as many clocks, and never a random byte twice.
	expect "$(cut -d' ' -f4 out | sort | uniq -d)" ""
	[ "$(cut -d' ' -f5 out | sort -u | wc -l)" -ge 4 ]
}

@test "a program that checks itself is reset at random moments, with two vCPUs" {
	CPUS=2
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	printed 5
	first=$(sed -n '$p' out)
	vm Paused
	create a
	restore a '"resume_vm": true'
	for ((i = 0; i < TIMES / 10; i++)); do
		sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
		((i % 2)) || vm Paused
		put /snapshot/reset '{}'
		((i % 2)) || vm Resumed
	done
	lines=$(wc -l <out)
	printed $((lines + 5))
	api PATCH /application -d '{"signal": 15}'
	api GET /application -H 'Prefer: wait=120'
	expect "$(json 'r["state"], r["exit_code"], r["reason"]')" "('exited', 0, '')"
	expect "$(tail -1 out)" ok
	echo "# from $first" >&3
}

@test "two at once, and during output that nobody reads" {
	mkfifo pipe
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	printed 2
	vm Paused
	create a
	vmm_stop
	exec 7<>pipe
	mote-vmm --api-sock "$SOCKET" </dev/null >pipe 2>err 3>&- &
	VMM=$!
	until [ -S "$SOCKET" ]; do kill -0 $VMM && sleep 0.05; done
	put /snapshot/load '{"snapshot_path": "a.state", "mem_file_path": "a.memory",
		"track_dirty_pages": true, "resume_vm": true}'
	sleep 1
	for i in 1 2; do
		curl -sS --unix-socket "$SOCKET" -w '%{http_code}' -X PUT http://localhost/snapshot/reset \
			-d '{}' >"reset$i" 3>&- 7>&- &
		requests[i]=$!
	done
	wait "${requests[@]}"
	expect "$(cat reset1 reset2)" 204204
	exec 7>&-
}

@test "refused: what was not loaded, what has ended; without tracking it says what it cost" {
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	printed 2
	api PUT /snapshot/reset -d '{}'
	expect "$status_code" 400
	[[ $reply == *"loaded from a snapshot"* ]]
	vm Paused
	create a
	TRACK=false restore a '"resume_vm": true'
	printed 2
	api PUT /snapshot/reset -d '{}'
	expect "$status_code $(json 'r["dirty_pages"], r["memory"]')" "200 (None, 'dropped')"
	printed "$(wc -l <out)"
	api PUT /snapshot/reset -d '{"x": 1}'
	expect "$status_code" 400
	api PATCH /application -d '{"signal": 9}'
	api GET /application -H 'Prefer: wait=60'
	api PUT /snapshot/reset -d '{}'
	expect "$status_code" 400
	[[ $reply == *"has ended"* ]]
}

@test "mote reset" {
	id=$(mote run --detach --mem 64 "$PROGRAMS/endure" 1000000 3)
	until [ "$(mote logs "$id" | wc -l)" -gt 3 ]; do sleep 0.05; done
	mote snapshot "$id" here
	run mote reset "$id"
	expect "$status" 125
	mote stop "$id"
	mote restore --name again here >out 3>&- &
	restored=$!
	printed 5
	run mote reset again
	expect "$status" 0
	[[ $output == *"not tracked"* ]]
	printed $(($(wc -l <out) + 3))
	mote stop again
	wait $restored
	expect "$(tail -1 out)" ok
}
