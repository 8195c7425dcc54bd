# SPDX-License-Identifier: Apache-2.0
"""Emulated KVM hosts. Low to high, each module imports only what stands before:
common < variants, cache < packages < images < qemu < host < keeper < job < cli."""
