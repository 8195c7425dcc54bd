/* SPDX-License-Identifier: Apache-2.0 */
/* What /proc shares with the rest. */
#ifndef GUEST_PROC_H
#define GUEST_PROC_H

/* The name of the process, as prctl may have set it. */
const char *process_name(void);
#endif
