/* SPDX-License-Identifier: Apache-2.0 */
/* The routes: what is built, and what Firecracker's API or ours has but isn't built yet.
 * Messages are Firecracker's where it has the case. */
#include "api/routes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "api/bodies.h"
#include "api/encode.h"
#include "api/openapi.h"

struct route {
	llhttp_method_t method;
	const char *path;
	enum operation operation; /* unless the body sets it */
	const struct field *body; /* NULL: it must have none */
	encoder *encode; /* NULL: 204, or text */
};

static const struct route routes[] = {
	{HTTP_GET, "/", OP_GET_INSTANCE, NULL, encode_instance},
	{HTTP_GET, "/version", OP_GET_VERSION, NULL, encode_version},
	{HTTP_GET, "/vm/config", OP_GET_VM_CONFIG, NULL, encode_vm_config},
	{HTTP_GET, "/machine-config", OP_GET_MACHINE_CONFIG, NULL, encode_machine_config},
	{HTTP_PUT, "/machine-config", OP_PUT_MACHINE_CONFIG, machine_config_body, NULL},
	{HTTP_PUT, "/boot-source", OP_PUT_BOOT_SOURCE, boot_source_body, NULL},
	{HTTP_PATCH, "/machine-config", OP_PATCH_MACHINE_CONFIG, machine_config_patch_body, NULL},
	{HTTP_PUT, "/logger", OP_PUT_LOGGER, logger_body, NULL},
	{HTTP_PUT, "/metrics", OP_PUT_METRICS, metrics_body, NULL},
	{HTTP_GET, "/metrics", OP_GET_METRICS, NULL, NULL},
	{HTTP_GET, "/registers", OP_GET_REGISTERS, NULL, encode_registers},
	{HTTP_PUT, "/serial", OP_PUT_SERIAL, serial_body, NULL},
	{HTTP_PUT, "/watchdog", OP_PUT_WATCHDOG, watchdog_body, NULL},
	{HTTP_PUT, "/vsock", OP_PUT_VSOCK, vsock_body, NULL},
	{HTTP_PUT, "/debug", OP_PUT_DEBUG, debug_body, NULL},
	{HTTP_PUT, "/core", OP_PUT_CORE, core_body, NULL},
	{HTTP_PUT, "/actions", OP_INSTANCE_START, action_body, NULL},
	{HTTP_PATCH, "/vm", OP_PAUSE, vm_body, NULL},
	{HTTP_PUT, "/snapshot/create", OP_SNAPSHOT_CREATE, snapshot_create_body, NULL},
	{HTTP_PUT, "/snapshot/load", OP_SNAPSHOT_LOAD, snapshot_load_body, NULL},
	{HTTP_PUT, "/snapshot/reset", OP_SNAPSHOT_RESET, snapshot_reset_body, encode_reset},
	{HTTP_PUT, "/application", OP_PUT_APPLICATION, application_body, NULL},
	{HTTP_GET, "/application", OP_GET_APPLICATION, NULL, encode_application},
	{HTTP_PATCH, "/application", OP_SIGNAL_APPLICATION, signal_body, NULL},
};

/* "*" stands for one name. */
static const struct {
	llhttp_method_t method;
	const char *path;
} unbuilt[] = {
	{HTTP_PUT, "/drives/*"},
	{HTTP_PATCH, "/drives/*"},
	{HTTP_DELETE, "/drives/*"},
	{HTTP_PUT, "/network-interfaces/*"},
	{HTTP_PATCH, "/network-interfaces/*"},
	{HTTP_DELETE, "/network-interfaces/*"},
	{HTTP_PUT, "/pmem/*"},
	{HTTP_PATCH, "/pmem/*"},
	{HTTP_DELETE, "/pmem/*"},
	{HTTP_PUT, "/entropy"},
	{HTTP_PUT, "/cpu-config"},
	{HTTP_GET, "/balloon"},
	{HTTP_PUT, "/balloon"},
	{HTTP_PATCH, "/balloon"},
	{HTTP_GET, "/balloon/statistics"},
	{HTTP_PATCH, "/balloon/statistics"},
	{HTTP_PATCH, "/balloon/hinting/start"},
	{HTTP_GET, "/balloon/hinting/status"},
	{HTTP_PATCH, "/balloon/hinting/stop"},
	{HTTP_GET, "/mmds"},
	{HTTP_PUT, "/mmds"},
	{HTTP_PATCH, "/mmds"},
	{HTTP_PUT, "/mmds/config"},
	{HTTP_GET, "/hotplug/memory"},
	{HTTP_PUT, "/hotplug/memory"},
	{HTTP_PATCH, "/hotplug/memory"},
};

static bool path_matches(const char *pattern, const char *path)
{
	size_t fixed = strcspn(pattern, "*");

	if (!pattern[fixed])
		return !strcmp(pattern, path);
	return !strncmp(pattern, path, fixed) && path[fixed] && !strchr(path + fixed, '/');
}

static bool is_unbuilt(llhttp_method_t method, const char *path)
{
	for (size_t i = 0; i < sizeof(unbuilt) / sizeof(unbuilt[0]); i++) {
		if (unbuilt[i].method == method && path_matches(unbuilt[i].path, path))
			return true;
	}
	return false;
}

static const struct route *route_find(llhttp_method_t method, const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (routes[i].method == method && !strcmp(routes[i].path, path))
			return &routes[i];
	}
	return NULL;
}

/* The target's path: clients may send the absolute form, "http://host/path". */
static const char *target_path(const char *target)
{
	const char *host = strstr(target, "://");

	if (*target == '/' || !host)
		return target;
	host = strchr(host + 3, '/');
	return host ? host : "/";
}

__attribute__((format(printf, 2, 3))) static void fault(struct http_reply *reply,
							const char *format, ...)
{
	char message[384];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	reply_fault(reply, 400, message);
}

/* The rules about bodies that hold for every path. */
static const char *body_fault(const struct http_request *request)
{
	if (request->method == HTTP_GET && request->body_length)
		return "GET request cannot have a body.";
	if (request->method == HTTP_PUT && !request->body_length)
		return "Empty PUT request.";
	if (request->method == HTTP_PATCH && !request->body_length)
		return "Empty PATCH request.";
	return NULL;
}

static bool has_ended(enum application_state state)
{
	return state == APPLICATION_EXITED || state == APPLICATION_CRASHED;
}

static int decode(const struct route *route, const struct http_request *http,
		  struct request *request, struct http_reply *reply)
{
	struct error err = {0};

	*request = request_empty(route->operation);
	if (!route->body || !body_decode(route->body, route->operation, http->body,
					 http->body_length, request, &err))
		return 0;
	fault(reply, "An error occurred when deserializing the json body of a request: %s.",
	      err.message);
	return -err.code;
}

/* Of the snapshot that a request has begun; false: it is still being written. */
static bool snapshot_answer(const struct control *control, struct http_reply *http)
{
	struct error err = {0};
	int result = control_snapshot_result(control, &err);

	if (result < 0)
		reply_fault(http, 400, err.message);
	else if (result == 0)
		reply_empty(http);
	return result <= 0;
}

static bool carry_out(struct control *control, const struct route *route, struct request *request,
		      bool hold, struct http_reply *http)
{
	struct error err = {0};
	struct reply reply = {0};

	if (control_request(control, request, &reply, &err)) {
		reply_fault(http, 400, err.message);
		return true;
	}
	if (route->operation == OP_SNAPSHOT_CREATE)
		return snapshot_answer(control, http);
	if (hold && route->operation == OP_GET_APPLICATION && !has_ended(reply.application.state))
		return false;
	if (route->operation == OP_GET_METRICS)
		reply_text(http, "text/plain; version=0.0.4", reply.text);
	else if (route->encode &&
		 !(route->operation == OP_SNAPSHOT_RESET && !reply.reverted.dropped))
		reply_json(http, 200, route->encode(control, &reply));
	else
		reply_empty(http);
	return true;
}

static bool route_answer(struct control *control, const struct route *route,
			 const struct http_request *http, enum route_turn turn,
			 struct http_reply *reply)
{
	bool hold = turn != ROUTE_LAST && http->wait_s;
	struct request request;
	bool answered = true;

	if (turn != ROUTE_FIRST && route->operation == OP_SNAPSHOT_CREATE)
		return snapshot_answer(control, reply);
	if (!decode(route, http, &request, reply))
		answered = carry_out(control, route, &request, hold, reply);
	request_finish(&request);
	return answered;
}

bool routes_must_hold(const struct http_request *request)
{
	const struct route *route = route_find(request->method, target_path(request->target));

	return route && route->operation == OP_SNAPSHOT_CREATE;
}

bool routes_answer(struct control *control, const struct http_request *request,
		   enum route_turn turn, struct http_reply *reply)
{
	const char *method = llhttp_method_name(request->method);
	const char *path = target_path(request->target);
	const struct route *route = route_find(request->method, path);

	if (is_unbuilt(request->method, path))
		fault(reply, "%s %s is not supported yet.", method, path);
	else if (body_fault(request))
		reply_fault(reply, 400, body_fault(request));
	else if (route)
		return route_answer(control, route, request, turn, reply);
	else if (request->method == HTTP_GET && !strcmp(path, "/openapi.yaml"))
		reply_static(reply, "application/yaml", openapi_yaml, openapi_yaml_length);
	else
		fault(reply, "Invalid request method and/or path: %s %s.", method,
		      path + (*path == '/'));
	return true;
}
