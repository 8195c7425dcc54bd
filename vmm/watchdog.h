/* SPDX-License-Identifier: Apache-2.0 */
/* Notices when the guest's runtime stops answering. It looks at the control page's heartbeat
 * twice in a timeout; only a guest that is awake and has not moved since the last look is
 * pinged, by the control device's interrupt, and then has the whole timeout to move. A guest
 * that sleeps is never woken. Why so: docs/adr/0007. Loop thread only. */
#ifndef MOTE_WATCHDOG_H
#define MOTE_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "vmm/dev/control_page.h"
#include "vmm/loop.h"
#include "vmm/metrics.h"

struct watchdog {
	struct loop *loop; /* these five are set before watchdog_init() */
	const struct control_page_device *device;
	uint32_t timeout_ms; /* 0: it does nothing */
	void (*report)(void *context); /* the guest has become unresponsive */
	void *context;
	struct loop_source timer;
	uint64_t beat; /* at the last look */
	bool pinged; /* and no answer seen */
	bool unresponsive;
	uint64_t reports;
};

int watchdog_init(struct watchdog *watchdog, struct error *err);
void watchdog_finish(struct watchdog *watchdog); /* a zeroed one is fine */

/* Watches, until it is held: a guest that stands can't answer. */
void watchdog_start(struct watchdog *watchdog);
void watchdog_hold(struct watchdog *watchdog);

/* What to tell about a guest that does not answer: one line, or "". */
void watchdog_reason(const struct watchdog *watchdog, char *text, size_t size);

void watchdog_metrics(const struct watchdog *watchdog, struct metrics *metrics);

#endif
