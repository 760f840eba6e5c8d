# The variants: one set of tools and flags each; objects go to out/<variant>/.
#
#   host       the dory command and its library, for this machine
#   host-asan  the same, and the kernel's libraries, with ASan and UBSan: what unit tests link
#   x86_64     the guest kernel, freestanding
#   guest      programs that run inside the VM without any libc (init)

VARIANTS := host host-asan x86_64 guest

CLANG   ?= clang
LLD     ?= ld.lld
AR      := llvm-ar
OBJCOPY := llvm-objcopy
NM      := llvm-nm
READOBJ := llvm-readobj
RESOURCE_INCLUDE := $(shell $(CLANG) -print-resource-dir 2>/dev/null)/include

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wvla -Wmissing-prototypes -Wstrict-prototypes \
            -Wimplicit-fallthrough -Wpointer-arith -Wwrite-strings -Wno-unused-parameter \
            -Wno-missing-field-initializers -Wno-gnu-variable-sized-type-not-at-end
COMMON   := -std=gnu11 -g $(WARNINGS) -fno-strict-aliasing -fno-common \
            -ffile-prefix-map='$(CURDIR)/='

HOST_PACKAGES := libcurl libarchive libsolv libsolvext ext2fs com_err yaml-0.1 jansson expat libcrypto zlib
HOST_CFLAGS := $(shell pkg-config --cflags $(HOST_PACKAGES) 2>/dev/null)
HOST_LIBS   := $(shell pkg-config --libs $(HOST_PACKAGES) 2>/dev/null)

VERSION := $(shell cat build/VERSION)

CC_host         := $(CLANG)
CFLAGS_host     := $(COMMON) -O2 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_FORTIFY_SOURCE=2 \
                   -fstack-protector-strong -ffunction-sections -fdata-sections -fPIE -pthread -DDORY_VERSION='"$(VERSION)"' $(HOST_CFLAGS)
# A library counts as needed only for code that is reached: the dory command must not load libcurl and its thirty libraries to boot an image.
LDFLAGS_host    := -pie -pthread -Wl,-z,relro,-z,now -Wl,--gc-sections -Wl,--as-needed -fuse-ld=lld
LIBS_host       := $(HOST_LIBS)

CC_host-asan      := $(CLANG)
CFLAGS_host-asan  := $(COMMON) -O1 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -fno-omit-frame-pointer -pthread \
                     -fsanitize=address,undefined -fno-sanitize-recover=all \
                     -DDORY_VERSION='"$(VERSION)"' $(HOST_CFLAGS)
LDFLAGS_host-asan := -pthread -fsanitize=address,undefined -fuse-ld=lld
LIBS_host-asan    := $(HOST_LIBS)

CC_x86_64     := $(CLANG) --target=x86_64-none-elf
CFLAGS_x86_64 := $(COMMON) -O2 -ffreestanding -nostdinc -isystem $(RESOURCE_INCLUDE) \
                 -fpie -fdirect-access-external-data -fvisibility=hidden -mno-red-zone -mgeneral-regs-only -fstack-protector \
                 -fno-asynchronous-unwind-tables -fomit-frame-pointer -ffunction-sections \
                 -fdata-sections -fno-builtin-printf -flto -DDORY_VERSION='"$(VERSION)"'

CC_guest      := $(CLANG) --target=x86_64-linux-gnu
CFLAGS_guest  := $(COMMON) -Os -ffreestanding -nostdinc -isystem $(RESOURCE_INCLUDE) -fno-pic -fno-pie \
                 -mgeneral-regs-only -fno-asynchronous-unwind-tables -fno-stack-protector -ffunction-sections -fdata-sections
LDFLAGS_guest := -static -nostdlib --gc-sections -z noexecstack -s
