	.file	"offsets.c"
	.text
.Ltext0:
	.cfi_sections	.debug_frame
	.file 0 "/tmp/w/pv32-cpu" "hypervisor/cpu/offsets.c"
	.p2align 4
	.globl	offsets
	.hidden	offsets
	.type	offsets, @function
offsets:
.LFB62:
	.file 1 "hypervisor/cpu/offsets.c"
	.loc 1 26 1 view -0
	.cfi_startproc
	.loc 1 27 5 view .LVU1
#APP
# 27 "hypervisor/cpu/offsets.c" 1
	
->REGS_SIZE $168
# 0 "" 2
	.loc 1 28 5 view .LVU2
# 28 "hypervisor/cpu/offsets.c" 1
	
->REGS_r15 $0
# 0 "" 2
	.loc 1 29 5 view .LVU3
# 29 "hypervisor/cpu/offsets.c" 1
	
->REGS_r11 $48
# 0 "" 2
	.loc 1 30 5 view .LVU4
# 30 "hypervisor/cpu/offsets.c" 1
	
->REGS_rax $80
# 0 "" 2
	.loc 1 31 5 view .LVU5
# 31 "hypervisor/cpu/offsets.c" 1
	
->REGS_rcx $88
# 0 "" 2
	.loc 1 32 5 view .LVU6
# 32 "hypervisor/cpu/offsets.c" 1
	
->REGS_rdi $112
# 0 "" 2
	.loc 1 33 5 view .LVU7
# 33 "hypervisor/cpu/offsets.c" 1
	
->REGS_error $120
# 0 "" 2
	.loc 1 34 5 view .LVU8
# 34 "hypervisor/cpu/offsets.c" 1
	
->REGS_vector $124
# 0 "" 2
	.loc 1 35 5 view .LVU9
# 35 "hypervisor/cpu/offsets.c" 1
	
->REGS_rip $128
# 0 "" 2
	.loc 1 36 5 view .LVU10
# 36 "hypervisor/cpu/offsets.c" 1
	
->REGS_cs $136
# 0 "" 2
	.loc 1 37 5 view .LVU11
# 37 "hypervisor/cpu/offsets.c" 1
	
->REGS_rflags $144
# 0 "" 2
	.loc 1 38 5 view .LVU12
# 38 "hypervisor/cpu/offsets.c" 1
	
->REGS_rsp $152
# 0 "" 2
	.loc 1 39 5 view .LVU13
# 39 "hypervisor/cpu/offsets.c" 1
	
->REGS_ss $160
# 0 "" 2
	.loc 1 41 5 view .LVU14
# 41 "hypervisor/cpu/offsets.c" 1
	
->PERCPU_current $0
# 0 "" 2
	.loc 1 42 5 view .LVU15
# 42 "hypervisor/cpu/offsets.c" 1
	
->PERCPU_exit_work $8
# 0 "" 2
	.loc 1 43 5 view .LVU16
# 43 "hypervisor/cpu/offsets.c" 1
	
->PERCPU_cr3 $24
# 0 "" 2
	.loc 1 45 5 view .LVU17
# 45 "hypervisor/cpu/offsets.c" 1
	
->VCPU_info $0
# 0 "" 2
	.loc 1 46 5 view .LVU18
# 46 "hypervisor/cpu/offsets.c" 1
	
->VCPU_kernel_mode $8
# 0 "" 2
	.loc 1 47 5 view .LVU19
# 47 "hypervisor/cpu/offsets.c" 1
	
->VCPU_nmi_masked $11
# 0 "" 2
	.loc 1 48 5 view .LVU20
# 48 "hypervisor/cpu/offsets.c" 1
	
->VCPU_cr3_user $56
# 0 "" 2
	.loc 1 49 5 view .LVU21
# 49 "hypervisor/cpu/offsets.c" 1
	
->VCPU_trap $264
# 0 "" 2
	.loc 1 50 5 view .LVU22
# 50 "hypervisor/cpu/offsets.c" 1
	
->VCPU_page_fault $272
# 0 "" 2
	.loc 1 51 5 view .LVU23
# 51 "hypervisor/cpu/offsets.c" 1
	
->VCPU_interrupt $280
# 0 "" 2
	.loc 1 52 5 view .LVU24
# 52 "hypervisor/cpu/offsets.c" 1
	
->VCPU_syscall_compat $288
# 0 "" 2
	.loc 1 53 5 view .LVU25
# 53 "hypervisor/cpu/offsets.c" 1
	
->VCPU_sysenter $296
# 0 "" 2
	.loc 1 54 5 view .LVU26
# 54 "hypervisor/cpu/offsets.c" 1
	
->VCPU_leave $304
# 0 "" 2
	.loc 1 55 5 view .LVU27
# 55 "hypervisor/cpu/offsets.c" 1
	
->INFO_upcall_pending $0
# 0 "" 2
	.loc 1 56 5 view .LVU28
# 56 "hypervisor/cpu/offsets.c" 1
	
->INFO_upcall_mask $1
# 0 "" 2
	.loc 1 57 5 view .LVU29
	.loc 1 61 5 view .LVU30
# 61 "hypervisor/cpu/offsets.c" 1
	
->VECTOR_SYSCALL $256
# 0 "" 2
	.loc 1 62 5 view .LVU31
# 62 "hypervisor/cpu/offsets.c" 1
	
->IRET_rax $0
# 0 "" 2
	.loc 1 63 5 view .LVU32
# 63 "hypervisor/cpu/offsets.c" 1
	
->IRET_flags $24
# 0 "" 2
	.loc 1 64 5 view .LVU33
# 64 "hypervisor/cpu/offsets.c" 1
	
->IRET_rip $32
# 0 "" 2
	.loc 1 65 5 view .LVU34
# 65 "hypervisor/cpu/offsets.c" 1
	
->IRET_cs $40
# 0 "" 2
	.loc 1 66 5 view .LVU35
# 66 "hypervisor/cpu/offsets.c" 1
	
->IRET_rflags $48
# 0 "" 2
	.loc 1 67 5 view .LVU36
# 67 "hypervisor/cpu/offsets.c" 1
	
->IRET_rsp $56
# 0 "" 2
	.loc 1 68 5 view .LVU37
# 68 "hypervisor/cpu/offsets.c" 1
	
->IRET_ss $64
# 0 "" 2
	.loc 1 69 5 view .LVU38
# 69 "hypervisor/cpu/offsets.c" 1
	
->IRET_SIZE $72
# 0 "" 2
	.loc 1 70 5 view .LVU39
# 70 "hypervisor/cpu/offsets.c" 1
	
->IRET_IN_SYSCALL $256
# 0 "" 2
	.loc 1 71 5 view .LVU40
	.loc 1 75 5 view .LVU41
# 75 "hypervisor/cpu/offsets.c" 1
	
->HV_VIRT_END $-131941395333120
# 0 "" 2
	.loc 1 76 5 view .LVU42
# 76 "hypervisor/cpu/offsets.c" 1
	
->HYPERCALL_IRET $23
# 0 "" 2
	.loc 1 77 5 view .LVU43
# 77 "hypervisor/cpu/offsets.c" 1
	
->EFLAGS_IF $512
# 0 "" 2
	.loc 1 78 5 view .LVU44
# 78 "hypervisor/cpu/offsets.c" 1
	
->EFLAGS_FIXED $2
# 0 "" 2
	.loc 1 79 5 view .LVU45
# 79 "hypervisor/cpu/offsets.c" 1
	
->EFLAGS_GUESTS $-1716225
# 0 "" 2
	.loc 1 80 5 view .LVU46
# 80 "hypervisor/cpu/offsets.c" 1
	
->HYPERCALL_TABLE $64
# 0 "" 2
	.loc 1 81 5 view .LVU47
# 81 "hypervisor/cpu/offsets.c" 1
	
->CR4_SUPERVISOR $3145728
# 0 "" 2
	.loc 1 82 5 view .LVU48
# 82 "hypervisor/cpu/offsets.c" 1
	
->STACK_AREA_SIZE_ $65536
# 0 "" 2
	.loc 1 83 5 view .LVU49
# 83 "hypervisor/cpu/offsets.c" 1
	
->STACK_PERCPU_OFFSET $61440
# 0 "" 2
	.loc 1 84 1 is_stmt 0 view .LVU50
#NO_APP
	ret
	.cfi_endproc
.LFE62:
	.size	offsets, .-offsets
.Letext0:
	.file 2 "/usr/lib/gcc/x86_64-linux-gnu/12/include/stdint-gcc.h"
	.file 3 "hypervisor/lib/types.h"
	.section	.debug_info,"",@progbits
.Ldebug_info0:
	.long	0xb1
	.value	0x5
	.byte	0x1
	.byte	0x8
	.long	.Ldebug_abbrev0
	.uleb128 0x2
	.long	.LASF14
	.byte	0x1d
	.long	.LASF0
	.long	.LASF1
	.quad	.Ltext0
	.quad	.Letext0-.Ltext0
	.long	.Ldebug_line0
	.uleb128 0x1
	.byte	0x8
	.byte	0x5
	.long	.LASF2
	.uleb128 0x1
	.byte	0x8
	.byte	0x7
	.long	.LASF3
	.uleb128 0x3
	.byte	0x4
	.byte	0x5
	.string	"int"
	.uleb128 0x1
	.byte	0x8
	.byte	0x5
	.long	.LASF4
	.uleb128 0x1
	.byte	0x10
	.byte	0x4
	.long	.LASF5
	.uleb128 0x1
	.byte	0x1
	.byte	0x6
	.long	.LASF6
	.uleb128 0x1
	.byte	0x2
	.byte	0x5
	.long	.LASF7
	.uleb128 0x4
	.long	.LASF11
	.byte	0x2
	.byte	0x28
	.byte	0x18
	.long	0x3c
	.uleb128 0x1
	.byte	0x1
	.byte	0x8
	.long	.LASF8
	.uleb128 0x1
	.byte	0x2
	.byte	0x7
	.long	.LASF9
	.uleb128 0x1
	.byte	0x4
	.byte	0x7
	.long	.LASF10
	.uleb128 0x5
	.string	"s32"
	.byte	0x3
	.byte	0x11
	.byte	0x11
	.long	0x5f
	.uleb128 0x1
	.byte	0x1
	.byte	0x6
	.long	.LASF12
	.uleb128 0x1
	.byte	0x1
	.byte	0x2
	.long	.LASF13
	.uleb128 0x6
	.long	.LASF15
	.byte	0x1
	.byte	0x19
	.byte	0x6
	.quad	.LFB62
	.quad	.LFE62-.LFB62
	.uleb128 0x1
	.byte	0x9c
	.byte	0
	.section	.debug_abbrev,"",@progbits
.Ldebug_abbrev0:
	.uleb128 0x1
	.uleb128 0x24
	.byte	0
	.uleb128 0xb
	.uleb128 0xb
	.uleb128 0x3e
	.uleb128 0xb
	.uleb128 0x3
	.uleb128 0xe
	.byte	0
	.byte	0
	.uleb128 0x2
	.uleb128 0x11
	.byte	0x1
	.uleb128 0x25
	.uleb128 0xe
	.uleb128 0x13
	.uleb128 0xb
	.uleb128 0x3
	.uleb128 0x1f
	.uleb128 0x1b
	.uleb128 0x1f
	.uleb128 0x11
	.uleb128 0x1
	.uleb128 0x12
	.uleb128 0x7
	.uleb128 0x10
	.uleb128 0x17
	.byte	0
	.byte	0
	.uleb128 0x3
	.uleb128 0x24
	.byte	0
	.uleb128 0xb
	.uleb128 0xb
	.uleb128 0x3e
	.uleb128 0xb
	.uleb128 0x3
	.uleb128 0x8
	.byte	0
	.byte	0
	.uleb128 0x4
	.uleb128 0x16
	.byte	0
	.uleb128 0x3
	.uleb128 0xe
	.uleb128 0x3a
	.uleb128 0xb
	.uleb128 0x3b
	.uleb128 0xb
	.uleb128 0x39
	.uleb128 0xb
	.uleb128 0x49
	.uleb128 0x13
	.byte	0
	.byte	0
	.uleb128 0x5
	.uleb128 0x16
	.byte	0
	.uleb128 0x3
	.uleb128 0x8
	.uleb128 0x3a
	.uleb128 0xb
	.uleb128 0x3b
	.uleb128 0xb
	.uleb128 0x39
	.uleb128 0xb
	.uleb128 0x49
	.uleb128 0x13
	.byte	0
	.byte	0
	.uleb128 0x6
	.uleb128 0x2e
	.byte	0
	.uleb128 0x3f
	.uleb128 0x19
	.uleb128 0x3
	.uleb128 0xe
	.uleb128 0x3a
	.uleb128 0xb
	.uleb128 0x3b
	.uleb128 0xb
	.uleb128 0x39
	.uleb128 0xb
	.uleb128 0x27
	.uleb128 0x19
	.uleb128 0x11
	.uleb128 0x1
	.uleb128 0x12
	.uleb128 0x7
	.uleb128 0x40
	.uleb128 0x18
	.uleb128 0x7a
	.uleb128 0x19
	.byte	0
	.byte	0
	.byte	0
	.section	.debug_aranges,"",@progbits
	.long	0x2c
	.value	0x2
	.long	.Ldebug_info0
	.byte	0x8
	.byte	0
	.value	0
	.value	0
	.quad	.Ltext0
	.quad	.Letext0-.Ltext0
	.quad	0
	.quad	0
	.section	.debug_line,"",@progbits
.Ldebug_line0:
	.section	.debug_str,"MS",@progbits,1
.LASF4:
	.string	"long long int"
.LASF14:
	.ascii	"GNU C11 12.2."
	.string	"0 -m64 -march=x86-64 -mcmodel=small -mno-red-zone -mgeneral-regs-only -g -O2 -std=gnu11 -ffreestanding -fpie -fvisibility=hidden -fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing -fcf-protection=none -fno-common -fomit-frame-pointer"
.LASF3:
	.string	"long unsigned int"
.LASF8:
	.string	"unsigned char"
.LASF12:
	.string	"char"
.LASF2:
	.string	"long int"
.LASF13:
	.string	"_Bool"
.LASF15:
	.string	"offsets"
.LASF9:
	.string	"short unsigned int"
.LASF6:
	.string	"signed char"
.LASF10:
	.string	"unsigned int"
.LASF5:
	.string	"long double"
.LASF7:
	.string	"short int"
.LASF11:
	.string	"int32_t"
	.section	.debug_line_str,"MS",@progbits,1
.LASF1:
	.string	"/tmp/w/pv32-cpu"
.LASF0:
	.string	"hypervisor/cpu/offsets.c"
	.ident	"GCC: (Debian 12.2.0-14+deb12u1) 12.2.0"
	.section	.note.GNU-stack,"",@progbits
