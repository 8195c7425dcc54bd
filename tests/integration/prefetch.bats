#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Working sets: when they are written and followed, that nothing needs them, and what they save.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	state_base
}

teardown() {
	vmm_stop
	! mountpoint -q s || umount s
	! mountpoint -q disk || umount disk
	kill_all
}

# snapshot NAME: of a program that goes through its memory again and again.
snapshot() {
	local id
	id=$(mote run --detach --mem 64 "$PROGRAMS/endure" 1000000 3)
	until [ "$(mote logs "$id" | wc -l)" -gt 3 ]; do :; done
	mote snapshot "$id" "$1"
	mote kill "$id"
}

# restore NAME [OPTIONS]: by a monitor without an API, until it has said something.
restore() {
	mote-vmm --no-api --restore "$@" >out 2>err 3>&- &
	VMM=$!
	until [ -s out ]; do kill -0 "$VMM"; done
}

# The first moments pass, in which a working set may be written.
moments() {
	sleep 1.5
	vmm_stop
}

# Whether the working set is good: the monitor has nothing to say of it, and leaves it.
followed() {
	local inode
	inode=$(stat -c %i s/memory.working-set)
	restore ./s --prefetch --level Info
	moments
	expect "$(cat err)" ""
	expect "$(stat -c %i s/memory.working-set)" "$inode"
}

@test "the first restore notes what is touched first, later ones follow" {
	snapshot ./s
	mote kill "$(mote restore --detach --no-prefetch ./s)"
	[ ! -e s/memory.working-set ]
	# Two at once, of which one is paused before the first moments are over.
	one=$(mote restore --detach ./s)
	two=$(mote restore --detach ./s)
	mote pause "$one"
	[ -e s/memory.working-set ]
	mote pause "$two"
	mote kill "$one"
	mote kill "$two"
	expect "$(echo s/*)" "s/memory s/memory.working-set s/state"
	followed
	mote snapshot-verify ./s
}

@test "whatever a working set is, the restore goes on, and there is a good one then" {
	snapshot ./s
	for size in 0 10 100; do
		head -c $size /dev/urandom >s/memory.working-set
		restore ./s --prefetch
		moments
		grep 'memory.working-set: .*memory comes when it is touched' err
		followed
	done
}

@test "where nothing can be written there is none" {
	snapshot ./s
	mount --bind s s
	mount -o remount,bind,ro s
	restore ./s --prefetch --level Info
	moments
	umount s
	grep 'no working set is kept: .*Read-only file system' err
	expect "$(echo s/*)" "s/memory s/state"
}

# waits PREFETCH: loads from a disk of which nothing is in memory, lets it be read, and sets waited to
# how many faults of the vCPU had to wait for the disk until the program said something.
waits() {
	echo 3 >/proc/sys/vm/drop_caches
	vmm_start
	put /snapshot/load "{\"snapshot_path\": \"disk/s/state\", \"mem_file_path\": \"disk/s/memory\",
		\"prefetch\": $1}"
	sleep 1
	api PATCH /vm -d '{"state": "Resumed"}'
	until [ -s out ]; do kill -0 "$VMM"; done
	waited=$(cat /proc/"$VMM"/task/*/stat | awk -v main="$VMM" '$1 != main { n += $12 } END { print n }')
	moments
}

@test "with a working set a vCPU waits less often for the disk" {
	modprobe -a loop ext4
	truncate -s 100M image
	mke2fs -F image >/dev/null 2>&1
	mkdir disk
	mount -t ext4 -o loop image disk
	snapshot ./disk/s
	sync
	waits false
	before=$waited
	restore ./disk/s --prefetch
	moments
	waits true
	echo "# $before faults waited, with a working set $waited" >&3
	[ "$waited" -lt "$before" ]
}
