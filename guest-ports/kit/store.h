/*
 * Xenstore: a client for one request at a time, and the one watch that a small guest needs.
 *
 * Calls wait for the daemon's answer, for ever if there is none behind the ring: see store_present().
 */
#ifndef KIT_STORE_H
#define KIT_STORE_H

#include <stdbool.h>
#include <stddef.h>

/* Were we given a ring? Never as dom0. */
bool store_present(void);

/* Reads a node as a string of at most @size - 1 characters. Its length, or -ENOENT, -EACCES, ... */
long store_read(const char *path, char *value, size_t size);

/* 0, or the daemon's error. Relative paths lie below our own /local/domain/ID. */
long store_write(const char *path, const char *value);
long store_watch(const char *path);

/* Has a watch fired since the last call? Never waits; makes event_wait_until() conditions. */
bool store_watch_fired(void);

/*
 * control/shutdown: `poweroff`, `reboot`, `halt`, `suspend`. store_control() watches it; store_shutdown_reason() takes
 * a request and acknowledges it: SHUTDOWN_*, or -1 while there is none.
 */
void store_control(void);
int store_shutdown_reason(void);

#endif
