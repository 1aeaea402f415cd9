#include <kit/kit.h>

#define USER_STACK 8192

void kit_user_call(void);
void kit_user_enter(struct cpu_frame *frame);

static char user_stack[USER_STACK] __attribute__((aligned(16)));
static struct user_result result;

struct cpu_frame user_frame(user_function_t function, long arg)
{
    return (struct cpu_frame){
        .ip = (ulong)kit_user_call,
        .di = (ulong)arg,
        .si = (ulong)function,
        .cs = KIT_USER_CS | 3,
        .ss = KIT_USER_SS | 3,
        .flags = 0x202,
        .sp = (ulong)user_stack + USER_STACK,
        KIT_FRAME_DATA(KIT_USER_SS) /* and the data segments */
    };
}

struct user_result user_run_frame(struct cpu_frame *frame)
{
    struct context back;

    arch_user_prepare();
    this_vcpu()->user_back = &back;
    result = (struct user_result){ .fault.vector = TRAP_NONE };
    if ( !context_save(&back) )
        kit_user_enter(frame);
    this_vcpu()->user_back = NULL;
    return result;
}

struct user_result user_run(user_function_t function, long arg)
{
    struct cpu_frame frame = user_frame(function, arg);

    return user_run_frame(&frame);
}

void user_fault(const struct fault *fault)
{
    if ( !this_vcpu()->user_back )
        return;
    result.fault = *fault;
    context_load(this_vcpu()->user_back, 1);
}

void user_syscall(struct cpu_frame *frame)
{
    if ( frame->ax != USER_EXIT || !this_vcpu()->user_back )
        panic("system call %lx from user mode", (ulong)frame->ax);
    result.value = (long)frame->di;
    context_load(this_vcpu()->user_back, 1);
}
