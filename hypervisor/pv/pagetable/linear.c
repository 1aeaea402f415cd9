/*
 * Linear page tables: an entry that names a table of its own level, so that a guest can read its
 * tables at fixed addresses. Where kinds.c allows that.
 *
 *  - Such an entry is never RW.
 *  - An entry that names its own table holds nothing: a reference would keep the table alive for
 *    ever.
 *  - Any other one holds a type reference to a table that is valid already. No table both holds
 *    such entries and is named by them: frame.linear counts the one as negative, the other as
 *    positive. So chains are one link long, there are no circles, and taking a table apart never
 *    takes another level apart without end (XSA-240).
 */
#include "pv/pagetable/internal.h"

long linear_get(struct frame *table, struct frame *target, u64 pte)
{
    u64 state = READ_ONCE(target->state);

    if ( GUARD(linear_read_only, pte & PTE_RW) )
        return -EINVAL;
    if ( target == table )
    {
        /* The caller's reference is one too many. The table's own outlives it. */
        frame_put(target);
        return 0;
    }

    if ( GUARD(linear_chain, table->linear > 0 || target->linear < 0) ||
         GUARD(linear_valid, !table_is_valid(state)) )
        return -EINVAL;
    if ( frame_claim_type(target, frame_type_of(state)) )
        return -EINVAL;

    table->linear--;
    target->linear++;
    return 0;
}

void linear_put(struct domain *d, struct frame *table, struct frame *target)
{
    if ( target == table )
        return;
    table->linear++;
    target->linear--;
    table_put(d, target);
}
