/*
 * Compiled for 32 bits, never linked: measures the public headers' structures as 32-bit guests have them. The build
 * makes measures.h of the lines in the assembly that begin with "->":
 *
 *   ->OP operation size               #define PV32_SIZE_operation size
 *   ->LAYOUT name size, ->AT field n  #define PV32_LAYOUT_name(what) SIZE(what, size) AT(what, field, n) ...
 */
#include <hypercall/abi.h>

#define SHOW(text, number) __asm__ volatile("\n->" text " %c0" : : "i"(number))

void measure(void);

void measure(void)
{
#define SUBOP(operation, argument, ...) SHOW("OP " #operation, sizeof(argument));
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
#undef SUBOP

    SHOW("OP xen_domctl", sizeof(struct xen_domctl));
    SHOW("OP xen_platform_op", sizeof(struct xen_platform_op));
    SHOW("OP xen_sysctl", sizeof(struct xen_sysctl));

#define VALUE(type, field)        SHOW("AT " #field, offsetof(measured, field));
#define NAMED(type, field, path)  VALUE(type, field)
#define HANDLE(field)             VALUE(, field)
#define ARRAY(type, field, count) VALUE(type, field)
#define WORDS(field, count)       VALUE(, field)
#define NEST(name, field)         VALUE(, field)
#define NESTS(name, field, count) VALUE(, field)
#define HALF(field, path, shift)  VALUE(, field)
#define PAD(bytes)
#define LAYOUT(name, wide, fields)                                                                 \
    {                                                                                              \
        typedef wide measured;                                                                     \
        SHOW("LAYOUT " #name, sizeof(measured));                                                   \
        fields                                                                                     \
    }
#define SHARED(tag, fields) LAYOUT(tag, struct tag, fields)
#include <hypercall/compat/layouts.def>
}
