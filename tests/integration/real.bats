#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Static programs from Debian's packages, and what tests/programs check inside the guest.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir root
	printf 'pear\napple\nfig\n' >root/fruit
	head -c 200000 /dev/urandom >root/noise
	mkdir -p root/a/b root/a/c
	touch root/a/b/one root/a/c/two
}

busybox() {
	mote run --root root "$REAL/busybox" "$@"
}

@test "busybox: applets over files" {
	expect "$(busybox cat /fruit)" "$(cat root/fruit)"
	expect "$(busybox sort /fruit)" "$(sort root/fruit)"
	expect "$(busybox sha256sum /noise | cut -d' ' -f1)" "$(sha256sum root/noise | cut -d' ' -f1)"
	expect "$(busybox wc -l /fruit)" "3 /fruit"
	expect "$(busybox sed -n 's/^a/A/p' /fruit)" Apple
	expect "$(busybox awk '{n += length($0)} END {print n}' /fruit)" 12
	expect "$(busybox grep -c p /fruit)" 2
	expect "$(busybox find /a -type f | sort)" "$(printf '/a/b/one\n/a/c/two')"
	expect "$(busybox ls /a)" "$(printf 'b\nc')"
	expect "$(busybox uname -m)" "$(uname -m)"
}

@test "busybox: tar and gzip round trip" {
	busybox tar -c -f - /a /fruit 2>/dev/null | tar -t >names
	grep -q 'a/b/one' names
	busybox gzip -c /noise | gzip -d | cmp - root/noise
}

@test "bash: built-ins, arithmetic, functions, here strings, files" {
	cat >root/script <<-'END'
		declare -A h=([one]=1 [two]=2)
		sum=0
		for k in "${!h[@]}"; do ((sum += h[$k])); done
		echo "sum $sum"
		mapfile -t lines </fruit
		echo "${#lines[@]} ${lines[1]^^}"
		printf '%s|%5.2f|%x\n' "a b" 3.14159 255
		read -r first rest <<<"alpha beta gamma"
		echo "$first/$rest"
		f() { local x=$1; ((x <= 1)) && echo 1 || { :; echo $((x * 2)); }; }
		f 21
		echo text >/tmp/t; [[ -s /tmp/t ]] && echo written
		trap 'echo bye' EXIT
		exit 3
	END
	run -3 mote run --root root "$REAL/bash-static" /script
	expect "$output" "$(printf 'sum 3\n3 APPLE\na b| 3.14|ff\nalpha/beta gamma\n42\nwritten\nbye')"
}

@test "an unknown system call is named once, on standard error" {
	run -0 --separate-stderr mote run "$PROGRAMS/unknown"
	expect "$(grep -c 'system call' <<<"$stderr")" 1
}

@test "the guest's own checks" {
	failed=
	for program in "$PROGRAMS"/*; do
		case ${program##*/} in
		allocate | clock | clocks | fault | hang | unknown | diff-* | vsock-*) continue ;; # others run these
		esac
		echo "# $(basename "$program")"
		mote run --mem 64 "$program" || failed+=" $(basename "$program")"
	done
	expect "$failed" ""
}
