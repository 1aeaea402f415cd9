/*
 * rl's settings: xl.cfg's syntax, and what the settings mean.
 *
 * FLAGS: -D_GNU_SOURCE -Itools
 * LINK: tools/librl/config.c tools/librl/cpus.c tools/librl/syntax.c tools/librl/file.c tools/librl/message.c
 */
#include "tests/host/host.h"

#include "librl/config.h"
#include "librl/message.h"

/* The last line that was told. */
static char told[512];

static void keep_line(const char *line)
{
    snprintf(told, sizeof(told), "%s", line);
}

static struct rl_config config;

static int parse(const char *text)
{
    rl_set_sink(keep_line);
    told[0] = '\0';
    rl_config_free(&config);
    return rl_config_parse(&config, text, "file");
}

TEST(reads_a_file_as_people_write_it)
{
    expect_eq(parse("# a guest\n"
                    "name    = \"linux\"   # its name\n"
                    "\n"
                    "kernel='/guests/vmlinuz'; ramdisk = \"/guests/initrd\"\n"
                    "memory = 0x80\r\n"
                    "vcpus=4\n"
                    "on_reboot = \"destroy\""),
              0);
    expect_str(config.name, "linux");
    expect_str(config.kernel, "/guests/vmlinuz");
    expect_str(config.ramdisk, "/guests/initrd");
    expect_eq(config.memory_mib, 128);
    expect_eq(config.vcpus, 4);
    expect_eq(config.max_grant_version, 2);
    expect_eq(config.on_reboot, RL_DESTROY);
    expect_eq(config.on_poweroff, RL_DESTROY);
    expect_str(told, "");
    rl_config_free(&config);
}

TEST(decodes_strings)
{
    expect_eq(parse("extra = \"a\\tb\\\\c\\\"d\\x41\\102 # no comment; nor end\""), 0);
    expect_str(config.extra, "a\tb\\c\"dAB # no comment; nor end");
    expect_eq(parse("extra = 'it\\'s'"), 0);
    expect_str(config.extra, "it's");
    expect_eq(parse("extra = ''"), 0);
    expect_str(config.extra, "");
    rl_config_free(&config);
}

TEST(passes_over_what_it_does_not_have)
{
    expect_eq(parse("vif = [ 'mac=00:16:3e:00:00:01', # first\n 'bridge=br0', ]\n"
                    "disk = [ [ 1, 2 ], ]\n"
                    "name = 'x'\n"),
              0);
    expect_str(config.name, "x");
    expect(strstr(told, "disk") != NULL);
    rl_config_free(&config);
}

TEST(later_settings_win)
{
    expect_eq(parse("name='a'\nname='b'\nmemory=1\nmemory=2"), 0);
    expect_str(config.name, "b");
    expect_eq(config.memory_mib, 2);
    rl_config_free(&config);
}

TEST(tells_the_line_of_what_is_wrong)
{
    static const char *const wrong[] = {
        "\nname",
        "\n= 1",
        "\nname = ",
        "\nname = \"x",
        "\nname = \"x\n\"",
        "\nname = 'x' 'y'",
        "\nmemory = 1x",
        "\nmemory = 'x'",
        "\nmemory = 0",
        "\nvif = [ 1 2 ]",
        "\nvif = [ 1,",
        "\nname = [ 'x' ]",
        "\non_crash = 'x'",
        "\nuuid = 'x'",
        "\ntype = 'hvm'",
        "\nname = x",
        "\nvcpus = 1000",
        "\nmemory = 99999999999999999999",
        "\nname = \"x\\",
        "\nvif = [[[[[[[[[[[1]]]]]]]]]]]",
        "\nmax_grant_version = 0",
        "\nmax_grant_version = 3",
        "\ndomid = 0",
        "\ntsc_mode = \"native_paravirt\"",
        "\ndomid = 32752",
    };

    for ( size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++ )
    {
        if ( parse(wrong[i]) != -EINVAL )
            fail("`%s` was taken", wrong[i] + 1);
        else if ( !strstr(told, "file, line 2:") && !strstr(told, "file, line 3:") )
            fail("`%s` gave \"%s\"", wrong[i] + 1, told);
    }
    rl_config_free(&config);
}

/* Every cut of a good text ends in order: taken or refused, without an access outside of it. */
TEST(survives_cut_text)
{
    static const char text[] = "name = \"a\\x41\\\"\"; extra = 'b'\nvif = [ 'c', [ 1 ] ]\nuuid = "
                               "'00112233-4455-6677-8899-aabbccddeeff'\n";

    for ( size_t length = 0; length < sizeof(text); length++ )
    {
        char *cut = strndup(text, length);

        parse(cut);
        free(cut);
    }
    rl_config_free(&config);
}

TEST(takes_settings_from_a_command_line)
{
    parse("name = 'a'");
    expect_eq(rl_config_override(&config, "name=b"), 0);
    expect_eq(rl_config_override(&config, "memory=64"), 0);
    expect_eq(rl_config_override(&config, "extra=console=hvc0 quiet"), 0);
    expect_eq(rl_config_override(&config, "kernel=\"/a b\""), 0);
    expect_str(config.name, "b");
    expect_eq(config.memory_mib, 64);
    expect_str(config.extra, "console=hvc0 quiet");
    expect_str(config.kernel, "/a b");
    expect_eq(rl_config_override(&config, "memory=much"), -EINVAL);
    expect_eq(rl_config_override(&config, "=1"), -EINVAL);
    expect_eq(rl_config_override(&config, "nothing"), -EINVAL);
    rl_config_free(&config);
}

TEST(joins_the_kernels_command_line)
{
    parse("name='a'\nkernel='k'\nroot='/dev/xvda ro'\nextra='quiet'");
    expect_eq(rl_config_finish(&config), 0);
    expect_str(config.cmdline, "root=/dev/xvda ro quiet");
    parse("name='a'\nkernel='k'\nroot='/dev/xvda'\ncmdline='all of it'");
    expect_eq(rl_config_finish(&config), 0);
    expect_str(config.cmdline, "all of it");
    parse("name='a'\nkernel='k'");
    expect_eq(rl_config_finish(&config), 0);
    expect_str(config.cmdline, "");
    rl_config_free(&config);
}

TEST(checks_the_whole)
{
    static const char *const wrong[] = {
        "kernel='k'",
        "name='a'",
        "name='12'\nkernel='k'",
        "name='a/b'\nkernel='k'",
        "name=''\nkernel='k'",
        "name='a'\nkernel='k'\nmemory=64\nmaxmem=32",
        "name='a'\nkernel='k'\nvcpus=2\nmaxvcpus=1",
        "name='..'\nkernel='k'",
        "name='a'\nkernel='k'\ncap=101",
        "name='a'\nkernel='k'\nvcpus=2\nmaxvcpus=3\ncap=301",
    };

    for ( size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++ )
    {
        expect_eq(parse(wrong[i]), 0);
        if ( rl_config_finish(&config) != -EINVAL || !*told )
            fail("case %zu was taken, or refused without a word", i);
    }
    rl_config_free(&config);
}

TEST(writes_what_it_reads)
{
    struct rl_config again;
    char uuid[RL_UUID_TEXT];
    char *text;

    parse("name='a'\nkernel='k'\nextra=\"q\\\"\\\\\\x01\\xff\"\non_crash='preserve'\nmemory="
          "77\nvcpus=3\nmax_grant_version=1\ndomid=7\n"
          "tsc_mode='always_emulate'\n"
          "uuid='00112233-4455-6677-8899-AABBCCDDEEFF'");
    expect_eq(rl_config_finish(&config), 0);
    text = rl_config_text(&config);
    rl_config_init(&again);
    expect_eq(rl_config_parse(&again, text, "text"), 0);
    expect_eq(rl_config_finish(&again), 0);
    expect_str(again.name, "a");
    expect_str(again.cmdline, "q\"\\\x01\xff");
    expect_eq(again.on_crash, RL_PRESERVE);
    expect_eq(again.memory_mib, 77);
    expect_eq(again.maxvcpus, 3);
    expect_eq(again.max_grant_version, 1);
    expect_eq(again.domid, 7);
    expect_eq(again.tsc_mode, RL_TSC_ALWAYS_EMULATE);
    rl_uuid_text(again.uuid, uuid);
    expect_str(uuid, "00112233-4455-6677-8899-aabbccddeeff");
    free(text);
    rl_config_free(&again);
    rl_config_free(&config);
}

TEST(takes_lists_of_cpus)
{
    struct rl_config again;
    char *text;

    expect_eq(parse("name='a'\nkernel='k'\ncpus=['0', 2, '1-3,^2']\ncpus_soft='all'"), 0);
    expect_eq(rl_config_finish(&config), 0);
    text = rl_config_text(&config);
    rl_config_init(&again);
    expect_eq(rl_config_parse(&again, text, "text"), 0);
    expect(again.cpus.each && !again.cpus_soft.each);
    expect_str(rl_cpu_list_of(&again.cpus, 0), "0");
    expect_str(rl_cpu_list_of(&again.cpus, 1), "2");
    expect_str(rl_cpu_list_of(&again.cpus, 2), "1-3,^2");
    expect(rl_cpu_list_of(&again.cpus, 3) == NULL);
    expect_str(rl_cpu_list_of(&again.cpus_soft, 9), "all");
    expect_eq(rl_config_override(&again, "cpus=0-1"), 0);
    expect_str(rl_cpu_list_of(&again.cpus, 3), "0-1");
    expect_eq(rl_config_override(&again, "cpus=[]"), 0);
    expect(rl_cpu_list_of(&again.cpus, 0) == NULL);
    free(text);
    rl_config_free(&again);
    rl_config_free(&config);
}

TEST(tells_which_list_is_none)
{
    expect_eq(parse("\n\ncpus = ['1', 'x']"), -EINVAL);
    expect(strstr(told, "file, line 3: cpus: `x` is no list of CPUs"));
    expect_eq(parse("cpus_soft = ['1', ['2']]"), -EINVAL);
    expect(strstr(told, "file, line 1: cpus_soft: "));
    expect_eq(parse("cpus = 1024"), -EINVAL);
    rl_config_free(&config);
}

TEST(gives_random_uuids)
{
    u8 first[RL_UUID_SIZE];

    parse("name='a'\nkernel='k'");
    expect_eq(rl_config_finish(&config), 0);
    memcpy(first, config.uuid, sizeof(first));
    expect_eq(first[6] >> 4, 4);
    parse("name='a'\nkernel='k'");
    expect_eq(rl_config_finish(&config), 0);
    expect(memcmp(first, config.uuid, sizeof(first)) != 0);
    rl_config_free(&config);
}

HOST_TEST_MAIN
