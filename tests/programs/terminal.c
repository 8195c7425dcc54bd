/* SPDX-License-Identifier: Apache-2.0 */
/* What a program sees of a terminal. Somebody types as the lines that it prints ask for; it
 * prints the same on Linux and in a microVM. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios login;

static void set_raw(int min, int time)
{
	struct termios raw = login;

	cfmakeraw(&raw);
	raw.c_oflag = login.c_oflag;
	raw.c_cc[VMIN] = (cc_t)min;
	raw.c_cc[VTIME] = (cc_t)time;
	tcsetattr(0, TCSAFLUSH, &raw);
}

static void set_login(void)
{
	tcsetattr(0, TCSANOW, &login);
}

static void show_window(void)
{
	struct winsize size;

	ioctl(0, TIOCGWINSZ, &size);
	printf("%d rows, %d columns\n", size.ws_row, size.ws_col);
}

/* A read, byte by byte as the program gets it. */
static void show_read(size_t length)
{
	unsigned char bytes[64];
	ssize_t got = read(0, bytes, length);

	printf("read %zd", got < 0 ? -(ssize_t)errno : got);
	for (ssize_t i = 0; i < got; i++)
		printf(" %02x", bytes[i]);
	printf("\n");
}

static int poll_in(int milliseconds)
{
	struct pollfd all = {0, POLLIN, 0};

	return poll(&all, 1, milliseconds);
}

static void take_signal(int number)
{
	(void)number;
}

static void catch (int number, int flags)
{
	struct sigaction action = {.sa_handler = take_signal, .sa_flags = flags};

	sigaction(number, &action, NULL);
}

/* Asks for lines, or parts of them, and says when they are there. */
static void lines(void)
{
	int count = -1, epoll = epoll_create1(0);
	struct epoll_event event = {.events = EPOLLIN};

	epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
	printf("half a line\n");
	printf("poll %d\n", poll_in(500));
	ioctl(0, FIONREAD, &count);
	printf("FIONREAD %d\nthe other half\n", count);
	printf("epoll %d\n", epoll_wait(epoll, &event, 1, -1));
	ioctl(0, FIONREAD, &count);
	printf("FIONREAD %d\n", count);
	show_read(3);
	printf("poll %d\n", poll_in(0));
	show_read(60);
	printf("a line to lose\n");
	poll_in(-1);
	tcflush(0, TCIFLUSH);
	printf("poll %d\nan end of file\n", poll_in(0));
	show_read(60);
}

static void raw(void)
{
	set_raw(3, 0);
	printf("three keys\n");
	poll_in(-1);
	show_read(60);
	set_raw(5, 0);
	printf("three keys more\n");
	show_read(3);
	set_raw(0, 0);
	show_read(60);
	set_raw(0, 2);
	show_read(60);
	printf("a key\n");
	poll_in(-1);
	show_read(60);
	set_raw(60, 3);
	printf("two keys\n");
	show_read(60);
	set_login();
}

/* What Ctrl-C does to a read that waits, and to what was typed. */
static void interrupt(void)
{
	catch (SIGINT, 0);
	printf("half a line and Ctrl-C\n");
	show_read(60);
	catch (SIGINT, SA_RESTART);
	printf("half a line and Ctrl-C, a line\n");
	show_read(60);
	catch (SIGQUIT, 0);
	catch (SIGTSTP, 0);
	printf("Ctrl-\\\n");
	show_read(60);
	printf("Ctrl-Z\n");
	show_read(60);
}

static void window(void)
{
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGWINCH);
	sigprocmask(SIG_BLOCK, &set, &old);
	catch (SIGWINCH, 0);
	show_window();
	sigsuspend(&old);
	show_window();
}

/* Reads late and counts to the end of the file. */
static void count(void)
{
	long bytes = 0;
	ssize_t got;
	char some[100];

	printf("go\n");
	sleep(1);
	while ((got = read(0, some, sizeof(some))) > 0)
		bytes += got;
	printf("%ld bytes\n", bytes);
}

static void unprocessed(void)
{
	struct termios settings = login;

	settings.c_oflag &= ~(tcflag_t)OPOST;
	tcsetattr(0, TCSADRAIN, &settings);
	printf("a\n\tb\n");
	set_login();
	printf("\tc\n");
}

static void spin(void)
{
	printf("go\n");
	for (;;)
		;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} parts[] = {
		{"lines", lines}, {"raw", raw},   {"interrupt", interrupt},     {"window", window},
		{"count", count}, {"spin", spin}, {"unprocessed", unprocessed},
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("terminals: %d %d %d\n", isatty(0), isatty(1), isatty(2));
	tcgetattr(0, &login);
	for (size_t i = 0; argc > 1 && i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!strcmp(argv[1], parts[i].name))
			parts[i].run();
	return 0;
}
