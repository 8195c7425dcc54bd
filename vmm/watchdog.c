/* SPDX-License-Identifier: Apache-2.0 */
#include "vmm/watchdog.h"

#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "vmm/log.h"

static bool is_on(const struct watchdog *watchdog)
{
	return watchdog->timeout_ms;
}

static void arm(const struct watchdog *watchdog, uint32_t ms)
{
	const struct itimerspec when = {.it_value = {ms / 1000, ms % 1000 * 1000000}};

	timerfd_settime(watchdog->timer.fd, 0, &when, NULL);
}

static void answered(struct watchdog *watchdog)
{
	if (watchdog->unresponsive)
		log_warning("watchdog: the guest answers again");
	watchdog->unresponsive = watchdog->pinged = false;
}

static void silent(struct watchdog *watchdog)
{
	char reason[128];

	if (watchdog->unresponsive)
		return;
	watchdog->unresponsive = true;
	watchdog->reports++;
	watchdog_reason(watchdog, reason, sizeof(reason));
	log_warning("%s", reason);
	watchdog->report(watchdog->context);
}

/* Whatever comes of it, the next look is armed before somebody may hold us. */
static void look(void *context, uint32_t events)
{
	struct watchdog *watchdog = context;
	uint64_t expirations;

	(void)events;
	if (read(watchdog->timer.fd, &expirations, sizeof(expirations)) < 0)
		return;
	arm(watchdog, watchdog->timeout_ms / 2);
	if (!control_page_booted(watchdog->device))
		return;
	if (control_page_alive(watchdog->device, &watchdog->beat)) {
		answered(watchdog);
	} else if (watchdog->pinged) {
		silent(watchdog);
	} else {
		watchdog->pinged = true;
		arm(watchdog, watchdog->timeout_ms);
		control_page_ping(watchdog->device);
	}
}

int watchdog_init(struct watchdog *watchdog, struct error *err)
{
	int fd, result;

	if (!is_on(watchdog))
		return 0;
	fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (fd < 0)
		return error_errno(err, "watchdog: timerfd_create");
	watchdog->timer = (struct loop_source){fd, look, watchdog};
	result = loop_add(watchdog->loop, &watchdog->timer, EPOLLIN, err);
	if (result < 0) {
		close(fd);
		watchdog->timeout_ms = 0;
	}
	return result;
}

void watchdog_finish(struct watchdog *watchdog)
{
	if (!is_on(watchdog))
		return;
	loop_remove(watchdog->loop, &watchdog->timer);
	close(watchdog->timer.fd);
	watchdog->timeout_ms = 0;
}

void watchdog_start(struct watchdog *watchdog)
{
	if (!is_on(watchdog))
		return;
	watchdog->pinged = false;
	arm(watchdog, watchdog->timeout_ms / 2);
}

void watchdog_hold(struct watchdog *watchdog)
{
	if (is_on(watchdog))
		arm(watchdog, 0);
}

void watchdog_reason(const struct watchdog *watchdog, char *text, size_t size)
{
	text[0] = '\0';
	if (watchdog->unresponsive)
		snprintf(text, size, "watchdog: the guest has not answered for %u ms",
			 watchdog->timeout_ms);
}

void watchdog_metrics(const struct watchdog *watchdog, struct metrics *metrics)
{
	metrics_add(metrics, METRIC_WATCHDOG_REPORTS, watchdog->reports, NULL, NULL);
	metrics_add(metrics, METRIC_WATCHDOG_UNRESPONSIVE, watchdog->unresponsive, NULL, NULL);
}
