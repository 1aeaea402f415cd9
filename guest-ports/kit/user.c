#include <kit/kit.h>

#define USER_STACK 8192

void kit_user_call(void);
void kit_user_enter(struct cpu_frame *frame);

static char user_stack[USER_STACK] __attribute__((aligned(16)));
static struct user_result result;

void *user_root(void)
{
    static pte_t *root;

    if ( !root )
    {
        root = page_alloc();
        root[0] = pte_make(pte_mfn(table_root()[0]), PTE_TABLE);
        check(page_protect(root, PTE_KERNEL_RO));
        check(table_pin(root, 4));
    }
    return root;
}

struct cpu_frame user_frame(user_function_t function, long arg)
{
    return (struct cpu_frame){
        .rip = (ulong)kit_user_call,
        .rdi = (ulong)arg,
        .rsi = (ulong)function,
        .cs = KIT_CS64 | 3,
        .ss = KIT_SS | 3,
        .rflags = 0x202,
        .rsp = (ulong)user_stack + USER_STACK,
    };
}

struct user_result user_run_frame(struct cpu_frame *frame)
{
    struct context back;

    check(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, virt_to_mfn(user_root())));
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
    if ( frame->rax != USER_EXIT || !this_vcpu()->user_back )
        panic("system call %lx from user mode", frame->rax);
    result.value = (long)frame->rdi;
    context_load(this_vcpu()->user_back, 1);
}
