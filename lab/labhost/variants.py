# SPDX-License-Identifier: Apache-2.0
"""The kinds of host that can be emulated, as tables."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Kernel:
    """A stock Debian kernel: the package that depends on it, and its suite."""
    package: str
    suite: str | None = None


@dataclass(frozen=True)
class Variant:
    """One kind of host.

    restorable: whether it survives being saved and restored. Hosts that use
    VHE don't (the EL2 timers aren't migrated), so they boot for every job.
    """
    machine: str
    cpu: str
    kernel: str = "6.1"
    restorable: bool = True


@dataclass(frozen=True, eq=False)  # there is one of each: compared by identity
class Architecture:
    """What differs between host architectures, but not between variants."""
    debian: str
    emulator: str
    qemu_packages: tuple[str, ...]
    console: str
    kernels: dict[str, Kernel]
    variants: dict[str, Variant]


_ARM64_MACHINE = "virt,virtualization=on,memory-backend=ram"

ARCHITECTURES = {
    "arm64": Architecture(
        debian="arm64",
        emulator="qemu-system-aarch64",
        qemu_packages=("qemu-system-arm", "qemu-system-common", "qemu-system-data"),
        console="ttyAMA0",
        kernels={
            "6.1": Kernel("linux-image-arm64"),
            "6.12": Kernel("linux-image-arm64", "backports"),
        },
        variants={
            "default": Variant(f"{_ARM64_MACHINE},gic-version=3", "cortex-a72"),
            "gicv2": Variant(f"{_ARM64_MACHINE},gic-version=2", "cortex-a72"),
            "linux612": Variant(f"{_ARM64_MACHINE},gic-version=3", "cortex-a72", kernel="6.12"),
            "max": Variant(f"{_ARM64_MACHINE},gic-version=3", "max,pauth-impdef=on,sve=on",
                           restorable=False),
        },
    ),
}

# Unpacked with all they depend on into the root file system of every host.
HOST_PACKAGES = (
    "bash", "bats", "busybox-static", "coreutils", "curl", "dash", "debianutils", "diffutils",
    "findutils", "gawk", "grep", "gzip", "hostname", "iproute2", "kmod", "libc-bin", "mount",
    "perl", "procps", "python3", "sed", "socat", "strace", "tar", "util-linux",
)

# Used on the machine itself to make the images.
TOOL_PACKAGES = ("kmod", "squashfs-tools")

# What the initramfs loads, with whatever these depend on, to reach the root.
BOOT_MODULES = ("virtio_mmio", "virtio_blk", "virtio_console", "squashfs", "overlay")

# Drivers of hardware that these hosts never have: most of a kernel's size.
UNUSED_MODULES = (
    "sound", "drivers/gpu", "drivers/media", "drivers/net/ethernet", "drivers/net/wireless",
    "drivers/infiniband", "drivers/staging", "drivers/iio", "drivers/scsi", "drivers/usb",
    "drivers/hwmon", "drivers/input", "drivers/bluetooth", "net/bluetooth", "drivers/ata",
)
