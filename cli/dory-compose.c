/* SPDX-License-Identifier: BSD-3-Clause */
/* The dory command with all of libdory. dory executes it when an image has to be made. */
#include <locale.h>
#include "cli/command.h"
#include "cli/build.h"
#include "cli/image.h"
#include "cli/package.h"
#include "cli/repo.h"
#include "cli/run_project.h"
#include "cli/volume.h"
#include "dory/repository/debian.h"

int main(int argc, char **argv)
{
	static const struct verb_work work[] = {
		{&verb_build, build_work},
		{&verb_image_inspect, image_inspect},
		{&verb_image_tree, image_tree},
		{&verb_image_diff, image_diff},
		{&verb_image_export, image_export},
		{&verb_image_import, image_import},
		{&verb_capstan_import, image_import},
		{&verb_image_sbom, image_sbom},
		{&verb_package_build, package_verbs_run},
		{&verb_package_import, package_verbs_run},
		{&verb_package_compose, package_verbs_run},
		{&verb_package_collect, package_verbs_run},
		{&verb_package_describe, package_verbs_run},
		{&verb_package_doc, package_verbs_run},
		{&verb_package_export, package_verbs_run},
		{&verb_package_search, package_verbs_run},
		{&verb_package_pull, package_verbs_run},
		{&verb_package_push, package_verbs_run},
		{&verb_package_verify, package_verbs_run},
		{&verb_package_update, package_verbs_run},
		{&verb_package_tree, package_verbs_run},
		{&verb_package_why, package_verbs_run},
		{&verb_package_from_deb, package_verbs_run},
		{&verb_repo_add, repo_add},
		{&verb_repo_ls, repo_ls},
		{&verb_repo_rm, repo_rm},
		{&verb_repo_update, repo_update},
		{&verb_repo_index, repo_index},
		{&verb_repo_sign, repo_sign},
		{&verb_volume_create, volume_create},
		{&verb_volume_delete, volume_delete},
		{0},
	};
	static const struct composer composer = {
		.make = dory_image_make,
		.compose = dory_compose,
		.plan = dory_compose_plan,
		.project = run_project_make,
		.programs = dory_target_programs,
		.package_names = debian_each_name,
		.work = work,
	};

	setlocale(LC_CTYPE, "C.UTF-8"); /* the names in archives are UTF-8, whatever the terminal's letters are */
	return command_main(argc, argv, &composer);
}
