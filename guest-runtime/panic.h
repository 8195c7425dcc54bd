/* SPDX-License-Identifier: Apache-2.0 */
/* The runtime cannot go on; the machine ends with this reason. */
#ifndef GUEST_PANIC_H
#define GUEST_PANIC_H

_Noreturn void panic(const char *reason);
#endif
