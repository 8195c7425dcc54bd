#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# `make install DESTDIR=… PREFIX=…`: the installed programs find each other and the runtime.

load helper

@test "mote run from an installed tree" {
	PATH=/usr/sbin:/usr/bin:/sbin:/bin
	run -0 "$TOP/install/opt/m/bin/mote" run "$EXAMPLES/hello/hello"
	[ -n "$output" ]
	run -0 "$TOP/install/opt/m/bin/mote-vmm" --version
}
