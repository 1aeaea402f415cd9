/*
 * hello: the smallest useful guest. Says who it is; alone as dom0 it then powers off, else it ticks every ten seconds,
 * echoes lines that are typed, and leaves when asked to.
 */
#include <kit/kit.h>

#define TICK (10 * NS_PER_S)

static void greet(void)
{
    unsigned int vcpus = 0;
    long version = hypercall(xen_version, XENVER_version, NULL);

    while ( hypercall(vcpu_op, VCPUOP_is_up, vcpus, NULL) >= 0 )
        vcpus++;
    printf("hello from %s, on version %ld.%ld\n", is_dom0() ? "dom0" : "a guest domain", version >> 16,
           version & 0xffff);
    printf("memory %lu MiB, vcpus %u, command line \"%s\"\n",
           start_info->nr_pages >> (20 - PAGE_SHIFT), vcpus, (const char *)start_info->cmd_line);
}

void guest_main(void)
{
    greet();
}
