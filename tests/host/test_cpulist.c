/*
 * Lists of CPUs, as xl.cfg and `rl vcpu-pin` have them.
 *
 * FLAGS: -D_GNU_SOURCE -Itools
 * LINK: tools/librl/cpus.c tools/librl/message.c
 */
#include "tests/host/host.h"

#include "lib/bits.h"
#include "librl/cpus.h"
#include "librl/message.h"

static char told[512];
static struct cpus cpus;
static char text[CPUS_TEXT];

static void keep_line(const char *line)
{
    snprintf(told, sizeof(told), "%s", line);
}

static int parse(const char *list)
{
    rl_set_sink(keep_line);
    told[0] = '\0';
    return cpus_parse(list, "here: ", &cpus);
}

/* What @list means on a machine of @nr CPUs, in the form that we write. */
static const char *on(unsigned int nr, const char *list)
{
    expect_eq(parse(list), 0);
    cpus_text(&cpus, nr, text, sizeof(text));
    expect_eq(parse(list), 0);
    return text;
}

TEST(lists)
{
    expect_str(on(8, "2"), "2");
    expect_str(on(8, "0-3,5"), "0-3,5");
    expect_str(on(8, " 0 - 3 , 5 "), "0-3,5");
    expect_str(on(8, "0-3,5,^1"), "0,2-3,5");
    expect_str(on(8, "0-7,^2-5"), "0-1,6-7");
    expect_str(on(8, "0,2,4,6"), "0,2,4,6");
    expect_str(on(8, "^1,0-2"), "0-2"); /* taken away from what was named before */
}

TEST(all_of_them)
{
    expect_str(on(4, "all"), "all");
    expect_str(on(4, "0-3"), "all");
    expect_str(on(4, "all,^3"), "0-2");
    expect_str(on(4, "node:0"), "all");
    expect_str(on(4, "nodes:0-0,^1"), "0,2-3");
    expect_str(on(4, "1,^node:0,2"), "2");
}

TEST(the_highest_that_was_named)
{
    expect_eq(parse("all"), 0);
    expect_eq(cpus.highest, -1);
    expect_eq(parse("all,^5"), 0);
    expect_eq(cpus.highest, 5);
    expect_eq(parse("1023"), 0);
    expect_eq(cpus.highest, 1023);
    expect(cpus_has(&cpus, 1023));
    expect(!cpus_has(&cpus, 1022));
    expect(!cpus_has(&cpus, 1024));
    expect_str(on(8, "9"), "none");
}

TEST(what_is_no_list)
{
    static const char *const bad[] = { "",
                                       ",",
                                       "1,",
                                       "x",
                                       "1 2",
                                       "3-1",
                                       "1-",
                                       "-1",
                                       "1024",
                                       "0-1024",
                                       "^",
                                       "all-1",
                                       "node:",
                                       "node:1",
                                       "nodes:0-1",
                                       "1,,2",
                                       "18446744073709551616",
                                       "all x" };

    for ( unsigned int i = 0; i < ARRAY_SIZE(bad); i++ )
    {
        expect_eq(parse(bad[i]), -EINVAL);
        expect(strstr(told, "here: `"));
        expect(strstr(told, "is no list of CPUs"));
    }
}

TEST(an_empty_list)
{
    expect_eq(parse("3,^0-5"), -EINVAL);
    expect_str(told, "here: `3,^0-5` leaves no CPU");
    expect_eq(parse("^1"), -EINVAL);
}

/* The longest that there is comes out as it went in. */
TEST(a_long_text)
{
    struct cpus again;
    char all[CPUS_TEXT], *to = all;

    for ( unsigned int cpu = 0; cpu + 1 < CPUS_MAX; cpu += 3 )
        to +=
            snprintf(to, (size_t)(all + sizeof(all) - to), "%s%u-%u", cpu ? "," : "", cpu, cpu + 1);
    expect_str(on(CPUS_MAX, all), all);
    again = cpus;
    expect_eq(parse(text), 0);
    expect_eq(memcmp(cpus.map, again.map, sizeof(cpus.map)), 0);
}

TEST(a_text_that_is_cut)
{
    expect_eq(parse("0,2,4,6,8,10,12,14,16,18,20"), 0);
    cpus_text(&cpus, 64, text, 8);
    expect_eq(strlen(text), 7);
}

HOST_TEST_MAIN
