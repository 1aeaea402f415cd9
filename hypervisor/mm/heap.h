/* The hypervisor's heap: zeroed blocks of up to a page; larger ones come from mm_alloc. */
#ifndef MM_HEAP_H
#define MM_HEAP_H

#include "lib/types.h"

/* @size bytes, zeroed, aligned to 16 (to 64 from 64 bytes up); NULL if there is no memory. */
void *heap_alloc(size_t size);
void heap_free(void *p);

#define heap_new(type)              ((type *)heap_alloc(sizeof(type)))
#define heap_new_array(type, count) ((type *)heap_alloc(sizeof(type) * (count)))

#endif
