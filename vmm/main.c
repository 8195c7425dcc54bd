/* SPDX-License-Identifier: Apache-2.0 */
/* mote-vmm: one process, one microVM. Reads the command line, opens what is needed, then
 * serves the loop. The only place that exits, and the only one that sees everything. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "api/config_file.h"
#include "api/server.h"
#include "vmm/control.h"
#include "vmm/dev/stream.h"
#include "vmm/log.h"
#include "vmm/loop.h"
#include "vmm/snapshot_place.h"
#include "vmm/standard.h"

/* Firecracker's exit statuses where it has one; ours where the guest never ran. */
enum { STATUS_GENERIC = 1, STATUS_NO_APPLICATION = 125, STATUS_CONFIG = 152, STATUS_USAGE = 153 };

struct options {
	const char *api_sock, *config_file, *id, *log_path, *metrics_path, *restore;
	int level;
	bool no_api, prefetch;
};

struct monitor {
	struct options options;
	struct loop *loop;
	struct streams streams;
	struct control *control;
	struct api_server *server;
	struct loop_source signals;
	int signal; /* that ended the process, or 0 */
};

static const char usage[] =
	"usage: mote-vmm [--api-sock PATH] [--config-file FILE] [OPTIONS]\n"
	"       mote-vmm --no-api --config-file FILE [OPTIONS]\n"
	"Runs one microVM under KVM and answers its REST API on a Unix socket.\n"
	"\n"
	"  --api-sock PATH     the API's socket (/run/mote.socket)\n"
	"  --config-file FILE  configure the microVM from JSON and start it\n"
	"  --restore NAME      load that snapshot and let it run\n"
	"  --prefetch          with --restore: have the snapshot's working set read ahead\n"
	"  --no-api            no API: end with the application, with its exit status\n"
	"  --id ID             name of this microVM (anonymous-instance)\n"
	"  --log-path FILE     append messages to FILE instead of standard error\n"
	"  --metrics-path FILE append metrics to FILE at FlushMetrics and at the end\n"
	"  --keep-output MIB   standard output and error are a file: keep its last MIB\n"
	"  --level LEVEL       Off, Error, Warning, Info or Debug (Warning)\n"
	"  --no-seccomp        run without system call filters\n"
	"  --version           print the version\n"
	"  --help              print this\n";

enum option_value {
	OPTION_API_SOCK = 256,
	OPTION_CONFIG_FILE,
	OPTION_NO_API,
	OPTION_ID,
	OPTION_LOG_PATH,
	OPTION_METRICS_PATH,
	OPTION_KEEP_OUTPUT,
	OPTION_LEVEL,
	OPTION_NO_SECCOMP,
	OPTION_VERSION,
	OPTION_HELP,
	OPTION_RESTORE,
	OPTION_PREFETCH,
	OPTION_UNBUILT,
};

static const struct option long_options[] = {
	{"api-sock", required_argument, NULL, OPTION_API_SOCK},
	{"config-file", required_argument, NULL, OPTION_CONFIG_FILE},
	{"no-api", no_argument, NULL, OPTION_NO_API},
	{"id", required_argument, NULL, OPTION_ID},
	{"log-path", required_argument, NULL, OPTION_LOG_PATH},
	{"keep-output", required_argument, NULL, OPTION_KEEP_OUTPUT},
	{"level", required_argument, NULL, OPTION_LEVEL},
	{"no-seccomp", no_argument, NULL, OPTION_NO_SECCOMP},
	{"version", no_argument, NULL, OPTION_VERSION},
	{"help", no_argument, NULL, OPTION_HELP},
	{"metrics-path", required_argument, NULL, OPTION_METRICS_PATH},
	{"boot-timer", no_argument, NULL, OPTION_UNBUILT},
	{"restore", required_argument, NULL, OPTION_RESTORE},
	{"prefetch", no_argument, NULL, OPTION_PREFETCH},
	{0},
};

static int complain(int status, const char *message)
{
	fprintf(stderr, "mote-vmm: %s\n", message);
	return status;
}

static bool id_is_good(const char *id)
{
	size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_");

	return length > 0 && length <= 64 && !id[length];
}

static bool keep_output(const char *mib)
{
	char *end;
	long value = strtol(mib, &end, 10);

	if (end == mib || *end || value < 1 || value > 1 << 20)
		return false;
	standard_keep((uint64_t)value << 20);
	return true;
}

/* -1: go on; else the status to end with. */
static int options_parse(struct options *options, int argc, char **argv)
{
	int value, index;

	*options = (struct options){
		.api_sock = "/run/mote.socket", .id = "anonymous-instance", .level = LOG_WARNING};
	while ((value = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		switch (value) {
		case OPTION_API_SOCK:
			options->api_sock = optarg;
			break;
		case OPTION_CONFIG_FILE:
			options->config_file = optarg;
			break;
		case OPTION_NO_API:
			options->no_api = true;
			break;
		case OPTION_ID:
			options->id = optarg;
			break;
		case OPTION_RESTORE:
			options->restore = optarg;
			break;
		case OPTION_PREFETCH:
			options->prefetch = true;
			break;
		case OPTION_LOG_PATH:
			options->log_path = optarg;
			break;
		case OPTION_METRICS_PATH:
			options->metrics_path = optarg;
			break;
		case OPTION_KEEP_OUTPUT:
			if (!keep_output(optarg))
				return complain(STATUS_USAGE, "--keep-output: 1 to 1048576 MiB");
			break;
		case OPTION_LEVEL:
			options->level = log_level_parse(optarg);
			if (options->level < 0)
				return complain(STATUS_USAGE,
						"--level: Off, Error, Warning, Info or Debug");
			break;
		case OPTION_NO_SECCOMP:
			break;
		case OPTION_VERSION:
			puts("mote-vmm " MOTE_VERSION);
			return 0;
		case OPTION_HELP:
			fputs(usage, stdout);
			return 0;
		case OPTION_UNBUILT:
			fprintf(stderr, "mote-vmm: --%s: not supported yet\n",
				long_options[index].name);
			return STATUS_USAGE;
		default:
			return complain(STATUS_USAGE, "see mote-vmm --help");
		}
	}
	if (optind < argc)
		return complain(STATUS_USAGE, "takes no arguments, only options; see --help");
	if (!id_is_good(options->id))
		return complain(STATUS_USAGE, "--id: 1 to 64 letters, digits, '-' and '_'");
	if (options->no_api && !options->config_file && !options->restore)
		return complain(STATUS_USAGE, "--no-api needs --config-file or --restore");
	if (options->config_file && options->restore)
		return complain(STATUS_USAGE, "--config-file and --restore exclude each other");
	return -1;
}

static void signal_ready(void *context, uint32_t events)
{
	struct monitor *monitor = context;
	struct signalfd_siginfo info;

	(void)events;
	if (read(monitor->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	monitor->signal = (int)info.ssi_signo;
	loop_stop(monitor->loop);
}

/* Signals that end the process become events; one that was ignored at our start stays so
 * (whoever started us wants to handle the terminal's Ctrl-C alone). */
static int watch_signals(struct monitor *monitor, struct error *err)
{
	static const int ending[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		if (sigaction(ending[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			sigaddset(&set, ending[i]);
	signal(SIGPIPE, SIG_IGN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	monitor->signals = (struct loop_source){
		.fd = signalfd(-1, &set, SFD_CLOEXEC), .ready = signal_ready, .context = monitor};
	if (monitor->signals.fd < 0)
		return error_errno(err, "signalfd");
	return loop_add(monitor->loop, &monitor->signals, EPOLLIN, err);
}

/* JSON objects are hash tables. Without a seed jansson opens /dev/urandom, which a jail has
 * not; the kernel gave every process random bytes at its start. */
static void seed_tables(void)
{
	const void *random = (const void *)getauxval(AT_RANDOM);
	size_t seed = 1;

	if (random)
		memcpy(&seed, random, sizeof(seed));
	json_object_seed(seed ? seed : 1);
}

static void application_changed(void *context)
{
	struct monitor *monitor = context;

	loop_stop(monitor->loop);
}

static int set_metrics(struct monitor *monitor, struct error *err)
{
	struct request put = {.operation = OP_PUT_METRICS};
	struct reply reply;
	int result;

	if (!monitor->options.metrics_path)
		return 0;
	put.path = strdup(monitor->options.metrics_path);
	result = put.path ? control_request(monitor->control, &put, &reply, err)
			  : error_set(err, ENOMEM, "out of memory");
	free(put.path);
	return result;
}

static int monitor_open(struct monitor *monitor, struct error *err)
{
	const struct options *options = &monitor->options;

	if (log_open(options->log_path, (enum log_level)options->level, err) < 0)
		return STATUS_GENERIC;
	monitor->loop = loop_create(err);
	if (!monitor->loop || watch_signals(monitor, err) < 0)
		return STATUS_GENERIC;
	streams_init(&monitor->streams, monitor->loop, STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO);
	monitor->control = control_create(options->id, monitor->loop, &monitor->streams, err);
	if (!monitor->control || set_metrics(monitor, err) < 0)
		return STATUS_GENERIC;
	if (options->no_api) {
		control_listen(monitor->control, application_changed, monitor);
		return 0;
	}
	monitor->server =
		api_server_create(monitor->loop, monitor->control, options->api_sock, err);
	return monitor->server ? 0 : STATUS_GENERIC;
}

static void monitor_close(struct monitor *monitor)
{
	api_server_destroy(monitor->server);
	control_destroy(monitor->control);
	if (monitor->control)
		streams_finish(&monitor->streams);
	loop_destroy(monitor->loop);
}

static int monitor_restore(struct monitor *monitor, struct error *err)
{
	struct request load = {.operation = OP_SNAPSHOT_LOAD, .load.resume = true};
	char directory[PATH_MAX];
	struct reply reply;
	int result = snapshot_place(directory, monitor->options.restore, err);

	if (result < 0)
		return result;
	if (asprintf(&load.load.state_path, "%s/" SNAPSHOT_STATE, directory) < 0)
		load.load.state_path = NULL;
	if (asprintf(&load.load.memory_path, "%s/" SNAPSHOT_MEMORY, directory) < 0)
		load.load.memory_path = NULL;
	load.load.prefetch = monitor->options.prefetch;
	result = load.load.state_path && load.load.memory_path
			 ? control_request(monitor->control, &load, &reply, err)
			 : error_set(err, ENOMEM, "out of memory");
	snapshot_load_finish(&load.load);
	return result;
}

/* A configuration file starts the microVM, as in Firecracker. */
static int monitor_start(struct monitor *monitor, struct error *err)
{
	struct request start = {.operation = OP_INSTANCE_START};
	struct reply reply;

	if (monitor->options.restore)
		return monitor_restore(monitor, err) < 0 ? STATUS_GENERIC : 0;
	if (!monitor->options.config_file)
		return 0;
	if (config_file_apply(monitor->options.config_file, monitor->control, err) < 0)
		return STATUS_CONFIG;
	return control_request(monitor->control, &start, &reply, err) < 0 ? STATUS_GENERIC : 0;
}

/* What a process that ran the application would end with. */
static int application_status(struct monitor *monitor)
{
	struct request get = {.operation = OP_GET_APPLICATION};
	struct reply reply;
	struct error err;

	if (control_request(monitor->control, &get, &reply, &err) < 0)
		return complain(STATUS_GENERIC, err.message);
	if (reply.application.reason[0] && reply.application.state == APPLICATION_CRASHED)
		complain(0, reply.application.reason);
	if (reply.application.signal > 0)
		return 128 + reply.application.signal;
	return reply.application.exit_code >= 0 ? reply.application.exit_code
						: STATUS_NO_APPLICATION;
}

int main(int argc, char **argv)
{
	struct monitor monitor = {0};
	struct error err = {0};
	int status = standard_fill(&err) < 0 ? complain(STATUS_GENERIC, err.message)
					     : options_parse(&monitor.options, argc, argv);

	if (status >= 0)
		return status;
	seed_tables();
	status = monitor_open(&monitor, &err);
	if (status == 0)
		status = monitor_start(&monitor, &err);
	if (status == 0 && loop_run(monitor.loop, &err) < 0)
		status = STATUS_GENERIC;
	if (status != 0)
		complain(status, err.message);
	else if (monitor.options.no_api)
		status = monitor.signal ? 128 + monitor.signal : application_status(&monitor);
	monitor_close(&monitor);
	return status;
}
