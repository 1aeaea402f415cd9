/*
 * The console: the machine's as dom0, the shared ring to the console daemon otherwise.
 */
#ifndef KIT_CONSOLE_H
#define KIT_CONSOLE_H

/* Waits while the ring is full. Turns \n into what the console wants. */
void console_write(const char *text, int size);

/* Bytes typed so far, at most @size; 0 when there are none. Never waits. */
int console_read(char *to, int size);

/* Makes input an event, so that event_wait() returns when something was typed. */
void console_listen(void);

void console_init(void);

#endif
