# The files that a person writes into a package's meta/ folder, but run.yaml: package.yaml, doc.yaml, and which files stay out.
SRCS := document.c scalar.c emitter.c requirement.c package_manifest.c doc_manifest.c capstanfile.c ignore.c name.c
DEPS := lib dory/base
TESTS := manifest_test.c ignore_test.c
include build/module.mk
