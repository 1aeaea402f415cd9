/*
 * The image as a 32-bit ELF file, which is what multiboot loaders take: its bytes, and the size of what follows them zeroed.
 * One section, since it is loaded as it stands; head.S has the entry at its first byte.
 */
        .text
first:
        .incbin IMAGE
last:

        .section .bss, "aw", @nobits
        .skip   IMAGE_END - 0x100000 - (last - first)

        .section .note.GNU-stack, "", @progbits
