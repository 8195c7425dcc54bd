#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad input: one line that names the thing, a status that is not zero, nothing left behind.

load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	before=$(left)
}

teardown() {
	vmm_stop
	expect "$(left)" "$before"
}

# What a failed start could leave: monitors, states, sockets, temporary files.
left() {
	pgrep -a mote-vmm || :
	find /run/mote -mindepth 1 2>/dev/null || :
	find /tmp -maxdepth 1 ! -name 'bats*'
	find "$BATS_TEST_TMPDIR" -type s -o -name '.*'
}

# refused STATUS PATTERN COMMAND...: fails with one line on standard error, none on the other.
refused() {
	local expected=$1 pattern=$2 got=0
	shift 2
	timeout 60 "$@" >o 2>e </dev/null 3>&- || got=$?
	echo "$* -> $got: $(cat e)"
	expect "$got $(cat o)" "$expected "
	expect "$(wc -l <e)" 1
	# shellcheck disable=SC2053 # a pattern
	[[ $(cat e) == $pattern ]]
	rm o e
}

# A configuration file with that text, refused.
config_refused() {
	printf '%s' "$2" >c.json
	refused 152 "$1" mote-vmm --no-api --config-file c.json
}

@test "no /dev/kvm, or no permission" {
	cp "$EXAMPLES/hello/hello" .
	refused 1 '*/dev/kvm*' unshare --mount sh -c \
		'mount -t tmpfs none /dev && printf "{\"application\": {\"path\": \"hello\"}}" >c.json &&
			: >/dev/null && exec mote-vmm --no-api --config-file c.json'
	refused 125 '*/dev/kvm*' unshare --mount sh -c \
		'mount -t tmpfs none /dev && : >/dev/null && exec mote run ./hello'
	open=$(mktemp -d /tmp/open.XXXXXX) # bats keeps its own directory to itself
	cp hello "$open"
	printf '{"application": {"path": "%s"}}' "$open/hello" >"$open/c.json"
	chmod -R a+rX "$open"
	refused 1 '*/dev/kvm*' setpriv --reuid 12345 --regid 12345 --clear-groups \
		mote-vmm --no-api --config-file "$open/c.json"
	rm -r "$open"
}

@test "programs that can't be run: 126" {
	"$BATS_TEST_DIRNAME/elf-variants" "$EXAMPLES/hello/hello" v
	while read -r name pattern; do
		refused 126 "mote: v/$name: $pattern" mote run --mem 32 v/"$name"
		rm v/"$name"
	done <<-END
		empty not an ELF file
		text not an ELF file
		magic-alone truncated:*
		header-truncated truncated:*
		headers-truncated truncated:*
		headers-far truncated:*
		truncated *end of the file
		beyond-file *end of the file
		offset-far *end of the file
		32-bit not a 64-bit*
		big-endian not a 64-bit*
		x86_64 built for x86_64*
		object-file not an executable*
		dynamic dynamically linked*mote-cc
		no-headers *program headers*
		many-headers *program headers*
		small-headers *program headers*
		overlap *overlap*
		wraps *outside of the address space
		high *outside of the address space
		low *lowest pages
		larger-in-file *larger in the file*
		write-and-execute *writable and executable
		nothing-loaded *no executable segment
	END
	refused 139 "*0x10*" mote run --mem 32 v/entry-outside
	rm v/entry-outside
	expect "$(ls v)" ""
	refused 127 "*nothing*" mote run ./nothing
	refused 126 "*directory*" mote run .
}

@test "kernels that can't be loaded" {
	"$BATS_TEST_DIRNAME/elf-variants" "$EXAMPLES/hello/hello" v
	for kernel in v/*; do
		printf '{"boot-source": {"kernel_image_path": "%s"}}' "$kernel" >c.json
		refused 1 "mote-vmm: *$kernel: *" mote-vmm --no-api --config-file c.json
	done
}

@test "the runtime as a kernel of its own: no application, or a lying initrd" {
	printf '07070100000001000081A4%0*d' 200 0 >initrd
	printf '{"boot-source": {"kernel_image_path": "%s", "initrd_path": "initrd"}}' \
		"$GUESTS/runtime" >c.json
	refused 126 'mote-vmm: there is no application' mote-vmm --no-api --config-file c.json
}

@test "memory that is too small for the program" {
	refused 125 "*busybox*memory*too small*" mote run --mem 1 "$REAL/busybox" true
	mkdir root
	head -c 4000000 /dev/zero >root/zeros
	refused 125 "*zeros*memory*too small*" mote run --mem 3 --root root "$EXAMPLES/hello/hello"
	refused 125 "*mem_size_mib*" mote run --mem 99999999 "$EXAMPLES/hello/hello"
}

@test "a socket that a living monitor has, or a file that is none; a dead one's is taken" {
	vmm_start
	refused 1 "*$SOCKET*in use*" mote-vmm --api-sock "$SOCKET"
	api GET /
	# shellcheck disable=SC2154 # set by api
	expect "$status_code" 200
	kill -9 "$VMM"
	wait "$VMM" || :
	mote-vmm --api-sock "$SOCKET" </dev/null 3>&- &
	VMM=$!
	until api GET / 2>/dev/null; do kill -0 "$VMM"; done
	vmm_stop
	echo precious >file
	refused 1 "*file*not a socket*" mote-vmm --api-sock file
	expect "$(cat file)" precious
	refused 1 "*nowhere/x*" mote-vmm --api-sock nowhere/x
	refused 1 "*too long*" mote-vmm --api-sock "$(printf '%0200d' 0)"
}

@test "configuration files" {
	config_refused '*c.json*line 2*turbo*' $'{"machine-config":\n{"vcpu_count": 1, "mem_size_mib": 32, "turbo": true}}'
	config_refused '*c.json*machine*' '{"machine": {}}'
	config_refused '*c.json*vcpu_count*' '{"machine-config": {"vcpu_count": "1", "mem_size_mib": 32}}'
	config_refused '*c.json*mem_size_mib*' '{"machine-config": {"vcpu_count": 1, "mem_size_mib": -1}}'
	config_refused '*c.json*application*' '{"application": []}'
	config_refused '*c.json*path*' '{"application": {"path": 7}}'
	config_refused '*c.json*args*' '{"application": {"path": "x", "args": {}}}'
	config_refused '*c.json*duplicate*path*' '{"application": {"path": "x", "path": "y"}}'
	config_refused '*c.json*duplicate*' '{"application": {"path": "x"}, "application": {"path": "x"}}'
	config_refused '*c.json*' '{"application": {"path": "x"}} extra'
	config_refused '*c.json*' ''
	head -c 1000000 /dev/zero | tr '\0' '[' >c.json
	refused 152 '*c.json*depth*' mote-vmm --no-api --config-file c.json
	head -c 67108864 /dev/zero | tr '\0' '[' >c.json
	refused 152 '*c.json*larger than*' mote-vmm --no-api --config-file c.json
	refused 152 '*missing.json*' mote-vmm --no-api --config-file missing.json
}

# json_of_objects COUNT: of all JSON what takes most memory for its length.
json_of_objects() {
	printf '{"a":['
	yes '{},' | head -n "$1" | tr -d '\n'
	printf '{}]}'
}

vm_kib() {
	sed -n "s/^$1:[[:space:]]*\([0-9]*\) kB$/\1/p" "/proc/$VMM/${2:-smaps_rollup}"
}

# The parse of the body takes 4.6 MB.
@test "JSON that there is no memory for: refused, and the monitor goes on" {
	local kib size resident
	vmm_start
	json_of_objects 17000 >body
	api PUT /machine-config -d '{"vcpu_count": 1, "mem_size_mib": 32}'
	size=$(vm_kib VmSize status) resident=$(vm_kib Rss)
	for kib in 256 300 400 600 1000 1700 3000; do
		prlimit --pid "$VMM" --as=$(((size + kib) * 1024)):unlimited
		api PUT /machine-config --data-binary @body
		echo "$kib KiB: $status_code $reply"
		expect "$status_code" 400
		[[ $reply == *": out of memory."* ]]
		api PUT /machine-config -d '{"vcpu_count": 1, "mem_size_mib": 32}'
		expect "$status_code" 204
	done
	prlimit --pid "$VMM" --as=unlimited
	api PUT /machine-config --data-binary @body
	[[ $reply == *"unknown field \`a\`"* ]]
	echo "resident: $resident KiB, then $(vm_kib Rss)"
	[ "$(vm_kib Rss)" -lt $((resident + 512)) ]
	vmm_stop
	json_of_objects 340000 >c.json
	refused 152 '*c.json: * unknown key' mote-vmm --no-api --config-file c.json
	refused 152 '*c.json: out of memory' sh -c \
		'ulimit -v 30000; exec mote-vmm --no-api --config-file c.json'
}
