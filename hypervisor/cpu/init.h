/*
 * Marks for what only boot needs: mm_free_init() gives it back. Nothing that stays may call or use
 * it afterwards.
 */
#ifndef CPU_INIT_H
#define CPU_INIT_H

#ifdef HOST_TEST
#define __init
#define __initdata
#define __initbss
#else
#define __init     __attribute__((section(".init.text")))
#define __initdata __attribute__((section(".init.data")))
#define __initbss  __attribute__((section(".init.bss,\"aw\",@nobits#")))
#endif

#endif
