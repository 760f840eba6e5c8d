/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Users, groups, and the directories that belong to them: base-passwd's lists, sysusers.d(5), what scripts ask of
 * adduser(8), addgroup(8), useradd(8), groupadd(8), chown(1), install(1) and dpkg-statoverride(1), tmpfiles.d(5), and a
 * small table.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "dory/base/text.h"
#include "dory/compose/accounts.h"
#include "dory/compose/fixup.h"
#include "dory/compose/script.h"

enum { TEXT_SIZE_MAX = 1 << 20, NOGROUP = 65534 };
#define NOBODYS_HOME "/nonexistent"
#define NOBODYS_SHELL "/usr/sbin/nologin"

struct making {
	struct tree *tree;
	struct accounts accounts;
	struct dory_error *err;
	int result;
};

/* Services whose scripts compute what they make. */
static const struct {
	const char *asked; /* the user that says that it is wanted */
	const char *user, *group, *path;
	unsigned permissions;
} directories[] = {
	{"redis", "redis", "redis", "/var/lib/redis", 0750},
	{"redis", "redis", "adm", "/var/log/redis", 02750},
	{"redis", "redis", "redis", "/run/redis", 02755},
	{"postgres", "postgres", "postgres", "/var/lib/postgresql", 0755},
	{"postgres", "postgres", "postgres", "/run/postgresql", 02775},
	{"postgres", "postgres", "postgres", "/etc/postgresql", 0755},
	{"postgres", "root", "postgres", "/var/log/postgresql", 01775},
	{"mysql", "mysql", "mysql", "/var/lib/mysql", 0755},
	{"mysql", "mysql", "mysql", "/run/mysqld", 0755},
	{"mysql", "mysql", "adm", "/var/log/mysql", 02750},
	{"memcache", "memcache", "memcache", "/run/memcached", 0755},
	{"rabbitmq", "rabbitmq", "rabbitmq", "/var/lib/rabbitmq", 0750},
	{"rabbitmq", "rabbitmq", "rabbitmq", "/var/log/rabbitmq", 0750},
	{"mosquitto", "mosquitto", "mosquitto", "/var/lib/mosquitto", 0755},
	{"_apt", "_apt", "root", "/var/lib/apt/lists/partial", 0700},
	{"sshd", "root", "root", "/run/sshd", 0755},
};

static char *read_text(const struct making *m, const char *path)
{
	struct tree_node *node = tree_find(m->tree, path, true);
	struct dory_error ignored;
	char *text;
	size_t length;

	if (!node || tree_read(node, TEXT_SIZE_MAX, &text, &length, &ignored) < 0)
		return NULL;
	return text;
}

/* The first of the files that is there. */
static void parse_first(struct making *m, const char *first, const char *second,
	void (*parse)(struct accounts *accounts, const char *text), const char *fallback)
{
	char *text = read_text(m, first);

	if (!text)
		text = read_text(m, second);
	parse(&m->accounts, text ? text : fallback);
	free(text);
}

/* Owner and mode of a directory, made if it is not there. */
static void own_directory(struct making *m, const char *path, unsigned permissions, const char *user, const char *group)
{
	const struct account_user *owner = accounts_user(&m->accounts, user);
	const struct account_group *of = accounts_group(&m->accounts, group);
	struct tree_node *node;

	if (m->result < 0 || !owner || *path != '/' || !script_is_known(path))
		return;
	node = tree_find(m->tree, path, true);
	if (!node)
		m->result = tree_add_directory(
			m->tree, path, permissions ? permissions : 0755, owner->uid, of ? of->gid : owner->gid, m->err);
	else if (S_ISDIR(node->inode->mode) || permissions == 0) {
		node->inode->uid = owner->uid;
		node->inode->gid = of ? of->gid : owner->gid;
		if (permissions)
			node->inode->mode = (node->inode->mode & S_IFMT) | permissions;
	}
}

/* sysusers.d(5) and tmpfiles.d(5): words separated by blanks, some in quotes. */
static unsigned split_line(char *line, char **words, unsigned max)
{
	unsigned count = 0;

	while (count < max) {
		line += strspn(line, " \t");
		if (!*line || *line == '#')
			break;
		if (*line == '"') {
			words[count++] = ++line;
			line += strcspn(line, "\"");
		} else {
			words[count++] = line;
			line += strcspn(line, " \t");
		}
		if (*line)
			*line++ = '\0';
	}
	return count;
}

static const char *word_or(char **words, unsigned count, unsigned index, const char *otherwise)
{
	return index < count && strcmp(words[index], "-") != 0 ? words[index] : otherwise;
}

static int64_t id_or_any(const char *text)
{
	char *end;
	long id = strtol(text, &end, 10);

	return *text && !*end && id >= 0 ? id : -1;
}

static void take_sysusers_line(struct making *m, char **words, unsigned count)
{
	const struct account_group *group;

	if (count < 2)
		return;
	if (strcmp(words[0], "g") == 0) {
		accounts_add_group(&m->accounts, words[1], id_or_any(word_or(words, count, 2, "")));
	} else if (words[0][0] == 'u') {
		int64_t id = id_or_any(word_or(words, count, 2, ""));

		accounts_add_group(&m->accounts, words[1], id);
		group = accounts_group(&m->accounts, words[1]);
		accounts_add_user(&m->accounts, words[1], id, group ? group->gid : NOGROUP,
			word_or(words, count, 3, ""), word_or(words, count, 4, "/"),
			word_or(words, count, 5, NOBODYS_SHELL));
	} else if (strcmp(words[0], "m") == 0 && count > 2) {
		accounts_add_member(&m->accounts, words[2], words[1]);
	}
}

static void take_tmpfiles_line(struct making *m, char **words, unsigned count)
{
	unsigned permissions;

	if (count < 2 || !strchr("dDvqQ", words[0][0]) || strchr(words[1], '%'))
		return;
	permissions = (unsigned)strtoul(word_or(words, count, 2, "0755"), NULL, 8) & 07777;
	own_directory(m, words[1], permissions, word_or(words, count, 3, "root"), word_or(words, count, 4, "root"));
}

static void take_lines(
	struct making *m, const char *directory, void (*take)(struct making *m, char **words, unsigned count))
{
	const struct tree_node *list = tree_find(m->tree, directory, true);

	for (const struct tree_node *file = list ? list->children : NULL; file; file = file->next) {
		char *path = tree_path(file), *text = read_text(m, path), *rest = text, *line, *words[8];

		while (text && (line = strtok_r(rest, "\n", &rest)))
			take(m, words, split_line(line, words, ARRAY_SIZE(words)));
		free(text);
		free(path);
	}
}

/* What a command line of the adduser family says. */
struct request {
	const char *names[2];
	unsigned name_count;
	const char *home, *shell, *gecos, *group;
	int64_t id;
	bool is_system, with_group, without_home;
};

static const char *option_value(char **words, unsigned count, unsigned *i)
{
	char *equals = strchr(words[*i], '=');

	if (equals)
		return equals + 1;
	return *i + 1 < count ? words[++*i] : "";
}

static bool is_option(const char *word, const char *name)
{
	size_t length = strlen(name);

	return strncmp(word, name, length) == 0 && (word[length] == '\0' || word[length] == '=');
}

static struct request parse_request(char **words, unsigned count, bool is_adduser)
{
	struct request r = {.home = NULL, .gecos = "", .id = -1};

	for (unsigned i = 1; i < count; i++) {
		const char *word = words[i];

		if (is_option(word, "--home") || is_option(word, "--home-dir") || strcmp(word, "-d") == 0)
			r.home = option_value(words, count, &i);
		else if (is_option(word, "--shell") || strcmp(word, "-s") == 0)
			r.shell = option_value(words, count, &i);
		else if (is_option(word, "--gecos") || is_option(word, "--comment") || strcmp(word, "-c") == 0)
			r.gecos = option_value(words, count, &i);
		else if (is_option(word, "--uid") || (is_option(word, "--gid") && !is_adduser) ||
			 strcmp(word, "-u") == 0)
			r.id = id_or_any(option_value(words, count, &i));
		else if (is_option(word, "--ingroup") || is_option(word, "--gid") || strcmp(word, "-g") == 0)
			r.group = option_value(words, count, &i);
		else if (strcmp(word, "--system") == 0 || strcmp(word, "-r") == 0)
			r.is_system = true;
		else if (strcmp(word, "--group") == 0 || strcmp(word, "--user-group") == 0 || strcmp(word, "-U") == 0)
			r.with_group = true;
		else if (strcmp(word, "--no-create-home") == 0 || strcmp(word, "-M") == 0)
			r.without_home = true;
		else if (strcmp(word, "--conf") == 0 || strcmp(word, "--firstuid") == 0 ||
			 strcmp(word, "--lastuid") == 0)
			i++;
		else if (*word != '-' && *word != '>' && script_is_known(word) && r.name_count < 2)
			r.names[r.name_count++] = word;
	}
	return r;
}

static void add_user(struct making *m, const struct request *r, bool makes_home)
{
	const char *name = r->names[0], *home = r->home && script_is_known(r->home) ? r->home : NOBODYS_HOME;
	const char *shell = r->shell && script_is_known(r->shell) ? r->shell : NOBODYS_SHELL;
	const struct account_group *group;
	bool is_new = !accounts_user(&m->accounts, name);

	if (r->with_group)
		accounts_add_group(&m->accounts, name, r->id);
	group = accounts_group(&m->accounts, r->group && script_is_known(r->group) ? r->group
					     : r->with_group                       ? name
										   : "nogroup");
	accounts_add_user(&m->accounts, name, r->id, group ? group->gid : NOGROUP, r->gecos, home, shell);
	if (is_new && makes_home && strcmp(home, NOBODYS_HOME) != 0 && strncmp(home, "/proc", 5) != 0)
		own_directory(m, home, 0, name, group ? group->name : "nogroup");
}

static void take_account_command(struct making *m, char **words, unsigned count)
{
	const char *slash = strrchr(words[0], '/'), *program = slash ? slash + 1 : words[0];
	bool is_adduser = strcmp(program, "adduser") == 0, is_useradd = strcmp(program, "useradd") == 0;
	bool is_group = strcmp(program, "addgroup") == 0 || strcmp(program, "groupadd") == 0;
	struct request r;

	if (!is_adduser && !is_useradd && !is_group)
		return;
	r = parse_request(words, count, !is_group);
	if (r.name_count == 0)
		return;
	if (is_group || (is_adduser && r.with_group && !r.is_system)) {
		accounts_add_group(&m->accounts, r.names[0], r.id);
	} else if (is_adduser && r.name_count == 2) {
		accounts_add_member(&m->accounts, r.names[1], r.names[0]);
	} else {
		if (is_useradd && !r.group)
			r.with_group = true; /* Debian's login.defs: USERGROUPS_ENAB */
		add_user(m, &r, is_adduser && !r.without_home);
	}
}

/* "USER:GROUP", "USER.GROUP" or "USER" to a node. */
static void change_owner(struct making *m, const char *owner, const char *path)
{
	char *user = text_copy(owner), *group = strpbrk(user, ":.");

	if (group)
		*group++ = '\0';
	if (tree_find(m->tree, path, true))
		own_directory(m, path, 0, *user ? user : "root", group && *group ? group : user);
	free(user);
}

static void take_chown(struct making *m, char **words, unsigned count)
{
	const char *owner = NULL;

	for (unsigned i = 1; i < count; i++) {
		if (*words[i] == '-')
			continue;
		if (!owner)
			owner = words[i];
		else if (script_is_known(owner) && script_is_known(words[i]))
			change_owner(m, owner, words[i]);
	}
}

/* install -d [-m MODE] [-o USER] [-g GROUP] DIRECTORY... */
static void take_install(struct making *m, char **words, unsigned count)
{
	const char *user = "root", *group = "root";
	unsigned permissions = 0755;
	bool is_directory = false;

	for (unsigned i = 1; i < count; i++) {
		if (strncmp(words[i], "-m", 2) == 0 && (words[i][2] || i + 1 < count))
			permissions = (unsigned)strtoul(words[i][2] ? words[i] + 2 : words[++i], NULL, 8) & 07777;
		else if (strncmp(words[i], "-o", 2) == 0 && (words[i][2] || i + 1 < count))
			user = words[i][2] ? words[i] + 2 : words[++i];
		else if (strncmp(words[i], "-g", 2) == 0 && (words[i][2] || i + 1 < count))
			group = words[i][2] ? words[i] + 2 : words[++i];
		else if (strcmp(words[i], "-d") == 0)
			is_directory = true;
		else if (*words[i] == '/' && is_directory)
			own_directory(m, words[i], permissions, user, group);
	}
}

/* dpkg-statoverride --add USER GROUP MODE PATH, with other options before */
static void take_override(struct making *m, char **words, unsigned count)
{
	unsigned i = 1;

	while (i < count && *words[i] == '-')
		i++;
	if (i + 3 < count && tree_find(m->tree, words[i + 3], true))
		own_directory(
			m, words[i + 3], (unsigned)strtoul(words[i + 2], NULL, 8) & 07777, words[i], words[i + 1]);
}

static void take_accounts(void *context, char **words, unsigned count)
{
	take_account_command(context, words, count);
}

static void take_ownership(void *context, char **words, unsigned count)
{
	if (strcmp(words[0], "chown") == 0)
		take_chown(context, words, count);
	else if (strcmp(words[0], "install") == 0)
		take_install(context, words, count);
	else if (strcmp(words[0], "dpkg-statoverride") == 0)
		take_override(context, words, count);
}

static void walk_scripts(const struct fixup *fixup, script_command_fn *command, struct making *m)
{
	static const char *const names[] = {"preinst", "postinst"};

	for (size_t i = 0; i < fixup->count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			const char *script = package_control(fixup->packages[i].package, names[j]);

			if (script)
				script_walk(script, command, m);
		}
}

static int write_file(struct making *m, const char *path, unsigned permissions, char *text)
{
	int result = tree_add_bytes(m->tree, path, permissions, text, strlen(text), m->err);

	free(text);
	return result;
}

static int write_accounts(struct making *m)
{
	const struct account_group *shadow = accounts_group(&m->accounts, "shadow");
	struct tree_node *node;

	if (write_file(m, "/etc/passwd", 0644, accounts_format_users(&m->accounts)) < 0 ||
		write_file(m, "/etc/group", 0644, accounts_format_groups(&m->accounts)) < 0)
		return -1;
	if (tree_find(m->tree, "/etc/shadow", false))
		return 0;
	if (write_file(m, "/etc/shadow", 0640, accounts_format_shadow(&m->accounts)) < 0)
		return -1;
	node = tree_find(m->tree, "/etc/shadow", false);
	if (node && shadow)
		node->inode->gid = shadow->gid;
	return 0;
}

int fixup_users(const struct fixup *fixup, struct dory_error *err)
{
	struct making m = {.tree = fixup->tree, .err = err};

	tree_sort(fixup->tree);
	parse_first(&m, "/etc/passwd", "/usr/share/base-passwd/passwd.master", accounts_parse_users,
		"root:*:0:0:root:/root:/bin/sh\nnobody:*:65534:65534:nobody:" NOBODYS_HOME ":" NOBODYS_SHELL "\n");
	parse_first(&m, "/etc/group", "/usr/share/base-passwd/group.master", accounts_parse_groups,
		"root:*:0:\nadm:*:4:\nnogroup:*:65534:\n");
	take_lines(&m, "/usr/lib/sysusers.d", take_sysusers_line);
	walk_scripts(fixup, take_accounts, &m);
	walk_scripts(fixup, take_ownership, &m);
	take_lines(&m, "/usr/lib/tmpfiles.d", take_tmpfiles_line);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (accounts_user(&m.accounts, directories[i].asked))
			own_directory(&m, directories[i].path, directories[i].permissions, directories[i].user,
				directories[i].group);
	if (m.result == 0)
		m.result = write_accounts(&m);
	accounts_release(&m.accounts);
	return m.result;
}
