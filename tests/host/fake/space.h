/* The fixture of tests of one domain: its address space, which nothing is left of at the end. */
#ifndef FAKE_SPACE_H
#define FAKE_SPACE_H

#include "tests/host/fake/tables.h"

static struct domain *d;
static struct space s;

/* A domain with one address space over four pages of data. */
static inline void setup(void)
{
    fake_machine();
    d = fake_domain(1, false, 2);
    space_build(&s, d, 4);
}

/* The same, pinned and running on it. */
static inline void setup_running(void)
{
    setup();
    require(pin(4, s.l4) == 0);
    require(new_baseptr(s.l4) == 0);
}

static inline void finish(void)
{
    expect_sane(d);
    expect_buried(d);
    expect_eq(fake_frames_in_use(), 0);
}

#endif
