/*
 * Runs the tests that are linked in: all of them, or those that `tests=a,b,c` names. Between two of them it restores
 * what a test may have changed of the vcpu: trap table, callbacks, handlers, upcall mask, I/O privilege, assists.
 */
#include "test.h"

enum verdict { NO_VERDICT, SUCCESS, SKIP, ERROR, FAILURE };

static const char *const verdict_names[] = { "?", "SUCCESS", "SKIP", "ERROR", "FAILURE" };

extern const struct test kit_tests[], kit_tests_end[];

static struct {
    char name[64]; /* with our role, if we have one */
    struct context end;
    enum verdict verdict;
    unsigned int unmet; /* expectations that did not hold */
    char text[160];
} running;

static _Noreturn void end_with(enum verdict verdict, const char *format, va_list args)
{
    running.verdict = verdict;
    vsnprintf(running.text, sizeof(running.text), format, args);
    context_load(&running.end, 1);
}

#define VERDICT_FUNCTION(name, verdict)                                                            \
    void name(const char *format, ...)                                                             \
    {                                                                                              \
        va_list args;                                                                              \
        va_start(args, format);                                                                    \
        end_with(verdict, format, args);                                                           \
    }
VERDICT_FUNCTION(skip, SKIP)
VERDICT_FUNCTION(error, ERROR)
VERDICT_FUNCTION(failure, FAILURE)

void success(void)
{
    if ( running.unmet )
        failure("%u expectations unmet", running.unmet);
    running.verdict = SUCCESS;
    context_load(&running.end, 1);
}

void expect_end(const char *word, const char *format, ...)
{
    va_list args;

    if ( is_dom0() )
        skip("dom0's end would be the machine's");
    printf("RL-TEST %s ENDS %s: ", running.name, word);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

static void unmet(const char *text, int line)
{
    running.unmet++;
    printf("  %s, line %d: %s: ", running.name, line, text);
}

void test_expect_eq(long got, long want, const char *text, int line)
{
    if ( got == want )
        return;
    unmet(text, line);
    printf("got %ld (%lx), want %ld (%lx)\n", got, (ulong)got, want, (ulong)want);
}

void test_expect_fault(struct fault fault, int vector, uint64_t error_code, const char *text,
                       int line)
{
    if ( fault.vector == vector && (vector == TRAP_NONE || fault.error == error_code) )
        return;
    unmet(text, line);
    printf("got vector %d error %lx cr2 %lx, want vector %d error %lx\n", fault.vector, fault.error,
           fault.cr2, vector, (ulong)error_code);
}

long test_need(long rc, const char *text, int line)
{
    if ( rc < 0 )
        error("line %d: %s: %ld", line, text, rc);
    return rc;
}

/* The callbacks that trap_init() leaves alone, since the kit has none. */
static void drop_callbacks(void)
{
    static const uint16_t types[] = { CALLBACKTYPE_sysenter, CALLBACKTYPE_syscall32 };

    for ( unsigned int i = 0; i < 2; i++ )
    {
        struct callback_register none = { .type = types[i] };

        hypercall(callback_op, CALLBACKOP_register, &none);
    }
}

static void clean_up(void)
{
    for ( unsigned int entry = 0; entry <= KIT_ENTRY_NMI; entry++ )
        trap_handle(entry, NULL);
    trap_init();
    drop_callbacks();
    for ( unsigned int assist = 0; assist < 6; assist++ )
        hypercall(vm_assist, VMASST_CMD_disable, assist);
    hypercall(fpu_taskswitch, 0);
    hypercall(stack_switch, KIT_SS, (char *)this_vcpu() + KIT_STACK_SIZE);
    power_iopl(0);
    this_vcpu()->fault_trap = NULL;
    this_vcpu()->user_back = NULL;
    events_enable();
}

/* NAME, or NAME/ROLE. */
static void name_test(const struct test *test)
{
    const char *role = arg_value("role");

    snprintf(running.name, sizeof(running.name), "%s%s%s", test->name, role ? "/" : "", role ?: "");
    if ( strchr(running.name, ' ') )
        *strchr(running.name, ' ') = '\0';
}

static enum verdict run(const struct test *test)
{
    name_test(test);
    running.verdict = NO_VERDICT;
    running.unmet = 0;
    running.text[0] = '\0';
    if ( !context_save(&running.end) )
    {
        struct fault fault = fault_of(test->main(); success());

        running.verdict = FAILURE;
        snprintf(running.text, sizeof(running.text),
                 "unexpected vector %d, error %lx, at %lx, cr2 %lx", fault.vector, fault.error,
                 fault.ip, fault.cr2);
    }
    clean_up();
    printf("RL-TEST %s %s%s%s\n", running.name, verdict_names[running.verdict],
           running.text[0] ? ": " : "", running.text);
    return running.verdict;
}

static bool ends_name(char c)
{
    return !c || c == ' ' || c == ',' || c == '+';
}

/* Is @name one of those in `tests=`, with commas or + between them, or is there no such list? */
static bool wanted(const char *name)
{
    const char *list = arg_value("tests");
    size_t size = strlen(name);

    if ( !list || !strncmp(list, "all", 3) )
        return true;
    for ( ;; list++ )
    {
        if ( !strncmp(list, name, size) && ends_name(list[size]) )
            return true;
        while ( !ends_name(*list) )
            list++;
        if ( !*list || *list == ' ' )
            return false;
    }
}

void guest_main(void)
{
    unsigned int counts[FAILURE + 1] = { 0 };

    for ( const struct test *test = kit_tests; test < kit_tests_end; test++ )
    {
        if ( wanted(test->name) )
            counts[run(test)]++;
    }
    printf("RL-TESTS %u succeeded, %u skipped, %u errors, %u failed\n", counts[SUCCESS],
           counts[SKIP], counts[ERROR], counts[FAILURE]);
    exit(counts[ERROR] || counts[FAILURE] || !(counts[SUCCESS] + counts[SKIP]) ? 1 : 0);
}
