// SPDX-License-Identifier: GPL-2.0-or-later
/* What runs for long, and reads what strangers send, has no need to be root. */
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "privileges.h"

/* Of what there is: nobody gives themselves more. */
static int keep(uint32_t capabilities)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	if (syscall(SYS_capget, &header, data))
		return -1;
	data[0].effective = data[0].permitted &= capabilities;
	data[1].effective = data[1].permitted = 0;
	data[0].inheritable = data[1].inheritable = 0;
	return syscall(SYS_capset, &header, data);
}

/**
 * drop_privileges() - go on as somebody else, if this is root, and get no rights back
 * @uid: who that is
 * @gid: their group; no other one remains
 * @capabilities: what remains, as bits 1U << CAP_*
 *
 * For the whole process, so before there is a second thread.
 * Return: 0 or a negative error number.
 */
int drop_privileges(uid_t uid, gid_t gid, uint32_t capabilities)
{
	if (!geteuid() && uid &&
	    (prctl(PR_SET_KEEPCAPS, 1) || setgroups(0, NULL) || setresgid(gid, gid, gid) ||
	     setresuid(uid, uid, uid)))
		return -errno;
	return keep(capabilities) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

/**
 * become_nobody() - drop_privileges() to the user `nobody`
 */
int become_nobody(uint32_t capabilities)
{
	const struct passwd *nobody = getpwnam("nobody");

	return nobody ? drop_privileges(nobody->pw_uid, nobody->pw_gid, capabilities) : -ENOENT;
}

/**
 * keep_asking() - keep what it takes to ask the module, and no other right
 *
 * Whose user namespace has no `nobody` stays who they are, without the other capabilities.
 * Return: 0 or a negative error number.
 */
int keep_asking(void)
{
	const uint32_t net_admin = 1U << CAP_NET_ADMIN;
	int err = become_nobody(net_admin);

	return err == -ENOENT || err == -EINVAL || err == -EPERM ?
	       drop_privileges(0, 0, net_admin) : err;
}

/**
 * write_in_private() - files that are made from now on are for their owner only
 *
 * What strangers sent each other is in them. Where others are kept out already, it was
 * chosen who is: a umask of 027 leaves the group in.
 */
void write_in_private(void)
{
	mode_t mask = umask(077);

	if ((mask & 07) == 07)
		umask(mask);
}
