#include <hypercall/limits.h>
#include <kit/kit.h>

static char *stacks[DOMAIN_MAX_VCPUS];

void vcpu_init(void)
{
    struct vcpu *v = this_vcpu();

    v->id = 0;
    v->info = &shared_info.vcpu_info[0];
    stacks[0] = (char *)v;
    check(hypercall(stack_switch, KIT_SS, (char *)v + KIT_STACK_SIZE));
}

static void vcpu_main(void)
{
    struct vcpu *v = this_vcpu();

    for ( ;; )
    {
        v->start(v->start_arg);
        check(hypercall(vcpu_op, VCPUOP_down, v->id,
                        NULL)); /* returns when the vcpu is started again */
    }
}

/* The first are in shared_info. Any other is in memory of ours, of which the hypervisor must be told. */
static struct vcpu_info *place_info(unsigned int id)
{
    static struct vcpu_info *places;
    struct vcpu_register_vcpu_info op;

    if ( id < XEN_LEGACY_MAX_VCPUS )
        return &shared_info.vcpu_info[id];
    if ( !places )
        places = pages_alloc_aligned(DOMAIN_MAX_VCPUS * sizeof(*places) / PAGE_SIZE);
    op = (struct vcpu_register_vcpu_info){ .mfn = virt_to_mfn(&places[id]),
                                           .offset = (uint32_t)((ulong)&places[id] % PAGE_SIZE) };
    check(hypercall(vcpu_op, VCPUOP_register_vcpu_info, id, &op));
    return &places[id];
}

void vcpu_prepare(struct vcpu_guest_context *state, unsigned int id, void (*start)(void *),
                  void *arg)
{
    struct vcpu *v;

    stacks[id] = pages_alloc_aligned(KIT_STACK_SIZE / PAGE_SIZE);
    v = (struct vcpu *)stacks[id];
    *v = (struct vcpu){ .id = id, .info = place_info(id), .start = start, .start_arg = arg };

    memset(state, 0, sizeof(*state));
    state->flags = VGCF_in_kernel;
    trap_table_copy(state->trap_ctxt);
    arch_vcpu_state(state, vcpu_main,
                    (ulong)stacks[id] + KIT_STACK_SIZE - sizeof(ulong)); /* as if called */
    state->kernel_ss = KIT_SS;
    state->kernel_sp = (ulong)stacks[id] + KIT_STACK_SIZE;
    state->ctrlreg[3] = xen_pfn_to_cr3(virt_to_mfn(table_root()));
}

long vcpu_start(unsigned int id, void (*start)(void *), void *arg)
{
    static struct vcpu_guest_context state;
    long rc;

    if ( stacks[id] )
    {
        ((struct vcpu *)stacks[id])->start = start;
        ((struct vcpu *)stacks[id])->start_arg = arg;
        return hypercall(vcpu_op, VCPUOP_up, id, NULL);
    }
    vcpu_prepare(&state, id, start, arg);
    rc = hypercall(vcpu_op, VCPUOP_initialise, id, &state);
    return rc ?: hypercall(vcpu_op, VCPUOP_up, id, NULL);
}
