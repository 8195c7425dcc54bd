/* SPDX-License-Identifier: Apache-2.0 */
/* The sleep loop. Interrupts stay masked all the time: one that comes between the check
 * and the sleep is pending, and ends the sleep at once. */
#include "wait.h"

#include <linux/errno.h>

#include "arch.h"
#include "console.h"
#include "control.h"
#include "signal.h"
#include "time.h"
#include "timers.h"
#include "vsock_port.h"

static uint64_t idle_time;

uint64_t wait_idle_time(void)
{
	return idle_time;
}

void wait_interrupt(void)
{
	control_beat();
	if (interrupts_take())
		console_input_possible();
	vsock_interrupt();
	time_settle();
	timers_run();
	signal_collect();
}

/* looked: when nothing was ready yet. */
static void sleep(uint64_t deadline, uint64_t looked)
{
	uint64_t before = clock_now(), timer = timers_next(), file = timerfd_next(looked);

	timer = timer < file ? timer : file;
	timer_arm(timer < deadline ? timer : deadline);
	control_idle(true);
	cpu_idle();
	control_idle(false);
	idle_time += clock_now() - before;
	wait_interrupt();
}

int wait_for(bool (*ready)(void *context), void *context, uint64_t deadline)
{
	signal_collect();
	for (;;) {
		uint64_t looked = clock_now();

		if (ready && ready(context))
			return 0;
		if (signal_pending())
			return -EINTR;
		if (deadline != FOREVER && clock_now() >= deadline)
			return -ETIMEDOUT;
		sleep(deadline, looked);
	}
}
