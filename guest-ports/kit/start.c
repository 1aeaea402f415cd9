#include <kit/kit.h>

struct start_info *start_info;

void kit_main(struct start_info *info);

void kit_main(struct start_info *info)
{
    start_info = info;
    console_init();
    check(
        hypercall(update_va_mapping, &shared_info, info->shared_info | PTE_KERNEL_RW, UVMF_INVLPG));
    vcpu_init();
    trap_init();
    event_init();
    page_init();
    events_enable();
    guest_main();
    exit(0);
}
