/*
 * The few functions of <string.h> that the kit and its guests use. The compiler also calls the mem* ones by itself.
 */
#ifndef KIT_STRING_H
#define KIT_STRING_H

#include <stddef.h>

void *memcpy(void *to, const void *from, size_t size);
void *memmove(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);
size_t strlen(const char *s);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *part);

/* A decimal or 0x number at the start of @s; 0 when there is none. */
unsigned long parse_number(const char *s);

#endif
