/* SPDX-License-Identifier: BSD-3-Clause */
/* dory completion: a shell's script, which asks `dory __complete` whenever a word is to be completed. */
#include <stdio.h>
#include <string.h>
#include "cli/command.h"

static const struct option options[] = {{0}};

/*
 * bash divides words at ':' and '=' too: the line is divided anew at blanks, and of the candidates only what follows the last of
 * those signs is given back.
 */
static const char bash_script[] =
	"_dory() {\n"
	"	local line=${COMP_LINE:0:COMP_POINT} current done_ candidate files=\n"
	"	local -a words\n"
	"	read -ra words <<<\"$line\"\n"
	"	[[ $line == *[[:blank:]] ]] && words+=(\"\")\n"
	"	current=${words[${#words[@]}-1]}\n"
	"	done_=${current%\"${current##*[:=]}\"}\n"
	"	COMPREPLY=()\n"
	"	while IFS=$'\\t' read -r candidate _; do\n"
	"		if [[ $candidate == :files ]]; then files=1; else COMPREPLY+=(\"${candidate#\"$done_\"}\"); fi\n"
	"	done < <(\"${words[0]}\" __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
	"	if [[ $files ]]; then\n"
	"		compopt -o filenames 2>/dev/null\n"
	"		while IFS= read -r candidate; do COMPREPLY+=(\"$candidate\"); done < <(compgen -f -- \"${current#\"$done_\"}\")\n"
	"	fi\n"
	"	[[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:=] ]] && compopt -o nospace 2>/dev/null\n"
	"	return 0\n"
	"}\n"
	"complete -F _dory dory\n";

static const char zsh_script[] =
	"#compdef dory\n"
	"_dory() {\n"
	"	local -a lines plain open shown shown_open\n"
	"	local line word files=\n"
	"	lines=(\"${(@f)$(\"${words[1]}\" __complete -- \"${(@)words[2,CURRENT]}\" 2>/dev/null)}\")\n"
	"	for line in $lines; do\n"
	"		word=${line%%$'\\t'*}\n"
	"		[[ $word == :files ]] && { files=1; continue }\n"
	"		[[ $line == *$'\\t'* ]] && line=\"$word -- ${line#*$'\\t'}\"\n"
	"		if [[ $word == *[:=] ]]; then open+=($word) shown_open+=($line); else plain+=($word) shown+=($line); fi\n"
	"	done\n"
	"	(( $#plain )) && compadd -l -d shown -- $plain\n"
	"	(( $#open )) && compadd -l -S '' -d shown_open -- $open\n"
	"	[[ -n $files ]] && _files\n"
	"	return 0\n"
	"}\n"
	"if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _dory \"$@\"; else compdef _dory dory; fi\n";

static const char fish_script[] =
	"function __dory_complete\n"
	"	set -l words (commandline -opc) (commandline -ct)\n"
	"	set -l lines ($words[1] __complete -- $words[2..-1] 2>/dev/null)\n"
	"	for line in $lines\n"
	"		if test \"$line\" = :files\n"
	"			__fish_complete_path (commandline -ct)\n"
	"		else\n"
	"			printf '%s\\n' $line\n"
	"		end\n"
	"	end\n"
	"end\n"
	"complete -c dory -f -a '(__dory_complete)'\n";

static const struct {
	const char *shell, *script;
} scripts[] = {{"bash", bash_script}, {"zsh", zsh_script}, {"fish", fish_script}};

static int completion(struct invocation *invocation)
{
	const struct word_list *operands = &invocation->words.operands;

	if (operands->count > 1)
		return verb_misuse(invocation, "'%s' is one word too many", operands->words[1]);
	for (size_t i = 0; i < ARRAY_SIZE(scripts) && operands->count == 1; i++) {
		if (strcmp(operands->words[0], scripts[i].shell) == 0) {
			fputs(scripts[i].script, stdout);
			return 0;
		}
	}
	return verb_misuse(invocation, "say for which shell: bash, zsh or fish");
}

const struct verb verb_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.summary = "Print a shell's script that completes words",
	.details = "In a shell: source <(dory completion bash), source <(dory completion zsh), dory completion fish | source.\n"
		   "`make install` puts the scripts where the shells look for them.",
	.options = options,
	.misuse_status = EXIT_MISUSED,
	.failure_status = EXIT_FAILED,
	.run = completion,
};
