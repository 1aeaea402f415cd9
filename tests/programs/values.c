#include "tests/programs/internal.h"

#define PAGE_SHIFT 12
#define PAGE_SIZE  4096UL

#define PTE_P  1UL
#define PTE_RW 2UL
#define PTE_US 4UL

#define PTE_MFN ((1UL << 40) - 1) /* what an entry has room for of a frame's number */

const struct program_world *world;

uint64_t some_number(void)
{
    static const uint64_t awkward[] = { 0x7f,       0xff,       0x100,   0x7fff,     0xffff,
                                        0x7fffffff, 0xffffffff, 1 << 20, 1ULL << 32, 1ULL << 63 };

    if ( !chance(8) )
        return pick(9);
    return chance(3) ? ~(uint64_t)pick(4) : awkward[pick(ARRAY_COUNT(awkward))];
}

/* --- frames and addresses --- */

uint64_t some_loose_mfn(void)
{
    return world->frame[PROGRAM_FRAMES - 1 - pick(PROGRAM_LOOSE)];
}

static uint64_t some_stranger(void)
{
    return world->nr_strangers ? world->stranger[pick(world->nr_strangers)] : ~0UL;
}

uint64_t some_mfn(void)
{
    uint64_t number;

    switch ( pick(12) )
    {
    case 0:
    case 1:
        return some_stranger();
    case 2:
        number = some_number();
        return (number & PTE_MFN) < world->machine_frames ? some_stranger() : number;
    default:
        return chance(4) ? some_loose_mfn() : world->frame[pick(PROGRAM_FRAMES)];
    }
}

uint64_t some_pte(void)
{
    uint64_t pte = some_mfn() << PAGE_SHIFT | PTE_P | PTE_US | (chance(2) ? PTE_RW : 0);

    if ( chance(6) )
        pte ^= 1UL << pick(12);
    if ( chance(12) )
        pte ^= 1UL << 52 << pick(12);
    return chance(6) ? 0 : pte;
}

static bool spared(uint64_t at)
{
    return world->spare && at >= world->spared_from && at < world->spared_to;
}

uint64_t some_va(void)
{
    uint64_t odd = some_number() << PAGE_SHIFT,
             va = world->window + pick(PROGRAM_FRAMES + 8) * PAGE_SIZE;

    return chance(10) && !spared(odd) ? odd : va;
}

/* --- domains, ports, references --- */

/* Any domain has room for as many at first; whether for more depends on the hypervisor. */
#define PORTS_AT_FIRST 64
#define PORTS_PERHAPS  256

domid_t some_domid(void)
{
    static const domid_t odd[] = {
        DOMID_IO, DOMID_XEN, DOMID_INVALID, DOMID_IDLE, DOMID_COW, 2, 77
    };

    if ( world->process )
        return chance(8) ? odd[pick(ARRAY_COUNT(odd))] : world->other;
    return chance(8)   ? odd[pick(ARRAY_COUNT(odd))]
           : chance(3) ? DOMID_SELF
           : chance(3) ? world->self
                       : world->other;
}

uint32_t some_port(void)
{
    uint32_t port = chance(12) ? (uint32_t)some_number() : pick(24);

    if ( world->only_named && port < PORTS_PERHAPS )
        port %= PORTS_AT_FIRST;

    return port < world->first_port ? port + world->first_port : port;
}

uint32_t some_ref(void)
{
    return chance(12) ? (uint32_t)some_number() : pick(16);
}

/* --- pointers --- */

static uint64_t anywhere(size_t size)
{
    return (uintptr_t)world->arena + (pick((unsigned int)(world->arena_size - size)) & ~7U);
}

/*
 * Each argument in a slot of its own, until they have all been used: one is not written over another of the same
 * multicall, which then would be a call that nobody chose.
 */
static uint64_t in_slot(size_t size)
{
    unsigned int slot = next_slot() % (unsigned int)(world->arena_size / PROGRAM_SLOT);

    return (uintptr_t)world->arena + slot * PROGRAM_SLOT +
           (size < PROGRAM_SLOT ? pick((unsigned int)(PROGRAM_SLOT - size)) & ~7U : 0);
}

uint64_t some_pointer(size_t size)
{
    if ( chance(40) )
        return chance(2) ? 0 : HYPERVISOR_VIRT_START + pick(4096) * 8;
    if ( chance(
             40) ) /* across its end, perhaps, where something lies that is left of another call */
        return world->process ? (uintptr_t)world->arena + world->arena_size
                              : (uintptr_t)world->arena + world->arena_size - 8 * pick(8);
    return world->spare ? in_slot(size) : anywhere(size);
}

uint64_t some_handler(enum program_entry entry)
{
    static const uint64_t none[] = { 1ULL << 63, 1ULL << 47, 0xffff7fffffffffffULL };

    if ( chance(20) ) /* three at once are refused for one of them */
        return none[pick(ARRAY_COUNT(none))];
    return world->spare || chance(2) ? world->entry[entry] : some_va();
}

/* --- memory full of such values --- */

/* A number that may be a frame's, of those that are nobody's to name. */
static bool may_be_frame(uint64_t word)
{
    return word > 8 && word < world->machine_frames;
}

static uint64_t no_frame(uint64_t number)
{
    return world->only_named && may_be_frame(number) ? number & 7 : number;
}

static uint64_t any_word(void)
{
    unsigned int kind = pick(10);
    uint64_t low;

    if ( world->only_named && kind < 2 ) /* whatever it is there for may be half of it */
        kind = 9;
    switch ( kind )
    {
    case 0:
        return some_mfn();
    case 1:
        return some_pte();
    case 2:
        return some_va();
    case 3:
        return anywhere(512);
    case 4:
        return some_domid() | (uint64_t)some_port() << 32;
    case 5:
        return some_domid() | (uint64_t)some_domid() << 16 | (uint64_t)some_ref() << 32;
    case 6:
        low = some_number();
        return no_frame(low | some_number() << 32);
    default:
        return no_frame(some_number());
    }
}

uint64_t some_word(void)
{
    uint64_t word = any_word();

    if ( world->process && (may_be_frame(word) || may_be_frame((uint32_t)word)) )
        return word & 7;
    return spared(word) ? 0 : word;
}

bool in_arena(uint64_t at, size_t size)
{
    uint64_t start = (uintptr_t)world->arena;

    return at >= start && at <= start + world->arena_size - size;
}

void *fill(uint64_t at, size_t size)
{
    if ( !in_arena(at, size) )
        return NULL;
    for ( size_t i = 0; i + 8 <= size; i += 8 )
    {
        uint64_t word = some_word();

        memcpy((uint8_t *)(uintptr_t)at + i, &word, sizeof(word));
    }
    return (void *)(uintptr_t)at;
}

uint64_t some_list(unsigned int n)
{
    uint64_t at = some_pointer(n * 8), *words = fill(at, n * 8);

    for ( unsigned int i = 0; words && i < n; i++ )
        words[i] = world->pv32 ? some_mfn() | some_mfn() << 32 : some_mfn();
    return at;
}
