/*
 * The EFI application's configuration file and load options: what they mean, what is refused and
 * why, and that no text whatever leads astray.
 *
 * LINK: boot/efi/config.c boot/efi/arguments.c
 */
#include "tests/host/host.h"

#include "boot/efi/arguments.h"
#include "boot/efi/config.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static struct boot_config config;
static struct config_error error;
static struct arguments arguments;

/* The text lies at the end of an allocation of its size, so that ASan sees a read beyond it. */
static bool parse_bytes(const char *text, size_t size, const char *section)
{
    char *copy = malloc(size ? size : 1);
    bool good;

    memcpy(copy, text, size);
    good = config_parse(&config, &error, copy, size, section);
    free(copy);
    return good;
}

static bool parse(const char *text, const char *section)
{
    return parse_bytes(text, strlen(text), section);
}

static const char typical[] = "# our machine\r\n"
                              "[global]\r\n"
                              "default = debian\r\n"
                              "ramdisk=common.img\r\n"
                              "\r\n"
                              "[debian]\r\n"
                              "options=dom0_mem=512M  loglvl=all\r\n"
                              "\tkernel=vmlinuz root=/dev/sda1 quiet=[yes]\t\r\n"
                              "video=gfx-1024x768\r\n"
                              "[ test ]\r\n"
                              "kernel=hello\r\n"
                              "ramdisk=\r\n";

TEST(default_section)
{
    require(parse(typical, ""));
    expect_str(config.options, "dom0_mem=512M  loglvl=all");
    expect_str(config.kernel, "vmlinuz");
    expect_str(config.kernel_args, "root=/dev/sda1 quiet=[yes]");
    expect_str(config.ramdisk, "common.img");
}

TEST(section_asked_for)
{
    require(parse(typical, "test"));
    expect_str(config.options, "");
    expect_str(config.kernel, "hello");
    expect_str(config.kernel_args, "");
    expect_str(config.ramdisk, ""); /* said to be empty: global's is not looked for */
}

TEST(no_default_first_value_counts)
{
    require(parse("[a]\noptions=one\n[b]\nkernel=k\noptions=two", ""));
    expect_str(config.options, "one");
    expect_str(config.kernel, "k");
    require(parse("kernel=k", ""));
    expect_str(config.kernel, "k");
}

TEST(section_in_parts)
{
    require(parse("[a]\nkernel=k\n[b]\nramdisk=wrong\n[a]\nramdisk=r\n", "a"));
    expect_str(config.kernel, "k");
    expect_str(config.ramdisk, "r");
}

TEST(no_such_section)
{
    expect(!parse(typical, "other"));
    expect(strstr(error.what, "asked for"));
    expect(!parse("[global]\ndefault=gone\n[a]\nkernel=k\n", ""));
    expect(strstr(error.what, "default="));
    expect_eq(error.line, 0);
}

static void expect_broken(const char *text, unsigned int line, const char *what)
{
    expect(!parse(text, ""));
    expect_eq(error.line, line);
    if ( !strstr(error.what, what) )
        fail("\"%s\" is about \"%s\", not \"%s\"", text, error.what, what);
}

TEST(broken_lines)
{
    expect_broken("[a]\nkernel k\n", 2, "neither");
    expect_broken("\n\n[a\nkernel=k\n", 3, "bracket");
    expect_broken("[a] b\nkernel=k\n", 1, "follows");
    expect_broken("kernel=k\xc3\xa4se", 1, "ASCII");
    expect_broken("\xff\xfek", 1, "ASCII"); /* UTF-16 */
    expect(!parse_bytes("kernel=a\0b", 10, ""));
    expect(parse("# K\xc3\xa4se in a comment\nkernel=k\n", ""));
}

TEST(too_long)
{
    static char text[3 * BOOT_CMDLINE];
    const char *names[] = { "options=", "kernel=", "kernel=k ", "ramdisk=" };
    size_t most[] = { BOOT_CMDLINE, CONFIG_NAME, BOOT_CMDLINE, CONFIG_NAME };

    for ( size_t i = 0; i < COUNT(names); i++ )
        for ( size_t len = most[i] - 1; len <= most[i]; len++ )
        {
            memset(text, 'x', sizeof(text));
            memcpy(text, names[i], strlen(names[i]));
            expect_eq(parse_bytes(text, strlen(names[i]) + len, ""), len < most[i]);
        }
    expect(strstr(error.what, "too long"));
}

TEST(empty)
{
    expect(parse("", ""));
    expect_str(config.kernel, "");
}

/* What came out must be strings that end, whatever went in. */
static void expect_sane(void)
{
    expect(memchr(config.options, 0, sizeof(config.options)));
    expect(memchr(config.kernel, 0, sizeof(config.kernel)));
    expect(memchr(config.kernel_args, 0, sizeof(config.kernel_args)));
    expect(memchr(config.ramdisk, 0, sizeof(config.ramdisk)));
    expect(!strpbrk(config.kernel, " \t\r\n"));
}

/* A change that a typo, a torn file or an attacker may make. */
static size_t mutate(char *text, size_t size, size_t capacity)
{
    static const char special[] = "[]=#\n\r\t \0\xff global default kernel";
    uint64_t r = host_test_random();
    size_t at = size ? (r >> 8) % size : 0, len = (r >> 32) % 40;

    switch ( r % 5 )
    {
    case 0:
        return at;
    case 1:
        if ( size )
            text[at] = special[len % sizeof(special)];
        return size;
    case 2:
        if ( size )
            text[at] = (char)(r >> 40);
        return size;
    case 3:
        len = len < size - at ? len : size - at;
        memmove(text + at, text + at + len, size - at - len);
        return size - len;
    default:
        len = len < size - at ? len : size - at;
        len = len < capacity - size ? len : capacity - size;
        memmove(text + at + len, text + at, size - at);
        return size + len;
    }
}

TEST(fuzz_config)
{
    static const char *const sections[] = { "", "debian", "test", "global", "x" };
    char text[1024];

    host_test_seed(4);
    for ( int round = 0; round < 20000; round++ )
    {
        size_t size = strlen(typical);

        memcpy(text, typical, size);
        for ( uint64_t n = host_test_random() % 12; n; n-- )
            size = mutate(text, size, sizeof(text));
        if ( !parse_bytes(text, size, sections[host_test_random() % COUNT(sections)]) )
            expect(error.what);
        expect_sane();
    }
}

/* As firmware passes it: characters of two bytes, with or without a NUL at the end. */
static const char *pass(const char *text)
{
    size_t size = 2 * strlen(text);
    char *wide = calloc(1, size ? size : 1);
    const char *wrong;

    for ( size_t i = 0; i < size / 2; i++ )
        wide[2 * i] = text[i];
    wrong = arguments_parse(&arguments, wide, size);
    free(wide);
    return wrong;
}

TEST(no_load_options)
{
    expect(!arguments_parse(&arguments, NULL, 0));
    expect(!arguments_parse(&arguments, "\0\0x", 3));
    expect_str(arguments.section, "");
}

TEST(load_options)
{
    expect(!pass("  \\EFI\\RL\\Ringleader.EFI  -cfg=other.cfg test  -- loglvl=all  noreboot"));
    expect_str(arguments.config, "other.cfg");
    expect_str(arguments.section, "test");
    expect_str(arguments.options, "loglvl=all  noreboot");
    expect(!pass("test"));
    expect_str(arguments.section, "test");
    expect(!pass("-cfg=my.efi"));
    expect_str(arguments.config, "my.efi");
    expect(!pass("--"));
    expect_str(arguments.options, "");
}

TEST(bad_load_options)
{
    static const uint8_t garbage[] = { 0x8f, 0x4e, 0x10, 0x81, 0x00, 0x01 };

    expect(pass("-basevideo"));
    expect(pass("two sections"));
    expect_str(arguments.section, "");
    expect(arguments_parse(&arguments, garbage, sizeof(garbage)));
}

TEST(fuzz_load_options)
{
    static const char pattern[] = "a\0.\0e\0f\0i\0 \0-\0c\0f\0g\0=\0x\0 \0s\0 \0-\0-\0 \0o\0";
    size_t most = 2 * 4096;
    char *text = malloc(most);

    host_test_seed(5);
    for ( int round = 0; round < 20000; round++ )
    {
        size_t size = sizeof(pattern) - 1;

        memcpy(text, pattern, size);
        for ( uint64_t n = host_test_random() % 20; n; n-- )
            size = mutate(text, size, most);
        arguments_parse(&arguments, text, size);
        expect(memchr(arguments.config, 0, sizeof(arguments.config)));
        expect(memchr(arguments.section, 0, sizeof(arguments.section)));
        expect(memchr(arguments.options, 0, sizeof(arguments.options)));
    }
    free(text);
}

HOST_TEST_MAIN
