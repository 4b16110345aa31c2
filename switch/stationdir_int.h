#ifndef SWITCH_STATIONDIR_INT_H
#define SWITCH_STATIONDIR_INT_H
/*
 * Shared between stationdir.c and stationdir_create.c; nobody else's business.
 */
#include <stddef.h>
#include <sys/un.h>
#include "../formats/fault.h"

#define STATIONDIR_CONF "dutyswitch.conf"
#define STATIONDIR_SOCKET "run/desk.sock"
#define STATIONDIR_KEY_HEX 64
/* Bytes an absolute path may have so that the desk's socket fits into a sockaddr_un. */
#define STATIONDIR_PATH_ROOM (sizeof(((struct sockaddr_un *)0)->sun_path) - 1 - sizeof("/" STATIONDIR_SOCKET))

int stationdir_join(char *out, size_t size, const char *dir, const char *name, struct fault *);
int stationdir_sync(const char *dir);		/* fsync of a folder: 0, or -1 with errno */

#endif
