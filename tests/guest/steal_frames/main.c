/*
 * A guest can't map, read or write the frames of another that lives beside it, nor use them as anything, by no call,
 * under its own name or the other's.
 *
 * The victim tells the attacker where its frames are: a page that it writes to, tables, its GDT, its grant table,
 * the page that it shares with the hypervisor. The attacker tries all it can think of with each. Then the victim
 * looks: they are as they were, and still its own to use.
 */
#include "roles.h"

static const char *const kinds[] = { "data", "L1", "root", "GDT", "grant table", "shared_info" };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* --- The attacker --- */

static struct {
    ulong mfn;
    const char *what;
    domid_t owner;
} target;

static char text[80];

#define ATTACK(call, answer, how)                                                                  \
    do                                                                                             \
    {                                                                                              \
        snprintf(text, sizeof(text), "%s: %s", target.what, how);                                  \
        expect_eq(call, answer, text);                                                             \
    } while ( 0 )

static long update(uint64_t machine, uint64_t value, uint32_t domains)
{
    struct mmu_update request = { machine, value };

    return hypercall(mmu_update, &request, 1, NULL, domains);
}

static long extended(unsigned int command, ulong mfn, ulong source, domid_t domain)
{
    struct mmuext_op op = { .cmd = command, .arg1.mfn = mfn, .arg2.src_mfn = source };

    return hypercall(mmuext_op, &op, 1, NULL, domain);
}

/* An emulated store to a live table. */
static struct fault store(pte_t *entry, pte_t value)
{
    struct fault fault;

    need(hypercall(vm_assist, VMASST_CMD_enable, VMASST_TYPE_writable_pagetables));
    fault = fault_of(*(volatile pte_t *)entry = value);
    need(hypercall(vm_assist, VMASST_CMD_disable, VMASST_TYPE_writable_pagetables));
    return fault;
}

static void map_it(void)
{
    static ulong window;
    pte_t *entry, rw = pte_make(target.mfn, PTE_USER_RW), ro = pte_make(target.mfn, PTE_USER_RO);

    window = window ?: table_window();
    entry = table_make(window, 1);
    for ( unsigned int writable = 0; writable < 2; writable++ )
    {
        pte_t value = writable ? rw : ro;

        ATTACK(table_map(window, target.mfn, value & ~PTE_ADDRESS), -EBUSY, "update_va_mapping");
        ATTACK(pte_set(entry, value), -EBUSY, "mmu_update");
        ATTACK(mmu_update_one(virt_to_machine(entry) | MMU_PT_UPDATE_PRESERVE_AD, value), -EBUSY,
               "mmu_update, preserving A and D");
        ATTACK(store(entry, value).vector, TRAP_PF, "an emulated store");
        ATTACK(update(virt_to_machine(entry), value, target.owner), -EPERM,
               "mmu_update, naming its owner");
        ATTACK(hypercall(update_va_mapping_otherdomain, window, value, UVMF_INVLPG, target.owner),
               -EPERM, "update_va_mapping_otherdomain");
        ATTACK(update(virt_to_machine(entry), value, (target.owner + 1u) << 16 | DOMID_SELF),
               -EPERM, "mmu_update, naming its owner as the table's");
    }
    ATTACK(*entry, 0, "it is not mapped");
}

/* Tables of ours that lead to it, before and after they are tables. */
static void lead_to_it(void)
{
    static pte_t *l2_entry;

    l2_entry = l2_entry ?: table_make(table_window(), 2);
    for ( int level = 1; level <= KIT_LEVELS; level++ )
    {
        pte_t *table = page_with_entry(0, pte_make(target.mfn, PTE_USER_RO));

        ATTACK(table_pin(table, level), level == 1 ? -EBUSY : -EINVAL, "a table that leads to it");
        page_release(table);
    }
    ATTACK(pte_set(l2_entry, pte_make(target.mfn, PTE_TABLE)), -EINVAL, "use it as an L1 table");
}

static void pin_it(void)
{
    static struct vcpu_guest_context state;

    for ( unsigned int command = MMUEXT_PIN_L1_TABLE; command <= MMUEXT_UNPIN_TABLE; command++ )
    {
        /* In 32 bits there is no L4 to pin, and that does nothing. */
        long answer = KIT_PV32 && command == MMUEXT_PIN_L4_TABLE ? 0 : -EINVAL;

        ATTACK(mmuext_mfn(command, target.mfn), answer, "pin or unpin it");
        ATTACK(extended(command, target.mfn, 0, target.owner), -EPERM, "naming its owner");
    }
    ATTACK(mmuext_mfn(MMUEXT_NEW_BASEPTR, target.mfn), -EINVAL, "as our root");
    ATTACK(mmuext_mfn(MMUEXT_NEW_USER_BASEPTR, target.mfn), -EINVAL, "as user mode's root");
    ATTACK(fault_of(asm volatile("mov %0, %%cr3"
                                 :
                                 : "r"(target.mfn << PAGE_SHIFT)
                                 : "memory"))
               .vector,
           TRAP_GP, "as our root, by CR3");
    vcpu_prepare(&state, 2, NULL, NULL);
    state.ctrlreg[3] = xen_pfn_to_cr3(target.mfn);
    ATTACK(hypercall(vcpu_op, VCPUOP_initialise, 2, &state), -EINVAL, "as another vcpu's root");
}

static void write_to_it(void)
{
    uint64_t machine = (uint64_t)target.mfn << PAGE_SHIFT;
    void *page = page_alloc();
    ulong own = virt_to_mfn(page);

    ATTACK(update(machine, 0, DOMID_SELF), -EINVAL, "write an entry");
    ATTACK(update(machine, 0, target.owner), -EPERM, "naming its owner");
    ATTACK(update(machine, 0, (target.owner + 1u) << 16 | DOMID_SELF), -EPERM,
           "naming its owner as the table's");
    ATTACK(update(machine | MMU_MACHPHYS_UPDATE, 0, DOMID_SELF), -EINVAL, "write its M2P entry");
    ATTACK(update(machine | MMU_MACHPHYS_UPDATE, 0, target.owner), -EPERM, "naming its owner");
    ATTACK(hypercall(update_descriptor, machine, 0), -EINVAL, "write a descriptor");
    ATTACK(extended(MMUEXT_CLEAR_PAGE, target.mfn, 0, DOMID_SELF), -EINVAL, "clear it");
    ATTACK(extended(MMUEXT_CLEAR_PAGE, target.mfn, 0, target.owner), -EPERM, "naming its owner");
    ATTACK(extended(MMUEXT_COPY_PAGE, target.mfn, own, DOMID_SELF), -EINVAL, "copy over it");
    ATTACK(extended(MMUEXT_COPY_PAGE, target.mfn, own, target.owner), -EPERM, "naming its owner");
    ATTACK(extended(MMUEXT_COPY_PAGE, own, target.mfn, DOMID_SELF), -EINVAL, "copy from it");
    ATTACK(extended(MMUEXT_COPY_PAGE, own, target.mfn, target.owner), -EPERM, "naming its owner");
    page_free(page);
}

/* Frames that the hypervisor reads or writes for us. */
static void lend_it(void)
{
    xen_pfn_t frame = target.mfn;
    struct vcpu_register_vcpu_info info = { .mfn = target.mfn };
    struct evtchn_init_control control = { .control_gfn = target.mfn };

    ATTACK(hypercall(set_gdt, &frame, 512), -EINVAL, "as our GDT");
    ATTACK(hypercall(vcpu_op, VCPUOP_register_vcpu_info, 3, &info), -EINVAL, "as a vcpu_info");
    ATTACK(hypercall(event_channel_op, EVTCHNOP_init_control, &control), -EINVAL,
           "as a FIFO's control block");
}

/* Giving away what is not ours: to the hypervisor, or to ourselves. */
static void give_it_away(void)
{
    struct xen_memory_reservation give = { .nr_extents = 1, .domid = DOMID_SELF };
    struct xen_memory_exchange swap = { .in = { .nr_extents = 1, .domid = DOMID_SELF },
                                        .out = { .nr_extents = 1, .domid = DOMID_SELF } };
    xen_pfn_t in = target.mfn, out = 0;
    grant_ref_t ref = grant_give(own_domid(), target.mfn, true);
    grant_handle_t handle;
    static ulong window;

    window = window ?: table_window();
    set_xen_guest_handle(give.extent_start, &in);
    set_xen_guest_handle(swap.in.extent_start, &in);
    set_xen_guest_handle(swap.out.extent_start, &out);
    ATTACK(hypercall(memory_op, XENMEM_decrease_reservation, &give), 0, "free it: none is done");
    ATTACK(hypercall(memory_op, XENMEM_exchange, &swap), -EINVAL, "exchange it");
    ATTACK(swap.nr_exchanged, 0, "none is exchanged");
    give.domid = swap.in.domid = swap.out.domid = target.owner;
    ATTACK(hypercall(memory_op, XENMEM_decrease_reservation, &give), 0,
           "free it, naming its owner: none is done");
    ATTACK(hypercall(memory_op, XENMEM_exchange, &swap), -EPERM, "exchange it, naming its owner");
    ATTACK(grant_take(window, own_domid(), ref, GNTMAP_readonly, &handle), GNTST_bad_page,
           "grant it to ourselves");
    grant_end(ref);
}

static void attack(void)
{
    target.owner = meet();
    for ( unsigned int i = 0; i < KINDS; i++ )
    {
        target.mfn = hear();
        target.what = kinds[i];
        map_it();
        lead_to_it();
        pin_it();
        write_to_it();
        lend_it();
        give_it_away();
    }
    tell(0);
}

/* --- The victim --- */

static ulong sum(const volatile ulong *page)
{
    ulong s = 0;

    for ( unsigned int i = 0; i < PAGE_SIZE / sizeof(ulong); i++ )
        s = s * 31 + page[i];
    return s;
}

static void suffer(void)
{
    char *data = page_alloc();
    pte_t *l1 = page_with_entry(0, pte_make(virt_to_mfn(data), PTE_USER_RO));
    void *gdt = page_readonly(), *grants = grant_table();
    xen_pfn_t gdt_frame = virt_to_mfn(gdt);
    void *pages[KINDS - 1] = { data, l1, table_root(), gdt, grants };
    ulong sums[KINDS - 1];

    meet();
    memset(data, 'v', PAGE_SIZE);
    need(table_pin(l1, 1));
    need(hypercall(set_gdt, &gdt_frame, 512));
    for ( unsigned int i = 0; i < KINDS - 1; i++ )
    {
        sums[i] = sum(pages[i]);
        tell(pte_mfn(*table_find((ulong)pages[i], 1)));
    }
    tell(start_info->shared_info >> PAGE_SHIFT);

    hear();
    for ( unsigned int i = 0; i < KINDS - 1; i++ )
        expect_eq(sum(pages[i]), sums[i], kinds[i]);
    expect_eq(mfn_to_pfn(virt_to_mfn(data)), virt_to_pfn(data), "the M2P still knows us");
    expect_no_fault(fault_of(*(volatile char *)data = 1), "we still write to our page");
    expect_eq(table_unpin(l1), 0, "our table was still pinned");
    expect_eq(hypercall(set_gdt, NULL, 0), 0, "our GDT goes");
    expect_eq(page_protect(gdt, PTE_KERNEL_RW), 0, "and nobody else holds its frame");
}

void test_main(void)
{
    static const struct role roles[] = { { "attacker", attack }, { "victim", suffer } };

    ROLES_PLAY(roles);
}
