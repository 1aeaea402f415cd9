/*
 * Boot options: each kind, and what is not understood.
 *
 * LINK: hypervisor/console/options.c
 */
#include "tests/host/host.h"

#include "console/options.h"

static char complaints[512];
static unsigned int nr_complaints, lines;

void log_print(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
    lines++;
}

static void complain(const char *word, const char *why)
{
    size_t n = strlen(complaints);

    nr_complaints++;
    snprintf(complaints + n, sizeof(complaints) - n, "%s: %s;", word, why);
}

static void parse(const char *cmdline)
{
    complaints[0] = '\0';
    nr_complaints = 0;
    options_parse(cmdline, complain);
}

TEST(defaults)
{
    parse("   ");
    expect_eq(nr_complaints, 0);
    expect_str(options.console, "com1,vga");
    expect(!options.noreboot);
    expect_eq(options.loglvl, LOG_INFO);
    expect_eq(options.dom0_max_vcpus, 0);
}

TEST(flags)
{
    parse("noreboot smap=off no-smep");
    expect_str(complaints, "");
    expect(options.noreboot && !options.smap && !options.smep);
    parse("noreboot=no smap=yes smep=1");
    expect(!options.noreboot && options.smap && options.smep);
    parse("nosmep noreboot=true");
    expect(options.noreboot && !options.smep);
    parse("smep=perhaps");
    expect_str(complaints, "smep=perhaps: value not understood;");
}

static void expect_choices(enum option_choice dom0, enum option_choice domu)
{
    expect_str(complaints, "");
    expect_eq(options.xpti.dom0, dom0);
    expect_eq(options.xpti.domu, domu);
}

TEST(domains)
{
    parse("");
    expect_choices(CHOICE_DEFAULT, CHOICE_DEFAULT);
    parse("xpti");
    expect_choices(CHOICE_ON, CHOICE_ON);
    parse("no-xpti");
    expect_choices(CHOICE_OFF, CHOICE_OFF);
    parse("xpti=default,dom0=yes");
    expect_choices(CHOICE_ON, CHOICE_DEFAULT);
    parse("xpti=dom0=off,domu=true");
    expect_choices(CHOICE_OFF, CHOICE_ON);
    parse("xpti=off,domu=on");
    expect_choices(CHOICE_OFF, CHOICE_ON);
    parse("xpti=default");
    expect_choices(CHOICE_DEFAULT, CHOICE_DEFAULT);
    parse("xpti=dom1=on");
    expect_eq(nr_complaints, 1);
    parse("xpti=on,dom0=maybe"); /* nothing of it counts */
    expect_eq(nr_complaints, 1);
    parse("xpti=");
    expect_eq(nr_complaints, 1);
    parse("xpti=domu=0000000000000001");
    expect_eq(nr_complaints, 1);
    expect_eq(options.xpti.dom0, CHOICE_DEFAULT);
    expect_eq(options.xpti.domu, CHOICE_DEFAULT);

    parse("pv-l1tf=dom0=on");
    expect_eq(options.pv_l1tf.dom0, CHOICE_ON);
    expect_eq(options.pv_l1tf.domu, CHOICE_DEFAULT);
}

TEST(levels)
{
    parse("loglvl=all guest_loglvl=none/debug");
    expect_str(complaints, "");
    expect_eq(options.loglvl, LOG_DEBUG);
    expect_eq(options.guest_loglvl, LOG_NONE);
    parse("loglvl=error/");
    expect_eq(options.loglvl, LOG_ERROR);
    parse("loglvl=loud loglvl");
    expect_eq(nr_complaints, 2);
    expect_eq(options.loglvl, LOG_ERROR);
}

TEST(memory)
{
    parse("dom0_mem=512M");
    expect_eq(options.dom0_mem.amount, 512 << 20);
    parse("dom0_mem=1048576,max:2G");
    expect_eq(options.dom0_mem.amount, 1L << 30);
    expect_eq(options.dom0_mem.max, 2L << 30);
    expect_eq(options.dom0_mem.min, 0);
    parse("dom0_mem=min:256M,max:1G");
    expect_eq(options.dom0_mem.amount, 0);
    expect_eq(options.dom0_mem.min, 256 << 20);
    parse("dom0_mem=-1G");
    expect_eq(options.dom0_mem.amount, -(1L << 30));
    expect_eq(nr_complaints, 0);
    parse("dom0_mem=512M:1G dom0_mem=lots dom0_mem dom0_mem=max: dom0_mem=99999999999999999G "
          "dom0_mem=9000000T");
    expect_eq(nr_complaints, 6);
    expect_eq(options.dom0_mem.amount, -(1L << 30));
}

TEST(numbers_and_texts)
{
    parse("dom0_max_vcpus=4 maxcpus=0x8 com1=9600,8n1,0x2f8 console=vga");
    expect_str(complaints, "");
    expect_eq(options.dom0_max_vcpus, 4);
    expect_eq(options.maxcpus, 8);
    expect_str(options.com1, "9600,8n1,0x2f8");
    parse("dom0_max_vcpus=four maxcpus= com2");
    expect_eq(nr_complaints, 3);
}

TEST(unknown_words)
{
    parse("sync_console placeholder=1 vga=keep frobnicate no-frobnicate no-com1 nonoreboot=1");
    expect_str(complaints,
               "frobnicate: no such option;no-frobnicate: no such option;no-com1: no such option;"
               "nonoreboot=1: no such option;");
}

TEST(long_words)
{
    char line[4096];

    memset(line, 'x', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    memcpy(line, "com1=", 5);
    memcpy(line + 3000, " noreboot ", 10);
    parse(line);
    expect_eq(nr_complaints, 2);
    expect(options.noreboot);
    expect_str(options.com1, "115200,8n1");
}

TEST(help_lists_all)
{
    unsigned int rows = 0;

#define OPTION(kind, name, initial, summary) rows++;
#include "options.def"
#undef OPTION
    options_help();
    expect_eq(lines, rows);
}

HOST_TEST_MAIN
