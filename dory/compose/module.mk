# Content trees, and ext4 images from them.
SRCS := accounts.c blob.c blob_unpack.c bytecode.c compose.c directory.c elf_closure.c elf_script.c ext4_create.c ext4_data.c \
        ext4_directory.c ext4_extent.c ext4_inode.c ext4_update.c fixup.c fixup_alternatives.c fixup_certificates.c \
        fixup_files.c fixup_loader_cache.c fixup_status.c fixup_users.c gather.c image_lock.c journal.c loader_cache.c \
        manifest.c on_disk.c overlay.c package.c script.c tree.c tree_content.c
DEPS := lib dory/base
TESTS := compose_test.c elf_closure_test.c loader_cache_test.c script_test.c tree_test.c
include build/module.mk
