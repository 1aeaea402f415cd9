/* What the machine's CPUID tells: an Intel processor with AVX. For one source of a program to include. */
#include "cpu/asm.h"

struct cpuid_leaf host_cpuid(u32 leaf, u32 subleaf)
{
    switch ( leaf )
    {
    case 0:
        return (struct cpuid_leaf){ 0xd, 0x756e6547, 0x6c65746e, 0x49656e69 };
    case 1:
        return (struct cpuid_leaf){ 0x000906ea, 0, 0x14000001, 0x07800001 };
    case 0xd: /* x87, SSE, AVX */
        return subleaf == 0   ? (struct cpuid_leaf){ 7, 832, 832, 0 }
               : subleaf == 2 ? (struct cpuid_leaf){ 256, 576, 0, 0 }
                              : (struct cpuid_leaf){ 0 };
    case 0x80000000:
        return (struct cpuid_leaf){ 0x80000008, 0, 0, 0 };
    case 0x80000001:
        return (struct cpuid_leaf){ 0, 0, 1, 0x20000800 };
    case 0x80000008:
        return (struct cpuid_leaf){ 0x3027, 0, 0, 0 };
    default:
        return (struct cpuid_leaf){ 0 };
    }
}
