/*
 * The hypervisor, as it lies in memory before it runs; leave.h tells about the symbols. IMAGE is
 * its file, IMAGE_END the address of its end in the hypervisor's address space, lower half.
 */
#include "mm/layout.h"

        .section .rodata, "a"
        .globl  image_bytes, image_size, image_memory
        .hidden image_bytes, image_size, image_memory

        .balign 16
image_bytes:
        .incbin IMAGE
        .balign 4
last:
image_size:
        .long   last - image_bytes
image_memory:
        .long   IMAGE_END - HV_IMAGE_PHYS

        .section .note.GNU-stack, "", @progbits
