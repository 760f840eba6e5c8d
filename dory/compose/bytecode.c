/* SPDX-License-Identifier: BSD-3-Clause */
/* Compiled Python modules: the list of sources goes to a Python program, which reads them from the package's blob and writes an archive. */
#include "dory/compose/bytecode.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "dory/base/child.h"
#include "dory/base/descriptor.h"
#include "dory/base/text.h"
#include "dory/compose/package.h"

/* stdin: "OFFSET SIZE TIME PATH\0" for each source, in the file of number 3; argv: the version. What does not compile is left out, as Python would find itself. */
static const char program[] =
	"import io, os, sys, tarfile\n"
	"from importlib._bootstrap_external import _code_to_timestamp_pyc\n"
	"version = sys.argv[1]\n"
	"if sys.implementation.name != 'cpython' or '%d.%d' % sys.version_info[:2] != version:\n"
	"    sys.exit(1)\n"
	"suffix = '.cpython-' + version.replace('.', '') + '.pyc'\n"
	"archive = tarfile.open(fileobj=sys.stdout.buffer, mode='w|')\n"
	"made = False\n"
	"for entry in sys.stdin.buffer.read().split(b'\\0')[:-1]:\n"
	"    offset, size, time, path = entry.split(b' ', 3)\n"
	"    path = os.fsdecode(path)\n"
	"    try:\n"
	"        code = compile(os.pread(3, int(size), int(offset)), '/' + path, 'exec', dont_inherit=True)\n"
	"    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):\n"
	"        continue\n"
	"    bytecode = _code_to_timestamp_pyc(code, int(time), int(size))\n"
	"    folder, name = os.path.split(path)\n"
	"    member = tarfile.TarInfo(folder + '/__pycache__/' + name[:-len('.py')] + suffix)\n"
	"    member.size, member.mode, member.mtime = len(bytecode), 0o644, int(time)\n"
	"    archive.addfile(member, io.BytesIO(bytecode))\n"
	"    made = True\n"
	"archive.close()\n"
	"sys.exit(0 if made else 1)\n";

bool bytecode_version_of(const char *package, struct bytecode_version *version)
{
	int length = 0;

	if (sscanf(package, "python%u.%u-minimal%n", &version->major, &version->minor, &length) == 2 && length > 0 && !package[length])
		return true;
	*version = (struct bytecode_version){0};
	return false;
}

/* As Debian's packages place modules: of all versions, and of this one. */
static bool is_module(const char *path, const struct bytecode_version *version)
{
	char general[32], own[32];
	size_t length = strlen(path);

	snprintf(general, sizeof(general), "usr/lib/python%u/", version->major);
	snprintf(own, sizeof(own), "usr/lib/python%u.%u/", version->major, version->minor);
	return length > 3 && strcmp(path + length - 3, ".py") == 0 &&
	       (strncmp(path, general, strlen(general)) == 0 || strncmp(path, own, strlen(own)) == 0);
}

struct listing {
	const struct bytecode_version *version;
	struct text_buffer text;
};

static void list_file(void *context, const struct package_file *file)
{
	struct listing *listing = context;

	if (!is_module(file->path, listing->version))
		return;
	text_append_format(&listing->text, "%llu %llu %lld %s", (unsigned long long)file->offset, (unsigned long long)file->size, (long long)file->mtime, file->path);
	text_append(&listing->text, "", 1);
}

/* ---- Running Python ---- */

struct making {
	const struct listing *listing;
	int sources; /* the blob */
};

/* The list in a file without a name, to be read from its start. */
static int list_open(const struct listing *listing, struct dory_error *err)
{
	int fd = memfd_create("dory-modules", MFD_CLOEXEC);

	if (fd >= 0 && descriptor_write_all(fd, listing->text.text, listing->text.length) && lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	error_set_errno(err, DORY_ERROR_IO, "writing the list of Python modules");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* 0: done; 1: this Python cannot, or there is none. */
static int run_python(const char *python, const struct making *making, int archive, struct dory_error *err)
{
	char version[32];
	const char *const argv[] = {python, "-I", "-S", "-W", "ignore", "-c", program, version, NULL};
	struct dory_error ignored;
	int list = list_open(making->listing, err), status;

	if (list < 0)
		return -1;
	snprintf(version, sizeof(version), "%u.%u", making->listing->version->major, making->listing->version->minor);
	if (ftruncate(archive, 0) < 0 || lseek(archive, 0, SEEK_SET) < 0) {
		close(list);
		return error_set_errno(err, DORY_ERROR_IO, "making an archive of compiled modules");
	}
	status = child_run_on_files(argv, list, archive, making->sources, &ignored);
	close(list);
	return status != 0;
}

static int make(void *context, int archive, struct dory_error *err)
{
	const struct making *making = context;
	const struct bytecode_version *version = making->listing->version;
	char system[64];
	int result;

	snprintf(system, sizeof(system), "/usr/bin/python%u.%u", version->major, version->minor);
	result = run_python(system, making, archive, err); /* before what a search would find: wrappers of environments */
	return result > 0 ? run_python(strrchr(system, '/') + 1, making, archive, err) : result;
}

int bytecode_package(struct package *package, const struct bytecode_version *version, struct package **compiled, struct dory_error *err)
{
	struct listing listing = {.version = version};
	struct making making = {.listing = &listing, .sources = package_blob(package)};
	char suffix[48];
	int result = 0;

	*compiled = NULL;
	package_visit_files(package, list_file, &listing);
	if (listing.text.length > 0) {
		snprintf(suffix, sizeof(suffix), "python%u.%u", version->major, version->minor);
		result = package_derive(package, suffix, make, &making, compiled, err);
	}
	free(listing.text.text);
	return result;
}
