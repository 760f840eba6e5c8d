/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading a project's meta folder. */
#include "dory/package/project.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/file.h"
#include "dory/base/near_names.h"
#include "dory/base/progress.h"
#include "dory/base/text.h"
#include "dory/manifest/doc_manifest.h"

static int read_manifest(struct project *project, bool must_have_manifest, struct dory_error *err)
{
	char *path = text_format("%s/meta/package.yaml", project->directory);
	int result = package_manifest_read(path, false, &project->manifest, err);

	if (result < 0 && err->kind == DORY_ERROR_NOT_FOUND) {
		if (must_have_manifest) {
			error_set(err, DORY_ERROR_NOT_FOUND, "there is no package here: %s is missing", path);
			error_hint(err, "`dory package init --name NAME --title TITLE --author AUTHOR` makes one.");
		} else {
			package_manifest_default(&project->manifest);
			project->is_default = true;
			result = 0;
		}
	}
	free(path);
	return result;
}

/* NULL text if there is no such file. */
static int read_meta(const struct project *project, const char *name, char **path, char **text, size_t *length,
	struct dory_error *err)
{
	*text = NULL;
	*path = text_format("%s/meta/%s", project->directory, name);
	if (file_read(*path, MANIFEST_SIZE_MAX, text, length, err) == 0 || err->kind == DORY_ERROR_NOT_FOUND)
		return 0;
	free(*path);
	return -1;
}

static int read_run(struct project *project, struct dory_error *err)
{
	char *path, *text;
	size_t length;
	int result = 0;

	if (read_meta(project, "run.yaml", &path, &text, &length, err) < 0)
		return -1;
	if (text)
		result = run_manifest_parse(path, text, length, false, &project->run, err);
	free(path);
	free(text);
	return result;
}

/* A set that is documented and not there was renamed, or is misspelt. */
static void warn_of_doc(const struct project *project, const struct doc_manifest *doc, const char *path)
{
	for (size_t i = 0; i < doc->count; i++) {
		struct near_names near = {0};
		char *names;

		if (run_manifest_set(&project->run, doc->sets[i].name))
			continue;
		for (size_t k = 0; k < project->run.count; k++)
			near_names_offer(&near, doc->sets[i].name, project->run.sets[k].name);
		names = near.count > 0 ? near_names_text(&near) : NULL;
		progress_warning("%s tells of a configuration set '%.100s', which meta/run.yaml does not have%s%s%s", path, doc->sets[i].name,
			names ? "; did you mean " : "", names ? names : "", names ? "?" : "");
		free(names);
	}
}

/* Documentation that cannot be read is found when the package is made, not by those who want to read it. */
static int check_doc(struct project *project, struct dory_error *err)
{
	struct doc_manifest doc;
	char *path, *text;
	size_t length;
	int result = 0;

	if (read_meta(project, "doc.yaml", &path, &text, &length, err) < 0)
		return -1;
	if (text)
		result = doc_manifest_parse(path, text, length, false, &doc, err);
	if (text && result == 0) {
		warn_of_doc(project, &doc, path);
		doc_manifest_release(&doc);
	}
	free(path);
	free(text);
	return result;
}

int project_rules(const char *directory, const char *name, struct ignore_rules *rules, struct dory_error *err)
{
	if (ignore_read(directory, rules, err) < 0)
		return -1;
	text_list_take(&rules->patterns, text_format("/%s.mpm", name));
	text_list_take(&rules->patterns, text_format("/%s.dory", name));
	text_list_take(&rules->patterns, text_format("/%s.mpm.*", name)); /* a build that was killed */
	text_list_take(&rules->patterns, text_format("/%s.dory.*", name));
	text_list_add(&rules->patterns, "/mpm-pkg*");
	return 0;
}

int project_open(const char *directory, bool must_have_manifest, struct project *project, struct dory_error *err)
{
	char *path = realpath(directory, NULL);

	*project = (struct project){.directory = path};
	if (!path)
		return error_set_errno(err, DORY_ERROR_NOT_FOUND, "%s", directory);
	if (read_manifest(project, must_have_manifest, err) < 0 || read_run(project, err) < 0 || check_doc(project, err) < 0 ||
		project_rules(path, project->manifest.name, &project->rules, err) < 0) {
		project_release(project);
		return -1;
	}
	return 0;
}

void project_release(struct project *project)
{
	free(project->directory);
	package_manifest_release(&project->manifest);
	run_manifest_release(&project->run);
	ignore_release(&project->rules);
	*project = (struct project){0};
}
