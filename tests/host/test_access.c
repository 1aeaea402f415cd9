/*
 * Rights: the rules, naming domains, and the machine's resources.
 *
 * LINK: hypervisor/access/access.c hypervisor/access/resources.c
 */
#include "tests/host/host.h"

#include "access/access.h"
#include "console/console.h"
#include "mm/heap.h"
#include "cpu/cpu.h"

struct cpu_features cpu_features = { .physical_bits = 52 };

/* --- the hypervisor around: just enough --- */

static struct domain dom0 = { .id = 0, .privileged = true }, domu = { .id = 5 },
                     other = { .id = 6 };
static struct domain io = { .id = DOMID_IO }, xen = { .id = DOMID_XEN };
struct domain *domain_io = &io, *domain_xen = &xen;
static long heap_blocks, heap_left = -1; /* -1: without end */
static bool locked;

void lock_acquire(struct lock *lock)
{
    (void)lock;
    expect(!locked);
    locked = true;
}

void lock_release(struct lock *lock)
{
    (void)lock;
    expect(locked);
    locked = false;
}

void *heap_alloc(size_t size)
{
    if ( heap_left == 0 )
        return NULL;
    if ( heap_left > 0 )
        heap_left--;
    heap_blocks++;
    return calloc(1, size);
}

void heap_free(void *p)
{
    if ( p )
        heap_blocks--;
    free(p);
}

bool mfn_valid(mfn_t mfn)
{
    return mfn.n < 0x20000; /* 512 MiB of RAM */
}

struct domain *domain_get(domid_t id)
{
    struct domain *all[] = { &dom0, &domu, &other };

    for ( unsigned int i = 0; i < 3; i++ )
        if ( all[i]->id == id )
        {
            domain_hold(all[i]);
            return all[i];
        }
    return NULL;
}

void domain_hold(struct domain *d)
{
    d->refs++;
}

void domain_put(struct domain *d)
{
    require(d->refs > 0);
    d->refs--;
}

void panic(const char *format, ...)
{
    fail_now("panic: %s", format);
}

static void create(struct domain *d)
{
    require(!access_domain_create(d));
}

/* --- rules --- */

TEST(a_plain_domain_has_rights_over_itself_alone)
{
    create(&domu);
    expect_eq(access_check(&domu, &domu, ACCESS_CONTROL), 0);
    expect_eq(access_check(&domu, &domu, ACCESS_MAP), 0);
    expect_eq(access_check(&domu, &domu, ACCESS_ADMIN), -EPERM);
    for ( enum access_right right = 0; right < ACCESS_RIGHTS; right++ )
    {
        expect_eq(access_check(&domu, &other, right), -EPERM);
        expect_eq(access_check(&domu, NULL, right), -EPERM);
    }
}

TEST(dom0_has_all_rights)
{
    for ( enum access_right right = 0; right < ACCESS_RIGHTS; right++ )
    {
        expect_eq(access_check(&dom0, &dom0, right), 0);
        expect_eq(access_check(&dom0, &domu, right), 0);
        expect_eq(access_check(&dom0, NULL, right), 0);
    }
}

TEST(devices_make_a_driver)
{
    create(&domu);
    expect_eq(access_check(&domu, &domu, ACCESS_HARDWARE), -EPERM);
    expect_eq(access_permit(&domu, ACCESS_IOPORTS, 0x3f8, 0x3ff), 0);
    expect_eq(access_check(&domu, &domu, ACCESS_HARDWARE), 0);
    expect_eq(access_deny(&domu, ACCESS_IOPORTS, 0x3f8, 0x3ff), 0);
    expect_eq(access_check(&domu, &domu, ACCESS_HARDWARE), -EPERM);
}

TEST(names_resolve_with_a_reference)
{
    struct domain *d = NULL;

    expect_eq(access_domain(&domu, DOMID_SELF, ACCESS_CONTROL, &d), 0);
    expect(d == &domu && domu.refs == 1);
    expect_eq(access_domain(&domu, 5, ACCESS_MAP, &d), 0);
    expect(domu.refs == 2);
    expect_eq(access_domain(&dom0, 5, ACCESS_CONTROL, &d), 0);
    expect(d == &domu && domu.refs == 3);
}

/* A refusal must not keep the reference that the look-up took. */
TEST(refusals_leave_no_reference)
{
    struct domain *d = NULL;

    expect_eq(access_domain(&domu, 6, ACCESS_CONTROL, &d), -EPERM);
    expect_eq(access_domain(&domu, 0, ACCESS_MAP, &d), -EPERM);
    expect_eq(access_domain(&domu, 77, ACCESS_MAP, &d), -ESRCH);
    expect_eq(access_domain(&dom0, 77, ACCESS_MAP, &d), -ESRCH);
    expect(!d && other.refs == 0 && dom0.refs == 0);
}

TEST(special_domains_are_for_mapping)
{
    struct domain *d = NULL;

    expect_eq(access_domain(&domu, DOMID_IO, ACCESS_MAP, &d), -EPERM);
    expect_eq(access_domain(&dom0, DOMID_IO, ACCESS_MAP, &d), 0);
    expect(d == &io);
    expect_eq(access_domain(&domu, DOMID_XEN, ACCESS_MAP, &d), -EPERM);
    expect_eq(access_domain(&dom0, DOMID_XEN, ACCESS_MAP, &d), 0);
    expect(d == &xen);
    expect_eq(access_domain(&dom0, DOMID_IO, ACCESS_CONTROL, &d), -ESRCH);
    expect_eq(access_domain(&dom0, DOMID_XEN, ACCESS_CONTROL, &d), -ESRCH);
}

/* --- resources --- */

TEST(dom0_gets_what_the_hypervisor_does_not_keep)
{
    static const u16 denied[] = { 0x20, 0x21, 0xa0, 0xa1, 0x40, 0x43, 0x61, 0xcf8, 0xcfc, 0x608 };
    static const u16 given[] = { 0, 0x1f0, 0x3f6, 0x60, 0x64, 0x70, 0x80, 0x3d4, 0xc000, 0xffff };

    access_keep(ACCESS_IOPORTS, 0x608, 0x60b);
    access_keep(ACCESS_IOMEM, 0xfee00, 0xfee00);
    create(&dom0);

    for ( unsigned int i = 0; i < sizeof(denied) / 2; i++ )
        expect(!access_ioport(&dom0, denied[i], 1));
    for ( unsigned int i = 0; i < sizeof(given) / 2; i++ )
        expect(access_ioport(&dom0, given[i], 1));
    expect(!access_ioport(&dom0, 0x1f, 2)); /* reaches into the PIC */
    expect(!access_ioport(&dom0, 0xffff, 2));

    expect(!access_iomem(&dom0, to_mfn(0xfee00)));
    expect(access_iomem(&dom0, to_mfn(0xfed00)));
    expect(access_iomem(&dom0, to_mfn(0xffffffffffUL)));
    expect(!access_iomem(&dom0, to_mfn(0x10000000000UL))); /* beyond any address */
    expect(!access_iomem(&dom0, INVALID_MFN));
    expect(access_irq(&dom0, 9));
}

/* RAM is nobody's device, whatever the sets say; the low MiB is, RAM or not. */
TEST(ram_is_not_io_memory)
{
    create(&dom0);
    expect(access_iomem(&dom0, to_mfn(0xb8)));
    expect(access_iomem(&dom0, to_mfn(0xff)));
    expect(!access_iomem(&dom0, to_mfn(0x100)));
    expect(!access_iomem(&dom0, to_mfn(0x1ffff)));
    expect(access_iomem(&dom0, to_mfn(0x20000)));
}

TEST(a_new_domain_has_nothing_whoever_had_its_number)
{
    create(&domu);
    expect_eq(access_permit(&domu, ACCESS_IOMEM, 0xf0000, 0xf000f), 0);
    expect_eq(access_permit(&domu, ACCESS_IRQS, 11, 11), 0);
    expect(access_iomem(&domu, to_mfn(0xf0003)) && access_irq(&domu, 11) && !access_irq(&domu, 12));

    access_domain_destroy(&domu);
    create(&domu);
    expect(!access_iomem(&domu, to_mfn(0xf0003)) && !access_irq(&domu, 11) &&
           !access_ioport(&domu, 0x80, 1));
}

/* The range that was asked for last is remembered: not for longer than it is right. */
TEST(ports_that_are_taken_away)
{
    create(&domu);
    expect(!access_ioport(&domu, 0, 1));
    expect_eq(access_permit(&domu, ACCESS_IOPORTS, 0x3f8, 0x3ff), 0);
    for ( unsigned int again = 0; again < 2; again++ )
    {
        expect(access_ioport(&domu, 0x3f8, 4) && access_ioport(&domu, 0x3ff, 1));
        expect(!access_ioport(&domu, 0x3f7, 1) && !access_ioport(&domu, 0x3f7, 2));
        expect(!access_ioport(&domu, 0x3ff, 2) && !access_ioport(&domu, 0x400, 1));
    }
    expect_eq(access_permit(&domu, ACCESS_IOPORTS, 0xfff8, 0xffff), 0);
    expect(access_ioport(&domu, 0xffff, 1) && !access_ioport(&domu, 0xffff, 2));
    expect(access_ioport(&domu, 0x3fa, 1));

    expect_eq(access_deny(&domu, ACCESS_IOPORTS, 0x3fa, 0x3fa), 0);
    expect(!access_ioport(&domu, 0x3fa, 1) && !access_ioport(&domu, 0x3f8, 4));
    expect(access_ioport(&domu, 0x3f8, 2));
}

TEST(impossible_ranges_are_refused)
{
    create(&domu);
    expect_eq(access_permit(&domu, ACCESS_IOPORTS, 5, 4), -EINVAL);
    expect_eq(access_permit(&domu, ACCESS_IOPORTS, 0xfff0, 0x10000), -EINVAL);
    expect_eq(access_permit(&domu, ACCESS_IOMEM, 0, 1UL << 40), -EINVAL);
    expect_eq(access_deny(&domu, ACCESS_IRQS, 0, ~0UL), -EINVAL);
}

TEST(read_only_frames)
{
    access_iomem_make_read_only(0xb0000, 0xbffff);
    expect(access_iomem_read_only(to_mfn(0xb0000)) && access_iomem_read_only(to_mfn(0xbffff)));
    expect(!access_iomem_read_only(to_mfn(0xaffff)) && !access_iomem_read_only(to_mfn(0xc0000)));
}

/* Creation that runs out of memory, at whichever step, leaves nothing behind. */
TEST(failed_creation_leaves_nothing)
{
    long rc = -1, left;

    for ( left = 0; rc; left++ )
    {
        long kept = heap_blocks;

        heap_left = left;
        rc = access_domain_create(&domu);
        heap_left = -1;
        if ( rc )
        {
            expect_eq(rc, -ENOMEM);
            expect_eq(heap_blocks, kept);
            expect(!domu.access.iomem && !domu.access.ioports && !domu.access.irqs);
        }
    }
    expect(left > 3);
}

HOST_TEST_MAIN
