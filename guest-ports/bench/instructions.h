/*
 * Rows of one instruction each, which the bare machine executes and a hypervisor emulates: the same for both.
 */
#ifndef BENCH_INSTRUCTIONS_H
#define BENCH_INSTRUCTIONS_H

#include "repeat.h"

#include <stdint.h>

static void read_cr0(long count)
{
    REPEAT(count, {
        uint64_t value;

        asm volatile("mov %%cr0, %0" : "=r"(value));
    });
}

static void write_cr4(long count)
{
    uint64_t value;

    asm volatile("mov %%cr4, %0" : "=r"(value));
    REPEAT(count, asm volatile("mov %0, %%cr4" : : "r"(value) : "memory"));
}

static void rdmsr(long count)
{
    REPEAT(count, {
        uint32_t low, high;

        asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000100));
    });
}

static void wrmsr(long count)
{
    REPEAT(count, asm volatile("wrmsr" : : "a"(0), "d"(0), "c"(0xc0000100)));
}

static void port_in(long count)
{
    REPEAT(count, {
        uint8_t value;

        asm volatile("inb %1, %0" : "=a"(value) : "Nd"((uint16_t)0x80));
    });
}

static void port_out(long count)
{
    REPEAT(count, asm volatile("outb %0, %1" : : "a"((uint8_t)0), "Nd"((uint16_t)0x80)));
}

static void wbinvd(long count)
{
    REPEAT(count, asm volatile("wbinvd"));
}

#endif
