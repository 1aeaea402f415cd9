/*
 * A 32-bit guest's structures, in and out: for each row of hypercall/compat/layouts.def compat_load_NAME, which reads
 * one and widens it, and compat_store_NAME, which writes one back. False: the guest's memory can't be accessed.
 */
#ifndef DOMAIN_WIDEN_H
#define DOMAIN_WIDEN_H

#include <hypercall/compat/layouts.h>
#include "cpu/uaccess.h"

#define SHARED(tag, fields)
#define LAYOUT(name, wide, fields)                                                                 \
    static inline bool compat_load_##name(wide *to, gva_t from)                                    \
    {                                                                                              \
        struct compat_##name narrow;                                                               \
                                                                                                   \
        if ( copy_from_guest(&narrow, from, sizeof(narrow)) )                                      \
            return false;                                                                          \
        compat_widen_##name(to, &narrow);                                                          \
        return true;                                                                               \
    }                                                                                              \
    static inline bool compat_store_##name(gva_t to, const wide *from)                             \
    {                                                                                              \
        struct compat_##name narrow;                                                               \
                                                                                                   \
        compat_narrow_##name(&narrow, from);                                                       \
        return !copy_to_guest(to, &narrow, sizeof(narrow));                                        \
    }
#include <hypercall/compat/layouts.def>
#undef LAYOUT
#undef SHARED

/*
 * One structure in a handler that serves both widths: @wide tells whose it is, @name the row of layouts.def. False: not
 * accessible.
 */
#define guest_load_as(wide, name, to, from)                                                        \
    ((wide) ? !copy_from_guest(to, from, sizeof(*(to))) : compat_load_##name(to, from))
#define guest_store_as(wide, name, to, from)                                                       \
    ((wide) ? !copy_to_guest(to, from, sizeof(*(from))) : compat_store_##name(to, from))

/* Element @i of a list of frame numbers at @list, which are words of the guest's width. */
static inline bool guest_load_pfn(bool wide, u64 *pfn, gva_t list, u64 i)
{
    u32 narrow;

    if ( wide )
        return guest_load_u64(pfn, to_gva(list.n + i * sizeof(u64)));
    if ( !guest_load_u32(&narrow, to_gva(list.n + i * sizeof(u32))) )
        return false;
    *pfn = narrow;
    return true;
}

static inline bool guest_store_pfn(bool wide, gva_t list, u64 i, u64 pfn)
{
    return wide ? guest_store_u64(to_gva(list.n + i * sizeof(u64)), pfn)
                : guest_store_u32(to_gva(list.n + i * sizeof(u32)), (u32)pfn);
}

#endif
