#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `mote run` behaves like the program itself.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
}

@test "hello" {
	run -0 --separate-stderr mote run "$EXAMPLES/hello/hello"
	[ -n "$output" ]
	expect "$stderr" ""
}

@test "a static program that is position-independent" {
	run -0 mote run "$PROGRAMS/position"
	expect "$output" ok
}

@test "standard output and standard error stay apart" {
	mote run "$REAL/busybox" sh -c 'echo to out; echo to err >&2' >out 2>err
	expect "$(cat out)" "to out"
	expect "$(cat err)" "to err"
}

@test "all exit statuses, 0 to 255" {
	for code in $(seq 0 255); do
		mote run "$REAL/busybox" sh -c "exit $code" && got=0 || got=$?
		expect $got "$code"
	done
}

@test "1 MiB through standard input and out again, byte for byte" {
	head -c 1048576 /dev/urandom >in
	mote run "$EXAMPLES/cat/cat" <in >out
	cmp in out
	head -c 1048576 /dev/urandom >in
	cat in | mote run "$REAL/busybox" cat | cat >out
	cmp in out
}

@test "standard input is read no further than the program reads" {
	printf 'one\ntwo\nthree\n' >in
	{
		mote run "$REAL/busybox" dd bs=4 count=1
		cat
	} <in >out
	expect "$(cat out)" "$(cat in)"
	{
		mote run "$EXAMPLES/hello/hello" >/dev/null
		cat
	} <in >out
	expect "$(cat out)" "$(cat in)"
}

@test "a program that waits for input ends with it" {
	mkfifo fifo
	mote run "$REAL/busybox" wc -c <fifo >out &
	exec 9>fifo
	printf 'first' >&9
	sleep 0.3
	printf 'second' >&9
	exec 9>&-
	wait $!
	expect "$(tr -d ' ' <out)" 11
}

@test "arguments and environment with spaces, UTF-8, quotes and empty strings" {
	run -0 mote run --env 'A=x  y' --env 'Ü=ß€😀' --env 'E=' "$REAL/busybox" env
	expect "$(sort <<<"$output")" "$(printf 'A=x  y\nE=\nÜ=ß€😀')"
	run -0 mote run "$REAL/busybox" printf '[%s]' 'a b' '' 'ß€' "'\"\\" '*'
	expect "$output" "[a b][][ß€]['\"\\][*]"
}

@test "files of --root are there; writes stay in the guest" {
	mkdir -p root/data/sub
	echo 'original' >root/data/file
	head -c 300000 /dev/urandom >root/data/big
	ln -s file root/data/link
	mote run --root root "$REAL/busybox" cat /data/link >out
	expect "$(cat out)" original
	expect "$(mote run --root root "$REAL/busybox" sha256sum <root/data/big | cut -c1-64)" \
		"$(sha256sum <root/data/big | cut -c1-64)"
	expect "$(mote run --root root "$REAL/busybox" sha256sum /data/big | cut -c1-64)" \
		"$(sha256sum <root/data/big | cut -c1-64)"
	run -0 mote run --root root "$REAL/busybox" sh -c \
		'echo changed >/data/file && read x </data/file && echo "$x"; echo new >/data/sub/n; cd /tmp; echo t >t'
	expect "$output" changed
	expect "$(cat root/data/file)" original
	[ ! -e root/data/sub/n ]
}

@test "a program inside the root is run by its path there" {
	mkdir -p root/bin
	cp "$REAL/busybox" root/bin/busybox
	run -0 mote run --root root /bin/busybox ls /
	[[ $output == *bin* ]]
}

@test "a null dereference: 139 and one line that says what and where" {
	run -139 --separate-stderr mote run "$PROGRAMS/fault" null
	expect "$(wc -l <<<"$stderr")" 1
	[[ $stderr == *SIGSEGV* && $stderr == *0x* && $stderr == *fault* ]]
}

@test "abort: 134" {
	run -134 mote run "$PROGRAMS/fault" abort
}

@test "signals reach the program: SIGTERM kills, a handler decides" {
	mote run "$REAL/busybox" sleep 60 3>&- &
	pid=$!
	sleep 1
	kill -TERM $pid
	wait $pid && got=0 || got=$?
	expect $got 143
}

@test "a busy loop is interrupted by SIGTERM" {
	mote run "$REAL/busybox" sh -c 'echo on; while :; do :; done' >out 3>&- &
	pid=$!
	until grep -q on out; do kill -0 $pid; done
	kill -TERM $pid
	wait $pid && got=0 || got=$?
	expect $got 143
}

@test "kill -9 of mote leaves no monitor and no socket that blocks the next" {
	mote run --name victim "$REAL/busybox" sleep 60 3>&- &
	pid=$!
	until mote ps | grep -q victim; do kill -0 $pid; done
	vmm=$(cat /run/mote/victim/pid)
	kill -9 $pid
	wait $pid || :
	until ! kill -0 "$vmm" 2>/dev/null; do :; done
	run -0 mote run --name victim "$EXAMPLES/hello/hello"
}

@test "getrandom differs between runs" {
	one=$(mote run "$REAL/busybox" head -c 16 /dev/urandom | sha256sum)
	two=$(mote run "$REAL/busybox" head -c 16 /dev/urandom | sha256sum)
	[ "$one" != "$two" ]
}

@test "the wall clock is right within a second" {
	before=$(date +%s)
	guest=$(mote run "$REAL/busybox" date +%s)
	after=$(date +%s)
	[ "$guest" -ge $((before - 1)) ] && [ "$guest" -le $((after + 1)) ]
}

@test "a 2-second sleep takes 2 seconds and no CPU time" {
	mote run --name sleeper "$PROGRAMS/clock" 2000 >out 3>&- &
	pid=$!
	until [ -s out ] || ! kill -0 $pid; do :; done
	vmm=$(cat /run/mote/sleeper/pid)
	read -r -a before <"/proc/$vmm/stat"
	sleep 1
	read -r -a after <"/proc/$vmm/stat"
	wait $pid
	ticks=$((after[13] + after[14] - before[13] - before[14]))
	echo "clock ticks used in one second of sleep: $ticks"
	[ $ticks -le 10 ]
	read -r _ slept <<<"$(tail -n 1 out)"
	echo "slept $slept ms by the guest's monotonic clock"
	[ "$slept" -ge 2000 ] && [ "$slept" -lt 2600 ]
}

@test "malloc of most of the memory; what exceeds it is ENOMEM, not a fault" {
	run -0 mote run --mem 128 "$PROGRAMS/allocate" 100
	run -0 mote run --mem 64 "$PROGRAMS/allocate" exhaust
}

@test "no such program: 127; one that can't be run: 126" {
	run -127 mote run ./nothing
	[[ $output == *nothing* ]]
	echo 'echo hello' >script && chmod +x script
	run -126 mote run ./script
	[[ $output == *"not an ELF"* ]]
	run -126 mote run /bin/true
	[[ $output == *"dynamically linked"*mote-cc* ]]
	run -126 mote run .
}

@test "wrong options: 125 and a line that names them" {
	run -125 mote run --frobnicate x
	[[ $output == *frobnicate* ]]
	run -125 mote run --mem lots x
	[[ $output == *lots* ]]
	run -125 mote frobnicate
	run -125 mote run
}

@test "--no-jail is accepted, --help and --version answer" {
	run -0 mote run --no-jail "$EXAMPLES/hello/hello"
	run -0 mote --help
	run -0 mote run --help
	run -0 mote --version
}

@test "--detach prints the id; ps, logs and stop know it" {
	id=$(mote run --detach --name bg "$REAL/busybox" sh -c 'echo started; while :; do sleep 1; done' 3>&-)
	expect "$id" bg
	run -0 mote ps
	[[ ${lines[1]} == bg* ]]
	until mote logs bg | grep -q started; do mote ps | grep -q bg; done
	run -0 mote stop --timeout 5 bg
	run -0 mote ps
	[[ $output != *bg* ]]
}

@test "a closed reader ends the program as SIGPIPE does" {
	mote run "$REAL/busybox" yes | head -n 1 >out
	expect "$(cat out)" y
}

@test "closed standard streams are closed for the program too" {
	local closed
	for closed in '<&-' '>&-' '<&- >&-' '2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
		expect "$closed: $(eval "{ timeout 20 mote run '$REAL/busybox' cat <<<x $closed; } 2>&1"
			echo $?)" "$closed: $(eval "{ '$REAL/busybox' cat <<<x $closed; } 2>&1"
			echo $?)"
		echo x >in
		printf '{"application": {"path": "%s", "args": ["cat"]}}' "$REAL/busybox" >c.json
		expect "$closed: $(eval "timeout 20 mote-vmm --no-api --config-file c.json <in $closed"
			echo $?)" "$closed: $(eval "'$REAL/busybox' cat <in $closed"
			echo $?)"
	done
}

@test "nothing is left behind" {
	mote run "$EXAMPLES/hello/hello"
	mote run "$REAL/busybox" false || :
	expect "$(ls -A /run/mote 2>/dev/null)" ""
	run -1 pgrep mote-vmm
}
