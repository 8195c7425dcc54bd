#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The API is what its document says, operation by operation and field by field.

load helper

@test "every operation and every field, right and wrong" {
	MOTE_PROGRAM=$EXAMPLES/hello/hello python3 "$BATS_TEST_DIRNAME/openapi.py" \
		"$TOP/api/openapi.json" "$BATS_TEST_TMPDIR"
}
