/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef FWL_VERSION_H
#define FWL_VERSION_H

#define FLOWWALL_VERSION "0.1.0"

#endif
