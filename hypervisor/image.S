/*
 * The image as a 32-bit ELF file, which is what multiboot loaders take: its bytes, and the size of what follows them zeroed.
 * head.S has the entry at the first byte.
 */
        .text
        .globl  image
image:
        .incbin IMAGE
last:

        .section .bss, "aw", @nobits
        .skip   IMAGE_END - 0x100000 - (last - image)

        .section .note.GNU-stack, "", @progbits
