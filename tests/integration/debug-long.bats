#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Real gdb on microVMs, for as long as it takes: each step is a conversation with gdb.

load helper
load gdb

setup() {
	gdb_setup
}

teardown() {
	gdb_teardown
}

@test "10,000 instructions one by one" {
	SECONDS_OF_GDB=2400 one_by_one 10000
}
