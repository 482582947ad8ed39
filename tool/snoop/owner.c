// SPDX-License-Identifier: GPL-2.0-or-later
/* Privileges are for opening: what reads packets of others has none. */
#include <errno.h>
#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../privileges.h"
#include "owner.h"

/* Who owns the folder that @file is in, and that new files are made in. */
static void owner_of_folder(const char *file, uid_t *uid, gid_t *gid)
{
	char copy[4096];
	struct stat folder;

	snprintf(copy, sizeof(copy), "%s", file);
	if (!stat(dirname(copy), &folder)) {
		*uid = folder.st_uid;
		*gid = folder.st_gid;
	}
}

/**
 * become_owner() - become a user without privileges, for good
 * @user: their name, or NULL for whoever owns the folder of @file
 * @file: that is written, or NULL
 *
 * Root stays root where the folder is root's, but without a capability.
 *
 * Return: false if that cannot be done, with a sentence in @error.
 */
bool become_owner(const char *user, const char *file, char *error, size_t size)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	int err;

	if (user) {
		struct passwd *entry = getpwnam(user);

		if (!entry) {
			snprintf(error, size, "there is no user `%s`", user);
			return false;
		}
		uid = entry->pw_uid;
		gid = entry->pw_gid;
	} else if (!uid && file) {
		owner_of_folder(file, &uid, &gid);
	}
	if (geteuid() && uid != geteuid()) {
		snprintf(error, size, "only root can become `%s`", user);
		return false;
	}
	err = drop_privileges(uid, gid, 0);
	if (err) {
		snprintf(error, size, "privileges cannot be dropped: %s", strerror(-err));
		return false;
	}
	return true;
}
