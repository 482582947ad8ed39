// SPDX-License-Identifier: GPL-2.0-or-later
/* The kernels that are installed here, and whether they would load the module. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernels.h"

#define MODULES "/lib/modules"

/* As the UEFI specification names it; four bytes of attributes, then the value. */
#define SECURE_BOOT "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

static bool in_modules(const char *version, const char *file, char *path, size_t size)
{
	return snprintf(path, size, MODULES "/%s/%s", version, file) < (int)size &&
	       !access(path, F_OK);
}

/**
 * kernel_has_module() - whether modprobe would find flowwall.ko for a kernel
 */
bool kernel_has_module(const char *version)
{
	char path[512], line[4096];
	bool found = false;
	FILE *file;

	if (!in_modules(version, "modules.dep", path, sizeof(path)))
		return false;
	file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof(line), file)) {
		/* "updates/dkms/flowwall.ko.xz: what it needs", with or without a folder */
		line[strcspn(line, ":")] = '\0';
		found = strstr(line, "/flowwall.ko") || !strncmp(line, "flowwall.ko", 11);
	}
	if (file)
		fclose(file);
	return found;
}

/**
 * kernel_has_headers() - whether a module can be built for a kernel
 */
bool kernel_has_headers(const char *version)
{
	char path[512];

	return in_modules(version, "build/Makefile", path, sizeof(path));
}

/**
 * same_board() - whether a machine that runs one kernel could boot the other
 *
 * Raspberry Pi OS has a kernel for each board, 6.12.25+rpt-rpi-v8 and, for a Pi 5,
 * 6.12.25+rpt-rpi-2712, and installs both; the firmware takes the board's.
 */
bool same_board(const char *running, const char *other)
{
	const char *a = strstr(running, "-rpi-"), *b = strstr(other, "-rpi-");

	return !a || !b || !strcmp(a, b);
}

/**
 * newest_kernel() - the kernel that is likely to be booted next
 * @running: the one that is now
 * @version: set to it
 *
 * Return: false if none is installed.
 */
bool newest_kernel(const char *running, char *version, size_t size)
{
	DIR *folder = opendir(MODULES);
	struct dirent *entry;
	char path[512];

	*version = '\0';
	while (folder && (entry = readdir(folder)) != NULL)
		if (*entry->d_name != '.' && strlen(entry->d_name) < size &&
		    same_board(running, entry->d_name) &&
		    in_modules(entry->d_name, "modules.builtin", path, sizeof(path)) &&
		    strverscmp(entry->d_name, version) > 0)
			strcpy(version, entry->d_name);
	if (folder)
		closedir(folder);
	return *version;
}

/**
 * secure_boot() - whether the kernel takes signed modules only
 */
bool secure_boot(void)
{
	unsigned char value[5] = { 0 };
	FILE *file = fopen(SECURE_BOOT, "re");
	bool on = file && fread(value, 1, sizeof(value), file) == sizeof(value) && value[4] == 1;

	if (file)
		fclose(file);
	file = fopen("/sys/module/module/parameters/sig_enforce", "re");
	if (file) {
		on |= fgetc(file) == 'Y';
		fclose(file);
	}
	return on;
}
