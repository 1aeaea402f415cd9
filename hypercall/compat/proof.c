/*
 * Proves, as it is compiled, that compat/ and the rows of ops/ tell of 32-bit layouts what a 32-bit compiler makes of
 * the public headers (measure.c).
 *
 * That an argument is the SAME in both widths is proven by its size: a structure's fields are in one order in
 * both, each is at least as wide and as aligned in 64 bits as in 32. A field that is wider there, or padding that
 * is there only, takes four bytes or more, which nothing behind it can make up for, since a 32-bit structure ends
 * in less than four bytes of padding.
 */
#include <hypercall/compat/layouts.h>
#include <measures.h>

#define SIZE(what, size)           _Static_assert(sizeof(what) == (size), "size of " #what);
#define AT(what, field, from)      _Static_assert(offsetof(what, field) == (from), #what "." #field);
#define LAYOUT(name, wide, fields) PV32_LAYOUT_##name(struct compat_##name)
#define SHARED(tag, fields)        PV32_LAYOUT_##tag(struct compat_##tag)
#include <hypercall/compat/layouts.def>
#undef LAYOUT
#undef SHARED

/* The types that rows of layouts.def are for. */
#define LAYOUT(name, wide, fields) typedef wide wide_##name;
#define SHARED(tag, fields)
#include <hypercall/compat/layouts.def>

/* The structures around operations. */
_Static_assert(PV32_SIZE_xen_domctl == sizeof(struct xen_domctl), "domctl");
_Static_assert(PV32_SIZE_xen_platform_op == sizeof(struct xen_platform_op), "platform_op");
_Static_assert(PV32_SIZE_xen_sysctl == sizeof(struct xen_sysctl), "sysctl");

#define PROVE_SAME(size, argument, none)                                                           \
    _Static_assert((size) == sizeof(argument), #argument " is not the same");
#define PROVE_OTHER(size, argument, handler)
#define PROVE_WIDEN(size, argument, layout)                                                        \
    _Static_assert(__builtin_types_compatible_p(argument, wide_##layout), #argument);
#define PROVE_(size, argument, kind, what) PROVE_##kind(size, argument, what)
#define PROVE(size, argument, kind)        PROVE_(size, argument, kind)

#define KIND_SAME          SAME, none
#define KIND_OTHER(what)   OTHER, what
#define KIND_WIDEN(layout) WIDEN, layout

#define STATUS_DONE PROVE
#define STATUS_SHOW PROVE
#define STATUS_SOON(...)
#define STATUS_NEVER(...)
#define SUBOP(operation, argument, direction, who, status, handler, pv32, summary)                 \
    STATUS_##status(PV32_SIZE_##operation, argument, KIND_##pv32)
#include <hypercall/ops/console_io.def>
#include <hypercall/ops/domctl.def>
#include <hypercall/ops/event_channel.def>
#include <hypercall/ops/grant_table.def>
#include <hypercall/ops/mca.def>
#include <hypercall/ops/memory.def>
#include <hypercall/ops/mmuext.def>
#include <hypercall/ops/physdev.def>
#include <hypercall/ops/platform.def>
#include <hypercall/ops/sched.def>
#include <hypercall/ops/sysctl.def>
#include <hypercall/ops/vcpu.def>
#include <hypercall/ops/vm_assist.def>
#include <hypercall/ops/xen_version.def>
