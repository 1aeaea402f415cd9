/*
 * 32-bit PV: the hypercalls that take a 64-bit number, which goes into two registers, low half first; and
 * set_callbacks, which names code segments. Their stubs look to C as they do in 64 bits. For kit/hypercall.h alone,
 * which makes the stubs of all others.
 */
static inline long hypercall_update_va_mapping(ulong a1, uint64_t pte, ulong a4)
{
    ulong a2 = (ulong)pte, a3 = (ulong)(pte >> 32);
    long rc;

    KIT_CALL(update_va_mapping, , KIT_ARG_1, KIT_ARG_2, KIT_ARG_3, KIT_ARG_4);
    return rc;
}

static inline long hypercall_update_va_mapping_otherdomain(ulong a1, uint64_t pte, ulong a4,
                                                           ulong a5)
{
    ulong a2 = (ulong)pte, a3 = (ulong)(pte >> 32);
    long rc;

    KIT_CALL(update_va_mapping_otherdomain, , KIT_ARG_1, KIT_ARG_2, KIT_ARG_3, KIT_ARG_4,
             KIT_ARG_5);
    return rc;
}

static inline long hypercall_update_descriptor(uint64_t machine, uint64_t descriptor)
{
    ulong a1 = (ulong)machine, a2 = (ulong)(machine >> 32);
    ulong a3 = (ulong)descriptor, a4 = (ulong)(descriptor >> 32);
    long rc;

    KIT_CALL(update_descriptor, , KIT_ARG_1, KIT_ARG_2, KIT_ARG_3, KIT_ARG_4);
    return rc;
}

static inline long hypercall_set_timer_op(uint64_t deadline)
{
    ulong a1 = (ulong)deadline, a2 = (ulong)(deadline >> 32);
    long rc;

    KIT_CALL(set_timer_op, , KIT_ARG_1, KIT_ARG_2);
    return rc;
}

/* There is no syscall callback in this width: @syscall is left out. */
static inline long hypercall_set_callbacks(ulong a2, ulong a4, ulong syscall)
{
    ulong a1 = KIT_CS, a3 = KIT_CS;
    long rc;

    (void)syscall;
    KIT_CALL(set_callbacks, , KIT_ARG_1, KIT_ARG_2, KIT_ARG_3, KIT_ARG_4);
    return rc;
}
