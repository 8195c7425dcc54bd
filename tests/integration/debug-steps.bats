#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Real gdb, instruction by instruction: each step is a conversation. debug-long.bats has the ten
# times of it.

load helper
load gdb

setup() {
	gdb_setup
}

teardown() {
	gdb_teardown
}

@test "1,000 instructions one by one" {
	SECONDS_OF_GDB=400 one_by_one 1000
}
