/* Little-endian numbers at any address. */
#ifndef LIB_ENDIAN_H
#define LIB_ENDIAN_H

#include "lib/string.h"
#include "lib/types.h"

static inline u16 get_le16(const void *p)
{
    u16 v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline u32 get_le32(const void *p)
{
    u32 v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline u64 get_le64(const void *p)
{
    u64 v;

    memcpy(&v, p, sizeof(v));
    return v;
}

static inline void put_le32(void *p, u32 v)
{
    memcpy(p, &v, sizeof(v));
}

#endif
