#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same binary on this host's Linux and under `mote run`: both must print the same and
# end the same. The host's side runs in a root of its own, as the microVM's does.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p host vm root/dev root/proc root/tmp root/data/sub
	cp "$REAL/busybox" root/busybox
	printf 'pear 3\napple 1\nfig 2\npear 3\n' >root/data/fruit
	seq 1 2000 >root/data/numbers
	printf '\0\1\2binary\377\n' >root/data/binary
	ln -s ../fruit root/data/sub/link
	touch -d '2001-02-03 04:05:06 UTC' root/data/*
	cp -a root host/
	mount --bind /dev host/root/dev
	mount -t proc none host/root/proc
	mount -t tmpfs none host/root/tmp
}

teardown() {
	umount host/root/tmp host/root/proc host/root/dev
}

# on_host PROGRAM ARGS...: in the copy of the root, where PROGRAM is.
on_host() {
	env -i PATH=/bin DIFF_A='a  b' DIFF_B='ü€' "$(command -v chroot)" host/root "$@" 3>&- 4>&- 5>&-
}

# same PROGRAM ARGS...: stdin is the file `in`, if there is one.
same() {
	local in=/dev/null
	[ ! -e in ] || in=in
	on_host "$@" <$in >host/out 2>host/err && echo 0 >host/status || echo $? >host/status
	mote run --root root --env PATH=/bin --env DIFF_A='a  b' --env DIFF_B='ü€' "$@" \
		<$in >vm/out 2>vm/err && echo 0 >vm/status || echo $? >vm/status
	local what
	for what in out err status; do
		# A death is reported by the shell on one side, by mote on the other.
		[ $what != err ] || [ "$(cat host/status)" -lt 128 ] || continue
		diff -a host/$what vm/$what >difference || {
			echo "$*: $what"
			head -n 20 difference
			different=1
		}
	done
}

# Each line of stdin, an applet with its arguments or a script; then whether all were the same.
all_same() {
	different=
	while read -r line; do
		rm -rf host/root/data host/root/tmp/*
		cp -a root/data host/root/
		if [ "$1" = script ]; then
			same /busybox sh -c "$line"
		else
			eval "same /busybox $line"
		fi
	done
	[ -z "$different" ]
}

# The program gets to both sides; the directory that it works in is the host's tmpfs.
same_program() {
	cp "$PROGRAMS/$1" root/
	cp "$PROGRAMS/$1" host/root/
	different=
	same "/$1" "${@:2}"
	[ -z "$different" ] && [ "$(cat host/status)" -lt 128 ]
}

# The host's pages are as large as the microVM's.
has_small_pages() {
	grep -q '^KernelPageSize: *4 kB' /proc/self/smaps
}

@test "files" {
	same_program diff-files
}

@test "directories" {
	same_program diff-directories
}

@test "memory" {
	same_program diff-memory
}

@test "signals" {
	same_program diff-signals
}

@test "death by signals" {
	cp "$PROGRAMS/diff-signals" root/
	cp "$PROGRAMS/diff-signals" host/root/
	for signal in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 17 18 23 28 34 64; do
		on_host /diff-signals $signal >/dev/null 2>&1 && host=0 || host=$?
		mote run --root root /diff-signals $signal >/dev/null 2>&1 && vm=0 || vm=$?
		expect "$signal: $vm" "$signal: $host"
	done
}

@test "pipes, poll, select, epoll, timerfd" {
	if has_small_pages; then
		same_program diff-poll
	else
		same_program diff-poll other-pipes
	fi
}

@test "clocks and timers" {
	if [ -e /sys/class/rtc/rtc0/wakealarm ]; then
		same_program diff-time
	else
		same_program diff-time no-alarms
	fi
}

@test "stdio, floating point, allocation, arguments, environment" {
	seq 1 50000 >in
	same_program diff-stdio 'x y' 'ü€' '' "'\"\\*"
}

@test "standard input that is a file" {
	seq 1 200000 >in
	same_program diff-stdin
}

@test "errors of system calls" {
	same_program diff-errors
}

@test "busybox: text" {
	all_same applet <<'END'
echo 'a b' c
printf '%s|%5d|%x|%.3f\n' x 42 255 3.14159
seq 1 3 20
head -n 3 /data/numbers
head -c 100 /data/numbers
tail -n 3 /data/numbers
tail -c 20 /data/numbers
tail -n +1995 /data/numbers
cut -d ' ' -f 2 /data/fruit
sort /data/fruit
sort -rnk2 /data/fruit
uniq -c /data/fruit
tac /data/fruit
rev /data/fruit
nl /data/fruit
fold -w 5 /data/fruit
paste /data/fruit /data/fruit
wc /data/fruit /data/numbers
grep -n p /data/fruit
sed -n '2,3s/[aeiou]/_/gp' /data/fruit
awk '{n[$1]+=$2} END {for (k in n) print k, n[k] | "cat"}' /data/none
awk '{s+=$1} END {print s, s/NR, sqrt(s)}' /data/numbers
od -c /data/binary
od -A x -t x1 /data/fruit
hexdump -C /data/binary
strings /data/binary
md5sum /data/numbers /data/binary
sha1sum /data/numbers
sha256sum /data/numbers
sha512sum /data/numbers
cksum /data/numbers
base64 /data/binary
expr 6 \* 7
expr abc : 'a\(.\)'
factor 123456789 97
cal 2 2024
cmp /data/fruit /data/numbers
diff /data/fruit /data/numbers
cat /data/fruit /none /data/binary
test -f /data/fruit
test -d /data/fruit
test -L /data/sub/link
test /data/fruit -nt /none
false
basename /a/b/c.txt .txt
dirname /a/b/c.txt
date -u -d @1700000000
date -u -r /data/fruit
uname -s -m
whoami
id -u
pwd
env
stty
tty
sleep 0.01
which busybox
cat /proc/self/comm
readlink /proc/self/fd/none
END
}

@test "busybox: text from standard input" {
	seq 1 3000 >in
	all_same applet <<'END'
cat
tr 0-9 a-j
head -n 2
tail -n 2
wc
sort -R -n -u
dd bs=7 skip=3 count=5
dd bs=1000 iflag=fullblock
md5sum
tee /tmp/copy
gzip -c
bzip2 -c
od -x
split -l 1000 - /tmp/part
bc
dc
sed '$!N;s/\n/ /'
cut -c 1
expand
shuf -n 0
END
}

@test "busybox: files" {
	all_same script <<'END'
cd /tmp; echo one >a; echo two >>a; read x <a; echo $x; [ -s a ] && echo filled
cd /tmp; umask 077; >b; umask; [ -w b ] && echo writable; test -x b; echo $?
cd /data; for f in * */*; do echo "$f"; done
cd /data/sub; pwd; cd ..; pwd; cd /none; echo $?
set -- /data/[a-f]*; echo $# $*
exec 3</data/fruit; read -r a b <&3; read -r c d <&3; echo $a $b $c $d
exec 3>/tmp/x; echo three >&3; exec 3>&-; read x </tmp/x; echo $x
while read -r n r; do echo $((n * 2)); done </data/numbers
trap "echo got it" USR1; kill -USR1 $$; echo after
trap "echo bye" EXIT; exit 7
ulimit -n 100; ulimit -n
echo $((7 / 2)) $((1 << 40)) ${#PATH} ${PATH%n}
printf "%s\n" "$DIFF_A" "$DIFF_B"
echo >/dev/null; echo >/none/x; echo $?
echo err >&2; echo out; exec 2>&1; echo err >&2
END
	all_same applet <<'END'
stat -c '%n %s %f %a %h %Y' /data/fruit /data/binary
stat -c '%n %F %N' /data/sub/link
readlink /data/sub/link
readlink -f /data/sub/link
realpath /data/sub/../fruit
ls /data
ls -1a /data/sub
find /data/fruit /data/sub -type l
find /data -name 'n*' -size +1
touch /tmp/new
mkdir -p /tmp/a/b/c
rmdir /none
rm /none
rm -r /data/sub
mv /data/fruit /data/moved
mv /none /data/x
cp /data/fruit /tmp/copy
cp -a /data /tmp/
ln -s target /tmp/l
ln /data/fruit /data/hard
chmod 600 /data/fruit
chown 1:2 /data/fruit
truncate -s 100 /data/fruit
dd if=/data/numbers of=/tmp/o bs=512 count=3
dd if=/dev/zero bs=1000 count=3
tar -c -f /tmp/t.tar -C /data fruit sub
tar -c -f - -C /data fruit
gzip -k /data/fruit
xz -d /none
unzip -l /none
patch -i /none /data/fruit
install -m 755 /data/fruit /tmp/i
split -b 1000 /data/numbers /tmp/p
shred -u /none
fallocate -l 10000 /tmp/f
fsync /data/fruit
sync
nproc --ignore=100
cat /dev/null
head -c 10 /dev/zero
tee /dev/full
END
	! has_small_pages || all_same applet <<<'du -a /data/binary'
}

@test "bash: built-ins" {
	cp "$REAL/bash-static" root/bash
	cp "$REAL/bash-static" host/root/bash
	cat >script <<'END'
set -o pipefail
declare -A map=([x]=1 [y]="two words"); declare -a list=(a b "c d"); declare -i n=5+5
echo "${map[y]} ${list[2]} ${#list[@]} $n ${list[@]:1:2}"
printf '%q %(%Y)T %06.2f %b\n' 'a b' 0 3.14159 'x\ty'
[[ abc =~ ^a(.)c$ ]] && echo "${BASH_REMATCH[1]}"
mapfile -t lines </data/fruit; echo "${#lines[@]}: ${lines[0]}"
read -r -t 5 -n 3 part </data/fruit; echo "$part"
exec {fd}<>/tmp/both; echo hello >&$fd; exec {fd}<&-; read -r x </tmp/both; echo "$x"
cat=0; while IFS=' ' read -r name count; do ((cat += count)); done </data/fruit; echo $cat
trap 'echo caught $?' USR1 ERR; kill -USR1 $$; false
f() { local -n ref=$1; ref+=suffix; return 3; }; v=pre; f v; echo "$v $?"
shopt -s extglob nullglob globstar; echo /data/** /data/!(fruit)
cd /data/sub && pwd -P; pushd / >/dev/null; dirs; popd
ulimit -n 200; ulimit -n; ulimit -c; umask 027; umask -S
echo "${DIFF_A}|${DIFF_B^^}|${#DIFF_B}|${DIFF_A// /_}"
test -t 0 || echo no terminal; type -t echo; hash -r; enable -n test; type -t test
echo text >/dev/stdout; echo more >/dev/stderr; echo $((2**40 % 1000)) $((16#ff))
times >/dev/null; suspend 2>/dev/null; logout 2>/dev/null; exit 42
END
	cp script root/script
	cp script host/root/script
	different=
	same /bash /script
	[ -z "$different" ]
}
