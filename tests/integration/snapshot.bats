#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Snapshots: written, loaded in another process, written again; what time it is then; what is
# refused; what a crash leaves.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	state_base
	HOME=$BATS_TEST_TMPDIR
	export HOME XDG_STATE_HOME=$BATS_TEST_TMPDIR/state
	# How often: a tenth in a run that is not long.
	TIMES=${SNAPSHOT_TIMES:-20}
	MEM=64
}

teardown() {
	vmm_stop
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 5 all out err
	kill_all
}

vm() {
	api PATCH /vm -d "{\"state\": \"$1\"${2:+, \"clock\": \"$2\"}}"
	expect "$status_code $reply" "204 "
}

# create NAME [TYPE]
create() {
	put /snapshot/create "{\"snapshot_path\": \"$1.state\", \"mem_file_path\": \"$1.memory\",
		\"snapshot_type\": \"${2-Full}\"}"
}

# restore NAME [FIELDS]: in another monitor.
restore() {
	vmm_stop
	vmm_start
	put /snapshot/load "{\"snapshot_path\": \"$1.state\", \"mem_backend\":
		{\"backend_type\": \"File\", \"backend_path\": \"$1.memory\"}${2:+, $2}}"
}

# What monitors printed, one after the other.
gather() {
	cat out >>all
}

# waits until the program has printed more lines than $1
printed() {
	until [ "$(wc -l <out)" -gt "$1" ]; do :; done
}

wait_for_end() {
	api GET /application -H 'Prefer: wait=120'
	expect "$(json 'r["state"], r["exit_code"], r["reason"]')" "('exited', 0, '')"
}

# Has it end, and looks at what it said: each round once, in order, whoever printed it.
ends_well() {
	api PATCH /application -d '{"signal": 15}'
	wait_for_end
	gather
	expect "$(tail -1 all)" ok
	grep '^round' all | cut -d' ' -f2 >rounds
	expect "$(cat rounds)" "$(seq 0 $(($(wc -l <rounds) - 1)))"
}

# Pauses at a random moment, writes, goes on in a new process; so often.
journey() {
	local i
	for ((i = 0; i < $1; i++)); do
		sleep "0.0$((RANDOM % 10))$((RANDOM % 10))"
		vm Paused
		create "s$((i % 2))"
		gather
		restore "s$((i % 2))" "\"resume_vm\": true, \"clock\": \"${CLOCK-guest}\""
	done
}

@test "a program that checks itself goes on in a new process at random moments" {
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	journey "$TIMES"
	ends_well
}

@test "and by the wall clock, with two vCPUs" {
	CPUS=2 CLOCK=wall
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	journey $((TIMES / 2))
	ends_well
}

# What the state files of two snapshots have that differs.
differences() {
	PYTHONPATH=$TOP/tests python3 - "$1.state" "$2.state" <<-'END' || echo "no difference found, nor that there is none"
		import sys
		from state_file import VCPU, machine, registers, sections
		# What is not as it was, by architecture: the counter and KVM_GET_VCPU_EVENTS, which has
		# nothing that lasts; TB_OFFSET. With that KVM sets a DEC_EXPIRY which is 0: it never ran.
		VOLATILE = {183: {0x603000000013df1a, 1}, 21: {0x103000000000009c}}
		DEC_EXPIRY = 0x10300000000000be
		one, other = (open(path, "rb").read() for path in sys.argv[1:])
		volatile, a, b = VOLATILE[machine(one)], sections(one), sections(other)
		assert list(a) == list(b)
		for (tag, nth), one in a.items():
		    other = b[tag, nth]
		    if tag != VCPU:
		        if one != other:
		            print("section", tag)
		        continue
		    one, other = registers(one), registers(other)
		    assert len(one) > 100 and one.keys() == other.keys()
		    for number in one:
		        if one[number] == other[number] or number in volatile:
		            continue
		        if number != DEC_EXPIRY or any(one[number]):
		            print(hex(number), one[number].hex(), other[number].hex())
	END
}

@test "what was restored is written again as it was, and so is a copy of that" {
	vmm_start
	CPUS=2
	start_program "$PROGRAMS/endure" 1000000 3
	printed 20
	vm Paused
	create a
	restore a
	create b
	restore b
	create c
	expect "$(differences a b)" ""
	expect "$(differences a c)" ""
	# All but the control page, which has what is each machine's own.
	expect "$(cmp -l a.memory b.memory | awk '$1 <= 64 * 1048576 - 65536' | wc -l)" 0
	vm Resumed
	printed 0
}

@test "time: by the guest's clock it stands still, by the wall it has passed; the wall clock is right" {
	vmm_start
	start_program "$PROGRAMS/clocks" 50
	printed 3
	vm Paused
	create a
	gather
	cp out before
	sleep 2
	for clock in guest wall; do
		restore a "\"resume_vm\": true, \"clock\": \"$clock\""
		printed 3
		vm Paused
		python3 - before out "$clock" <<-'END'
			import sys
			# Monotonic and wall clock in ms. What comes between the two readings lets them be
			# farther apart, never less.
			def clocks(path):
			    return [[int(word) for word in line.split()[1:3]] for line in open(path)]
			before, after = clocks(sys.argv[1]), clocks(sys.argv[2])
			apart = [min(wall - mono for mono, wall in times) for times in (before, after)]
			gap, jump = (after[0][i] - before[-1][i] for i in (0, 1))
			assert jump >= 2000, jump
			if sys.argv[3] == "wall":
			    assert abs(apart[1] - apart[0]) <= 10, apart
			else:
			    assert 0 <= gap < 1000, gap
		END
	done
}

@test "the wall clock is right within 10 ms after a resume by either clock" {
	vmm_start
	start_program "$PROGRAMS/clocks" 20
	printed 3
	for clock in guest wall ""; do
		vm Paused
		before=$(wc -l <out)
		sleep 2
		vm Resumed "$clock"
		printed $((before + 1))
		run ! grep -E 'early|back' out
		gap=$(awk -v at="$before" 'NR == at { was = $2 } NR == at + 1 { print $2 - was }' out)
		[ "$clock" = wall ] || [ "$gap" -lt 1500 ]
		[ "$clock" != wall ] || [ "$gap" -ge 2000 ]
	done
	vm Paused
	create a
	sleep 1
	restore a '"resume_vm": true'
	printed 1
	python3 - <<-'END'
		import os, statistics, time
		# Between a reading of the clock and its line in the file the host may let anybody wait,
		# and file times move by its ticks.
		late = []
		for _ in range(30):
		    line = open("out").read().split("\n")[-2].split()
		    late.append(os.stat("out").st_mtime * 1000 - int(line[2]))
		    time.sleep(0.03)
		assert abs(statistics.median(late)) <= 15, late
	END
}

@test "two clones of a snapshot have other random bytes and another generation from the first on" {
	vmm_start
	start_program "$PROGRAMS/clocks" 20 random
	printed 2
	vm Paused
	create a
	for clone in 1 2; do
		restore a '"resume_vm": true'
		printed 3
		cut -d' ' -f4,5 out | head -3 >"clone$clone"
	done
	expect "$(sort clone1 clone2 | cut -d' ' -f1 | uniq -d)" ""
	expect "$(cut -d' ' -f2 clone1 clone2 | sort -u | wc -l)" 2
}

@test "input that arrives around the snapshot is neither lost nor doubled" {
	mkfifo in
	exec 7<>in
	VMM_STDIN=in vmm_start
	start_program "$EXAMPLES/cat/cat" -
	echo one >&7
	printed 0
	vm Paused
	create a
	echo two >&7
	gather
	vmm_stop
	VMM_STDIN=in vmm_start
	put /snapshot/load '{"snapshot_path": "a.state", "mem_file_path": "a.memory", "resume_vm": true}'
	echo three >&7
	printed 1
	gather
	exec 7>&-
	expect "$(cat all)" $'one\ntwo\nthree'
}

@test "interrupts that were pending come afterwards" {
	vmm_start
	put /machine-config '{"vcpu_count": 1, "mem_size_mib": 64}'
	put /boot-source "{\"kernel_image_path\": \"$GUESTS/pending\"}"
	put /actions '{"action_type": "InstanceStart"}'
	printed 0
	sleep 5 # longer than 32 bits of a decrementer last
	vm Paused
	create a
	# It takes them once it sees this.
	printf '\1' | dd of=a.memory bs=1 seek=1M conv=notrunc status=none
	restore a '"resume_vm": true'
	api GET /application -H 'Prefer: wait=60'
	expect "$(cat out)" "timer uart"
}

@test "a handler of page faults that knows Firecracker's protocol alone" {
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	printed 20
	vm Paused
	create a
	gather
	vmm_stop
	python3 "$TOP/tests/uffd_handler.py" "$PWD/uffd" a.memory served 3>&- &
	handler=$!
	until [ -S uffd ]; do kill -0 $handler; done
	vmm_start
	put /snapshot/load "{\"snapshot_path\": \"a.state\", \"resume_vm\": true,
		\"mem_backend\": {\"backend_type\": \"Uffd\", \"backend_path\": \"$PWD/uffd\"}}"
	printed 20
	ends_well
	# What the guest has touched, and no more.
	[ "$(cat served)" -gt 10 ]
	[ "$(cat served)" -lt $((64 * 1048576 / $(getconf PAGESIZE) / 2)) ]
	vmm_stop
	wait $handler
}

@test "GET / is answered while 512 MiB are written" {
	MEM=640
	vmm_start
	start_program "$PROGRAMS/allocate" 512 hold
	printed 0
	vm Paused
	curl -sS --unix-socket "$SOCKET" -w '%{http_code}' -X PUT http://localhost/snapshot/create \
		-d '{"snapshot_path": "a.state", "mem_file_path": "/dev/shm/a.memory"}' >created 3>&- &
	until compgen -G '/dev/shm/a.memory*'; do :; done
	answers=0
	while api GET / && [ ! -s created ]; do
		[[ $reply == *'"Paused"'* ]]
		answers=$((answers + 1))
		[ $answers -gt 1 ] || not_now Resumed
	done
	expect "$(cat created)" 204
	echo "# $answers answers meanwhile" >&3
	[ $answers -ge 1 ]
	rm -f /dev/shm/a.memory
}

# While a snapshot is written, nothing of the VM may change; unless we came too late.
not_now() {
	api PATCH /vm -d "{\"state\": \"$1\"}"
	[ "$status_code" = 400 ] || { sleep 1 && [ -s created ]; }
}

@test "a monitor that is killed while it writes leaves the earlier snapshot or the new one" {
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	printed 5
	vm Paused
	create a
	for ((i = 0; i < TIMES / 2; i++)); do
		restore a
		curl -sS --unix-socket "$SOCKET" -X PUT http://localhost/snapshot/create \
			-d '{"snapshot_path": "a.state", "mem_file_path": "a.memory"}' >/dev/null 2>&1 3>&- &
		writing=$!
		sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
		kill -9 "$VMM"
		wait "$VMM" "$writing" || :
		VMM=
	done
	restore a '"resume_vm": true'
	printed 2
	# What the crashes left goes with the next one.
	vm Paused
	create a
	[ "$(ls a.* | wc -l)" = 2 ]
}

@test "without room on the disk the earlier snapshot stays, and the microVM goes on" {
	mkdir small
	mount -t tmpfs -o size=4m none small
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	printed 5
	vm Paused
	create small/a
	vm Resumed
	head -c 4m /dev/zero >small/fill || :
	vm Paused
	api PUT /snapshot/create -d '{"snapshot_path": "small/a.state", "mem_file_path": "small/a.memory"}'
	expect "$status_code" 400
	[[ $reply == *"small/a.memory"*"No space left"* ]]
	vm Resumed
	printed "$(wc -l <out)"
	# What is a hole in the memory file takes room of a tmpfs when it is looked at, and keeps it.
	rm small/fill
	cp --sparse=always small/a.memory holes
	restore small/a '"resume_vm": true'
	printed 2
	# Where there is none, the microVM ends and says why.
	vmm_stop
	cp --sparse=always holes small/a.memory
	head -c 4m /dev/zero >small/fill || :
	restore small/a '"resume_vm": true'
	api GET /application -H 'Prefer: wait=60'
	expect "$(json 'r["state"]')" crashed
	[[ $reply == *"the host has no page"*"no room"* ]]
	vmm_stop
	umount small
}

@test "what is not this machine's snapshot is refused by name, and nothing of it runs" {
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	printed 2
	vm Paused
	create a
	vmm_stop
	python3 - <<-'END'
		import struct
		data = bytearray(open("a.state", "rb").read())
		def write(name, at, value):
		    copy = bytearray(data)
		    struct.pack_into("<I", copy, at, value)
		    open(name + ".state", "wb").write(copy)
		write("version", 8, 2)
		write("machine", 12, 21 if data[12] != 21 else 183)
		write("damaged", 1000, 12345678)
		open("cut.state", "wb").write(data[:-1])
		memory = open("a.memory", "rb").read()
		open("short", "wb").write(memory[:-4096])
	END
	vmm_start
	for case in version:"version 2 of the snapshot format" machine:"a snapshot of" \
		damaged:"the checksum is another" cut:"cut off"; do
		api PUT /snapshot/load -d "{\"snapshot_path\": \"${case%%:*}.state\", \"mem_file_path\": \"a.memory\",
			\"resume_vm\": true}"
		expect "$status_code" 400
		[[ $reply == *"${case#*:}"* ]]
	done
	api PUT /snapshot/load -d '{"snapshot_path": "a.state", "mem_file_path": "short", "resume_vm": true}'
	expect "$status_code" 400
	[[ $reply == *"short: "*"the snapshot's memory has"* ]]
	[ ! -s out ]
	put /snapshot/load '{"snapshot_path": "a.state", "mem_file_path": "a.memory", "resume_vm": true}'
	printed 1
}

@test "Diff snapshots, merged onto their base" {
	mkdir base diff1 diff2
	TRACK=true
	vmm_start
	start_program "$PROGRAMS/endure" 1000000 3
	printed 5
	vm Paused
	for name in base diff1 diff2; do
		type=Diff
		[ $name != base ] || type=Full
		put /snapshot/create "{\"snapshot_path\": \"$name/state\", \"mem_file_path\": \"$name/memory\",
			\"snapshot_type\": \"$type\"}"
		vm Resumed
		printed $(($(wc -l <out) + 5))
		vm Paused
	done
	[ "$(stat -c %b diff2/memory)" -lt "$(stat -c %b base/memory)" ]
	for name in base diff1 diff2; do mote snapshot-verify ./$name; done
	run ! mote snapshot-merge ./base ./diff2 ./wrong
	mote snapshot-merge ./base ./diff1 ./one
	mote snapshot-merge ./one ./diff2 ./two
	mote snapshot-verify ./two
	run ! mote snapshot-merge ./one ./diff2 ./two
	gather
	vmm_stop
	mote restore --name merged ./two >merged.out 3>&- &
	restored=$!
	until [ "$(wc -l <merged.out)" -gt 5 ]; do :; done
	mote stop merged
	wait $restored
	expect "$(tail -1 merged.out)" ok
}

@test "mote snapshot and restore, by name" {
	id=$(mote run --detach --mem 64 "$PROGRAMS/endure" 1000000 3)
	until [ "$(mote logs "$id" | wc -l)" -gt 3 ]; do :; done
	mote snapshot "$id" here
	run mote snapshot "$id" here
	expect "$status" 125
	[[ $output == *"--force replaces it"* ]]
	mote snapshot --force "$id" here
	mote snapshot-verify here
	mote stop "$id"
	mote restore --name again here >out 3>&- &
	restored=$!
	printed 5
	mote snapshot again ./there
	mote stop again
	wait $restored
	expect "$(tail -1 out)" ok
	run mote restore nothing
	expect "$status" 125
	# As a crash between the two renames would leave it.
	mv there/memory "there/memory.$(od -An -v -tx1 -j24 -N16 there/state | tr -d ' \n')"
	mote snapshot-verify ./there
	# Without an API, and with the program's status.
	mote-vmm --no-api --restore ./there >out 2>err 3>&- &
	VMM=$!
	printed 5
}
