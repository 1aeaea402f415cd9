/*
 * The ABI's structures as 32-bit guests have them, struct compat_NAME for each row of layouts.def, and between those
 * and the 64-bit ones: compat_widen_NAME, compat_narrow_NAME.
 *
 * Widening zero-extends pointers and what is a number of the guest's word. Narrowing cuts off: callers give such guests
 * nothing that is too large for them.
 */
#ifndef HYPERCALL_COMPAT_LAYOUTS_H
#define HYPERCALL_COMPAT_LAYOUTS_H

#include <hypercall/abi.h>

typedef uint64_t __attribute__((aligned(4))) compat_u64;

#define COMPAT_PASTE_(a, b) a##b
#define COMPAT_PASTE(a, b)  COMPAT_PASTE_(a, b)

#define VALUE(type, field)        type field;
#define NAMED(type, field, path)  type field;
#define HANDLE(field)             uint32_t field;
#define ARRAY(type, field, count) type field[count];
#define WORDS(field, count)       uint32_t field[count];
#define NEST(name, field)         struct compat_##name field;
#define NESTS(name, field, count) struct compat_##name field[count];
#define HALF(field, path, shift)  uint32_t field;
#define PAD(bytes)                uint8_t COMPAT_PASTE(pad_, __COUNTER__)[bytes];
#define LAYOUT(name, wide, fields)                                                                 \
    struct compat_##name {                                                                         \
        fields                                                                                     \
    };
#define SHARED(tag, fields) LAYOUT(tag, struct tag, fields)
#include <hypercall/compat/layouts.def>
#undef SHARED
#undef VALUE
#undef NAMED
#undef HANDLE
#undef ARRAY
#undef WORDS
#undef NEST
#undef NESTS
#undef HALF
#undef PAD
#undef LAYOUT

#define VALUE(type, field)        to->field = from->field;
#define NAMED(type, field, path)  to->path = from->field;
#define HANDLE(field)             to->field.p = (__typeof__(to->field.p))(uintptr_t)from->field;
#define ARRAY(type, field, count) __builtin_memcpy(&to->field, &from->field, sizeof(to->field));
#define WORDS(field, count)                                                                        \
    for ( int i = 0; i < (count); i++ )                                                            \
        to->field[i] = from->field[i];
#define NEST(name, field) compat_widen_##name(&to->field, &from->field);
#define NESTS(name, field, count)                                                                  \
    for ( int i = 0; i < (count); i++ )                                                            \
        compat_widen_##name(&to->field[i], &from->field[i]);
#define HALF(field, path, shift) to->path |= (uint64_t)from->field << (shift);
#define PAD(bytes)
#define SHARED(tag, fields)
#define LAYOUT(name, wide, fields)                                                                 \
    static inline void compat_widen_##name(wide *to, const struct compat_##name *from)             \
    {                                                                                              \
        *to = (wide){ 0 };                                                                         \
        fields                                                                                     \
    }
#include <hypercall/compat/layouts.def>
#undef VALUE
#undef NAMED
#undef HANDLE
#undef ARRAY
#undef WORDS
#undef NEST
#undef NESTS
#undef HALF
#undef LAYOUT

#define VALUE(type, field)        to->field = (type)from->field;
#define NAMED(type, field, path)  to->field = (type)from->path;
#define HANDLE(field)             to->field = (uint32_t)(uintptr_t)from->field.p;
#define ARRAY(type, field, count) __builtin_memcpy(&to->field, &from->field, sizeof(to->field));
#define WORDS(field, count)                                                                        \
    for ( int i = 0; i < (count); i++ )                                                            \
        to->field[i] = (uint32_t)from->field[i];
#define NEST(name, field) compat_narrow_##name(&to->field, &from->field);
#define NESTS(name, field, count)                                                                  \
    for ( int i = 0; i < (count); i++ )                                                            \
        compat_narrow_##name(&to->field[i], &from->field[i]);
#define HALF(field, path, shift) to->field = (uint32_t)(from->path >> (shift));
#define LAYOUT(name, wide, fields)                                                                 \
    static inline void compat_narrow_##name(struct compat_##name *to, const wide *from)            \
    {                                                                                              \
        *to = (struct compat_##name){ 0 };                                                         \
        fields                                                                                     \
    }
#include <hypercall/compat/layouts.def>
#undef VALUE
#undef NAMED
#undef HANDLE
#undef ARRAY
#undef WORDS
#undef NEST
#undef NESTS
#undef HALF
#undef PAD
#undef SHARED
#undef LAYOUT

#endif
