# As default; the drivers and families that only some machines need come with later releases.
include build/profiles/default.mk
