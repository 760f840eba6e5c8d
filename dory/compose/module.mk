# Content trees, and ext4 images from them.
SRCS := blob.c blob_unpack.c compose.c directory.c ext4_create.c ext4_data.c ext4_directory.c ext4_extent.c ext4_inode.c \
        ext4_update.c fixup.c gather.c image_lock.c journal.c manifest.c overlay.c package.c tree.c
DEPS := lib dory/base
include build/module.mk
