/*
 * XENMEM_exchange: a domain's frames for others of the same number, contiguous ones for single ones or the reverse,
 * or ones that a device can address.
 *
 * It goes by chunks of the larger of the two orders. In a chunk the inputs are stolen from the domain, which must
 * hold them by nothing but its ownership; the outputs are allocated in their place, numbered and told to the guest;
 * only then are the inputs freed. Whatever fails before that gives the inputs back, so that a chunk happens wholly or
 * not at all.
 *
 * The guest's lists are read once a chunk, each entry through a checked access; the lists may overlap or change at
 * will, which harms the guest alone.
 */
#include "access/access.h"
#include "domain/memory.h"
#include "lib/bits.h"
#include "lib/guard.h"
#include "mm/alloc.h"
#include "mm/map.h"
#include "smp/smp.h"

#define CHUNK_PAGES (1u << MEMORY_MAX_ORDER)

/* The frames of a chunk. */
struct chunk {
    mfn_t inputs[CHUNK_PAGES];  /* stolen, page by page */
    mfn_t outputs[CHUNK_PAGES]; /* allocated, extent by extent */
};
#define CHUNK_ORDER 1 /* of a struct chunk */

struct exchange {
    struct domain *d;
    bool wide; /* the caller's lists */
    struct xen_memory_exchange ask;
    unsigned int order; /* of a chunk */
    unsigned int bits;  /* of the outputs' addresses, 0 any */
    struct chunk *chunk;
    unsigned int nr_inputs, nr_outputs; /* in the chunk at hand */
};

/* --- inputs --- */

static bool steal_page(struct exchange *x, mfn_t mfn)
{
    if ( !mfn_valid(mfn) || mm_steal(x->d, mfn_to_frame(mfn)) )
        return false;

    x->chunk->inputs[x->nr_inputs++] = mfn;
    return true;
}

static bool steal_extent(struct exchange *x, unsigned long i)
{
    u64 mfn;

    if ( !guest_load_pfn(x->wide, &mfn, handle_gva(x->ask.in.extent_start), i) )
        return false;
    for ( unsigned long k = 0; k < 1UL << x->ask.in.extent_order; k++ )
    {
        if ( !steal_page(x, to_mfn(mfn + k)) )
            return false;
    }
    return true;
}

static void give_back_inputs(struct exchange *x)
{
    while ( x->nr_inputs > 0 )
        mm_return_stolen(x->d, mfn_to_frame(x->chunk->inputs[--x->nr_inputs]));
}

static void free_inputs(struct exchange *x)
{
    while ( x->nr_inputs > 0 )
        mm_free_stolen(mfn_to_frame(x->chunk->inputs[--x->nr_inputs]));
}

/* --- outputs --- */

static void release_output(struct exchange *x, mfn_t mfn)
{
    for ( unsigned long k = 0; k < 1UL << x->ask.out.extent_order; k++ )
        (void)memory_release_page(x->d, mfn_add(mfn, k));
}

/* Allocate output @i at the number that its list entry holds, and put the frame there instead. 0, -EFAULT, -ENOMEM. */
static long make_output(struct exchange *x, unsigned long i)
{
    gva_t list = handle_gva(x->ask.out.extent_start);
    mfn_t mfn;
    u64 pfn;

    if ( !guest_load_pfn(x->wide, &pfn, list, i) )
        return -EFAULT;
    mfn = mm_alloc_domain(x->d, x->ask.out.extent_order, x->bits, to_pfn(pfn));
    if ( mfn_eq(mfn, INVALID_MFN) )
        return -ENOMEM;

    x->chunk->outputs[x->nr_outputs++] = mfn;
    return guest_store_pfn(x->wide, list, i, mfn.n) ? 0 : -EFAULT;
}

static void release_outputs(struct exchange *x)
{
    while ( x->nr_outputs > 0 )
        release_output(x, x->chunk->outputs[--x->nr_outputs]);
}

/* --- chunks --- */

/* Input and output extents of one chunk. */
static unsigned long inputs_of(const struct exchange *x)
{
    return 1UL << (x->order - x->ask.in.extent_order);
}

static unsigned long outputs_of(const struct exchange *x)
{
    return 1UL << (x->order - x->ask.out.extent_order);
}

static long exchange_chunk(struct exchange *x)
{
    unsigned long chunk = x->ask.nr_exchanged / inputs_of(x);
    unsigned long first = chunk * outputs_of(x);
    long rc = 0;

    x->nr_inputs = 0;
    x->nr_outputs = 0;
    for ( unsigned long i = 0; !rc && i < inputs_of(x); i++ )
        rc = steal_extent(x, x->ask.nr_exchanged + i) ? 0 : -EINVAL;
    while ( !rc && x->nr_outputs < outputs_of(x) )
        rc = make_output(x, first + x->nr_outputs);

    if ( rc )
    {
        release_outputs(x);
        give_back_inputs(x);
        return rc;
    }

    free_inputs(x);
    x->ask.nr_exchanged += inputs_of(x);
    return 0;
}

/* The rules of memory.h, and no sizes that overflow. */
static bool well_formed(struct exchange *x)
{
    const struct xen_memory_reservation *in = &x->ask.in, *out = &x->ask.out;

    if ( in->domid != out->domid || in->extent_order > MEMORY_MAX_ORDER ||
         out->extent_order > MEMORY_MAX_ORDER )
        return false;
    if ( GUARD(exchange_sizes, in->nr_extents > ~0UL >> in->extent_order ||
                                   out->nr_extents > ~0UL >> out->extent_order) ||
         in->nr_extents << in->extent_order != out->nr_extents << out->extent_order )
        return false;
    if ( !memory_address_bits(out->mem_flags, &x->bits) || x->ask.nr_exchanged > in->nr_extents )
        return false;

    x->order = in->extent_order > out->extent_order ? in->extent_order : out->extent_order;
    return in->nr_extents % inputs_of(x) == 0 && x->ask.nr_exchanged % inputs_of(x) == 0;
}

static long exchange_all(struct exchange *x)
{
    bool first = true;
    long rc = 0;

    BUILD_BUG_ON(sizeof(*x->chunk) > PAGE_SIZE << CHUNK_ORDER);
    x->chunk = mm_alloc(CHUNK_ORDER);
    if ( !x->chunk )
        return -ENOMEM;

    hypercall_long_step();
    while ( !rc && x->ask.nr_exchanged < x->ask.in.nr_extents )
    {
        rc = !first && GUARD(exchange_stops, preempt_pending()) ? -ERESTART : exchange_chunk(x);
        first = false;
    }
    mm_free(x->chunk, CHUNK_ORDER);
    return rc;
}

/*
 * 0 and all of nr_exchanged; else -EINVAL the call is ill-formed or an input is in use or not the domain's, -ENOMEM
 * no such frames, -EFAULT, -EPERM, -ESRCH, and nr_exchanged tells what was done before. It also is where a
 * continuation goes on.
 */
long memory_exchange(const struct memory_call *call)
{
    struct exchange x = { .wide = call->wide };
    gva_t progress =
        to_gva(call->arg.n + (call->wide ? offsetof(struct xen_memory_exchange, nr_exchanged)
                                         : offsetof(struct compat_memory_exchange, nr_exchanged)));
    long rc;

    if ( !memory_load(call, memory_exchange, &x.ask) )
        return -EFAULT;
    if ( !well_formed(&x) )
        return -EINVAL;
    rc = access_domain(call->v->domain, x.ask.in.domid, ACCESS_CONTROL, &x.d);
    if ( rc )
        return rc;

    rc = exchange_all(&x);
    domain_put(x.d);
    if ( !guest_store_pfn(call->wide, progress, 0, x.ask.nr_exchanged) )
        return -EFAULT;
    return rc == -ERESTART ? memory_continue(call, 0) : rc;
}
