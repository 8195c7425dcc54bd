/* SPDX-License-Identifier: Apache-2.0 */
/* pthread_create() that fails when the test says so. Included once by each test program. */
#ifndef MOTE_TEST_THREADS_H
#define MOTE_TEST_THREADS_H

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>

static int thread_fails = -1; /* number of the next thread that can't be made; -1: none */

int pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*start)(void *),
		   void *context)
{
	int (*real)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);

	if (thread_fails >= 0 && thread_fails-- == 0)
		return EAGAIN;
	*(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
	return real(thread, attr, start, context);
}

#endif
