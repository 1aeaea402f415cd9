/* See stub.h. */
#include "cpu/stub.h"
#include <hypercall/abi.h>
#include "cpu/percpu.h"
#include "cpu/segments.h"
#include "lib/string.h"

/* A hypercall has called C if its return address is what lies below the frame. */
void stub_guest_regs(struct regs *copy)
{
    const struct regs *regs = percpu_guest_regs();

    *copy = *regs;
    if ( ((const u64 *)regs)[-1] != (u64)hypercall_return )
        return;
    copy->rcx = regs->rip;
    copy->r11 = regs->rflags;
    copy->error = 0;
    copy->vector = VECTOR_SYSCALL;
    copy->cs = SEL_USER_CS64;
    copy->ss = SEL_USER_DS;
}

static u8 *put_rip_relative(u8 *to, u64 at, const u8 *opcode, size_t opcode_len, u64 target)
{
    s32 displacement = (s32)(target - (at + opcode_len + 4));

    memcpy(to, opcode, opcode_len);
    memcpy(to + opcode_len, &displacement, 4);
    return to + opcode_len + 4;
}

void syscall_stub_write(u8 *to, u64 at, u64 percpu, const void *target, const void *iret)
{
    static const u8 mov_rsp_to_mem[] = { 0x48, 0x89, 0x25 };
    static const u8 lea_rsp[] = { 0x48, 0x8d, 0x25 };
    static const u8 cmp_rax_iret[] = { 0x48, 0x83, 0xf8, __HYPERVISOR_iret };
    static const u8 jne[] = { 0x0f, 0x85 };
    static const u8 jmp[] = { 0xe9 };
    u64 frame = percpu - sizeof(struct regs);
    u8 *p = to;

    p = put_rip_relative(p, at + (u64)(p - to), mov_rsp_to_mem, sizeof(mov_rsp_to_mem),
                         frame + offsetof(struct regs, rsp));
    p = put_rip_relative(p, at + (u64)(p - to), lea_rsp, sizeof(lea_rsp), frame);
    memcpy(p, cmp_rax_iret, sizeof(cmp_rax_iret));
    p += sizeof(cmp_rax_iret);
    p = put_rip_relative(p, at + (u64)(p - to), jne, sizeof(jne), (u64)target);
    put_rip_relative(p, at + (u64)(p - to), jmp, sizeof(jmp), (u64)iret);
}
