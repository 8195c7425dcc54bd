#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A kernel that knows nothing of mote: Debian's, with a busybox shell, through curl alone.

load helper

setup() {
	[ "$MACHINE" != ppc64le ] || skip "Linux wants to jump into RTAS there, and XICS by it"
	mkfifo "$BATS_TEST_TMPDIR/keys"
	exec 9<>"$BATS_TEST_TMPDIR/keys"
	VMM_STDIN=$BATS_TEST_TMPDIR/keys vmm_start 9>&-
}

teardown() {
	tail -n 20 "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" # shown if it failed
	exec 9>&-
	vmm_stop
}

# boot VCPUS BOOT-ARGUMENTS
boot() {
	api PUT /machine-config -d "{\"vcpu_count\": $1, \"mem_size_mib\": 256}"
	api PUT /boot-source -d "{\"kernel_image_path\": \"$TOP/linux/Image\",
		\"initrd_path\": \"${INITRD-$TOP/linux/initrd}\", \"boot_args\": \"$2\"}"
	api PUT /actions -d '{"action_type": "InstanceStart"}'
	# shellcheck disable=SC2154 # set by api
	expect "$status_code $reply" "204 "
}

# shows TEXT: waits until the console has it.
shows() {
	local since=$SECONDS
	until grep -qF "$1" "$BATS_TEST_TMPDIR/out"; do
		kill -0 "$VMM"
		[ $((SECONDS - since)) -lt 120 ] || {
			tail -n 50 "$BATS_TEST_TMPDIR/out"
			return 1
		}
		sleep 0.2
	done
}

# The shell computes, sees all processors and the arguments, and switches the machine off.
shell_answers() {
	shows '/ # '
	echo "echo \$((6 * 7)) processors \$(nproc) tty \$(tty)" >&9
	shows "42 processors $1 tty $2"
	echo 'cat /proc/cmdline' >&9
	shows "panic=1 $3 earlycon"
	echo 'seq 1 300 | sha256sum' >&9
	shows "$(seq 1 300 | sha256sum | cut -c1-64)"
	echo 'poweroff -f' >&9
	api GET /application -H 'Prefer: wait=30'
	[[ $reply == *\"exited\"*"guest powered off"* ]]
	api GET /
	expect "$status_code" 200
}

@test "a shell on ttyS0, one vCPU" {
	boot 1 "console=ttyS0 quiet"
	shell_answers 1 /dev/ttyS0 "console=ttyS0 quiet"
}

@test "a shell on ttyS0, two vCPUs" {
	boot 2 "console=ttyS0 quiet"
	shell_answers 2 /dev/ttyS0 "console=ttyS0 quiet"
}

@test "a shell on virtio-console, one vCPU" {
	boot 1 "console=hvc0 quiet"
	shell_answers 1 /dev/hvc0 "console=hvc0 quiet"
}

@test "a shell on virtio-console, two vCPUs" {
	boot 2 "console=hvc0 quiet"
	shell_answers 2 /dev/hvc0 "console=hvc0 quiet"
}

@test "a kernel that panics ends the machine" {
	boot 1 "console=ttyS0 quiet rdinit=/nothing root=/dev/nothing"
	api GET /application -H 'Prefer: wait=120'
	[[ $reply == *"guest asked for a reset"* ]]
	grep -q 'Kernel panic' "$BATS_TEST_TMPDIR/out"
}

# An archive behind the archive: a kernel unpacks both.
with_vsock() {
	local more=$BATS_TEST_TMPDIR/more
	INITRD=$BATS_TEST_TMPDIR/initrd
	mkdir -p "$more/vsock"
	cp "$TOP"/linux/vsock/*.ko "$PROGRAMS/vsock-server" "$more/vsock"
	cp "$TOP/linux/initrd" "$INITRD"
	(cd "$more" && find . | "$REAL/busybox" cpio -o -H newc) >>"$INITRD"
	put /vsock "{\"guest_cid\": 5, \"uds_path\": \"$BATS_TEST_TMPDIR/v.sock\"}"
}

@test "its own sockets: the same server in the guest, the same host" {
	peer="timeout 100 python3 $BATS_TEST_DIRNAME/vsock_peer.py $BATS_TEST_TMPDIR/v.sock"
	with_vsock
	boot 1 "console=ttyS0 quiet"
	shows '/ # '
	echo 'for m in /vsock/*.ko; do insmod $m; done; /vsock/vsock-server 1234; echo status $?' >&9
	shows listening
	$peer echo
	$peer many 16 30000
	$peer bulk 2000000
	$peer half
	$peer refused
	$peer abrupt 20 1
	$peer quit
	shows 'status 0'
}
