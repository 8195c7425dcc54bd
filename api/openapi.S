/* SPDX-License-Identifier: Apache-2.0 */
/* Puts api/openapi.yaml into the program. Assembled from the repository's root, with
 * nothing in it that depends on the architecture. */
	.section .rodata
	.global openapi_yaml
openapi_yaml:
	.incbin "api/openapi.yaml"
.Lend:
	.balign 8
	.global openapi_yaml_length
openapi_yaml_length:
	.8byte .Lend - openapi_yaml

	.section .note.GNU-stack, "", %progbits
