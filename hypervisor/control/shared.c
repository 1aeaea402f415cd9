/* What several control operations need. */
#include "control/internal.h"
#include "lib/bits.h"
#include "mm/alloc.h"
#include "pv/emulate/cpuid.h"
#include "smp/smp.h"

u32 control_nr_cpus(void)
{
    u32 nr = NR_CPUS;

    while ( !smp_percpu(nr - 1) )
        nr--;
    return nr;
}

/* --- bitmaps --- */

/* No toolstack has more CPUs to tell of; what is cleared in one step must be bounded. */
#define MAX_BITS 65536

long bitmap64_to_guest(const struct xenctl_bitmap *to, u64 map)
{
    u32 bytes = DIV_ROUND_UP(to->nr_bits, 8);
    gva_t at = handle_gva(to->bitmap);

    if ( to->nr_bits > MAX_BITS )
        return -EINVAL;
    if ( to->nr_bits < 64 )
        map &= (1UL << to->nr_bits) - 1;
    if ( copy_to_guest(at, &map, min_t(u32, bytes, sizeof(map))) )
        return -EFAULT;
    if ( bytes > sizeof(map) && clear_guest(to_gva(at.n + sizeof(map)), bytes - sizeof(map)) )
        return -EFAULT;
    return 0;
}

long bitmap64_from_guest(u64 *map, const struct xenctl_bitmap *from)
{
    u32 bytes = DIV_ROUND_UP(from->nr_bits, 8);

    if ( from->nr_bits == 0 )
        return -EINVAL;

    *map = 0;
    if ( copy_from_guest(map, handle_gva(from->bitmap), min_t(u32, bytes, sizeof(*map))) )
        return -EFAULT;
    if ( from->nr_bits < 64 )
        *map &= (1UL << from->nr_bits) - 1;
    return 0;
}

/* --- CPUID policies --- */

/* The arrays together are less than a page. */
struct policy_buffer {
    xen_cpuid_leaf_t leaves[CPUID_MAX_LEAVES];
    xen_msr_entry_t msrs[CPUID_MAX_MSRS];
};

static long give_array(gva_t to, const void *array, size_t entry, u32 have, u32 *room)
{
    u32 fits = *room;

    if ( !to.n )
        return 0;
    *room = have;
    if ( have > fits )
        return -ENOBUFS;
    return copy_to_guest(to, array, have * entry) ? -EFAULT : 0;
}

long control_give_policy(const struct cpuid_policy *policy, gva_t leaves, u32 *nr_leaves,
                         gva_t msrs, u32 *nr_msrs)
{
    struct policy_buffer *buffer = mm_alloc(0);
    u32 have_leaves, have_msrs;
    long rc;

    BUILD_BUG_ON(sizeof(*buffer) > PAGE_SIZE);
    if ( !buffer )
        return -ENOMEM;

    have_leaves = cpuid_policy_get_leaves(policy, buffer->leaves);
    have_msrs = cpuid_policy_get_msrs(policy, buffer->msrs);
    rc = give_array(leaves, buffer->leaves, sizeof(buffer->leaves[0]), have_leaves, nr_leaves);
    if ( !rc )
        rc = give_array(msrs, buffer->msrs, sizeof(buffer->msrs[0]), have_msrs, nr_msrs);
    mm_free(buffer, 0);
    return rc;
}
