# SPDX-License-Identifier: Apache-2.0
"""The kinds of host that can be emulated, as tables."""
from dataclasses import dataclass


@dataclass(frozen=True)
class Kernel:
    """A stock Debian kernel: the package that depends on it, and its suite."""
    package: str
    suite: str | None = None


@dataclass(frozen=True)
class Bus:
    """Where a machine's virtio devices are: `transport` is their base class,
    `device` the suffix of their names, `place` says where one goes, by its number."""
    transport: str
    device: str
    place: str = ""
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Variant:
    """One kind of host.

    restorable: whether it survives being saved and restored. Hosts that don't
    are kept running, and take one job after the other.
    only_counting: whether it is a host with --icount alone.
    """
    machine: str
    cpu: str
    bus: Bus
    kernel: str = "6.1"
    restorable: bool = True
    only_counting: bool = False


@dataclass(frozen=True, eq=False)  # there is one of each: compared by identity
class Architecture:
    """What differs between host architectures, but not between variants."""
    debian: str
    emulator: str
    qemu_packages: tuple[str, ...]
    console: str
    terminal: str  # the first console of virtio, after those of the machine
    boot_modules: tuple[str, ...]
    kernels: dict[str, Kernel]
    variants: dict[str, Variant]
    counting: str = "default"  # the variant that counts instructions, if none is asked for


_ARM64_MACHINE = "virt,virtualization=on,memory-backend=ram"
_MMIO = Bus("virtio-mmio", "device")

# A root port has one slot, and all devices are functions of what is in it. The BMC is
# for a host that wants to end.
_POWERNV_PCI = Bus("virtio-pci", "pci", ",bus=root,multifunction=on,addr=0.{}",
                   ("ipmi-bmc-sim,id=bmc", "isa-ipmi-bt,bmc=bmc,irq=10",
                    "pnv-phb,chip-id=0,index=0,id=phb", "pnv-phb-root-port,bus=phb,id=root"))

# What an emulated processor can't do, so that the firmware must not promise it.
_PSERIES = "pseries,memory-backend=ram,cap-nested-hv=on,cap-ccf-assist=off,cap-cfpc=broken," \
           "cap-sbbc=broken,cap-ibs=broken"
_PSERIES_PCI = Bus("virtio-pci", "pci")

ARCHITECTURES = {
    "arm64": Architecture(
        debian="arm64",
        emulator="qemu-system-aarch64",
        qemu_packages=("qemu-system-arm", "qemu-system-common", "qemu-system-data"),
        console="ttyAMA0",
        terminal="hvc0",
        boot_modules=("virtio_mmio",),
        kernels={
            "6.1": Kernel("linux-image-arm64"),
            "6.12": Kernel("linux-image-arm64", "backports"),
        },
        variants={
            "default": Variant(f"{_ARM64_MACHINE},gic-version=3", "cortex-a72", _MMIO),
            "gicv2": Variant(f"{_ARM64_MACHINE},gic-version=2", "cortex-a72", _MMIO),
            "linux612": Variant(f"{_ARM64_MACHINE},gic-version=3", "cortex-a72", _MMIO, kernel="6.12"),
            "max": Variant(f"{_ARM64_MACHINE},gic-version=3", "max,pauth-impdef=on,sve=on", _MMIO,
                           restorable=False),
        },
    ),
    "ppc64": Architecture(
        debian="ppc64el",
        emulator="qemu-system-ppc64",
        qemu_packages=("qemu-system-ppc", "qemu-system-common", "qemu-system-data"),
        console="hvc0",
        terminal="hvc1",
        boot_modules=("virtio_pci",),
        kernels={
            "6.1": Kernel("linux-image-powerpc64le"),
            "6.12": Kernel("linux-image-powerpc64le", "backports"),
        },
        variants={
            "default": Variant("powernv9,memory-backend=ram", "POWER9", _POWERNV_PCI,
                               restorable=False),
            "power10": Variant("powernv10,memory-backend=ram", "POWER10", _POWERNV_PCI,
                               kernel="6.12", restorable=False),
            # Two processors, or a guest that QEMU starts when its time slice has just
            # ended, would wait for a timer interrupt that never comes.
            "pseries": Variant(_PSERIES, "POWER10", _PSERIES_PCI, kernel="6.12",
                               only_counting=True),
        },
        counting="pseries",
    ),
}

# Unpacked with all they depend on into the root file system of every host.
HOST_PACKAGES = (
    "bash", "bats", "busybox-static", "coreutils", "curl", "dash", "debianutils", "diffutils",
    "findutils", "gawk", "grep", "gzip", "hostname", "iproute2", "kmod", "libc-bin", "mount",
    "perl", "procps", "python3", "sed", "socat", "strace", "tar", "util-linux",
)

# Used on the machine itself to make the images.
TOOL_PACKAGES = ("kmod", "libpython3-stdlib", "python3-minimal", "squashfs-tools")

# What the initramfs loads, after what the architecture's bus needs and with whatever
# these depend on, to reach the root.
BOOT_MODULES = ("virtio_blk", "virtio_console", "squashfs", "overlay")

# Drivers of hardware that these hosts never have: most of a kernel's size.
UNUSED_MODULES = (
    "sound", "drivers/gpu", "drivers/media", "drivers/net/ethernet", "drivers/net/wireless",
    "drivers/infiniband", "drivers/staging", "drivers/iio", "drivers/scsi", "drivers/usb",
    "drivers/hwmon", "drivers/input", "drivers/bluetooth", "net/bluetooth", "drivers/ata",
)
