/* SPDX-License-Identifier: Apache-2.0 */
	.section .rodata
	.balign 4096
	.globl runtime_elf, runtime_elf_end
runtime_elf:
	.incbin MOTE_RUNTIME_ELF
runtime_elf_end:
	.section .note.GNU-stack, "", %progbits
