#include <kit/kit.h>

pte_t *table_find(ulong virt, int level)
{
    pte_t *table = table_root();

    for ( int at = KIT_LEVELS;; at-- )
    {
        pte_t *entry = &table[table_index(virt, at)];

        if ( at == level )
            return entry;
        if ( !(*entry & PTE_P) )
            return NULL;
        table = mfn_to_virt(pte_mfn(*entry));
    }
}

pte_t *table_make(ulong virt, int level)
{
    for ( int at = KIT_LEVELS; at > level; at-- )
    {
        pte_t *entry = table_find(virt, at);
        void *table;

        if ( *entry & PTE_P )
            continue;
        table = page_alloc();
        check(page_protect(table, PTE_KERNEL_RO));
        check(pte_set(entry, pte_make(virt_to_mfn(table), PTE_TABLE)));
    }
    return table_find(virt, level);
}

long mmu_update_one(uint64_t machine_and_command, uint64_t value)
{
    struct mmu_update update = { machine_and_command, value };

    return hypercall(mmu_update, &update, 1, NULL, DOMID_SELF);
}

long pte_set(pte_t *entry, pte_t value)
{
    return mmu_update_one(virt_to_machine(entry) | MMU_NORMAL_PT_UPDATE, value);
}

long table_map(ulong virt, ulong mfn, uint64_t flags)
{
    table_make(virt, 1);
    return hypercall(update_va_mapping, virt, pte_make(mfn, flags), UVMF_INVLPG);
}

long table_unmap(ulong virt)
{
    return hypercall(update_va_mapping, virt, 0, UVMF_INVLPG);
}

long page_protect(const void *page, uint64_t flags)
{
    return hypercall(update_va_mapping, page, pte_make(virt_to_mfn(page), flags), UVMF_INVLPG);
}

long mmuext(unsigned int command)
{
    struct mmuext_op op = { .cmd = command };

    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

long mmuext_mfn(unsigned int command, ulong mfn)
{
    struct mmuext_op op = { .cmd = command, .arg1.mfn = mfn };

    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

long mmuext_addr(unsigned int command, ulong linear_addr)
{
    struct mmuext_op op = { .cmd = command, .arg1.linear_addr = linear_addr };

    return hypercall(mmuext_op, &op, 1, NULL, DOMID_SELF);
}

ulong table_window(void)
{
    static ulong used;

    return KIT_WINDOWS + KIT_WINDOW_SIZE * used++;
}
