/* SPDX-License-Identifier: Apache-2.0 */
/* What a test program says: TAP, one point a line. */
#ifndef TEST_TAP_H
#define TEST_TAP_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/error.h"

/* One point. Returns whether it passed. */
bool tap_point(bool passed, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Goes on if result is not negative, else says what is wrong and ends the program. */
void tap_must(int result, const struct error *err);

/* The plan. Exit status of the program. */
int tap_end(void);

#endif
