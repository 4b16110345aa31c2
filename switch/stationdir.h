#ifndef SWITCH_STATIONDIR_H
#define SWITCH_STATIONDIR_H
/*
 * A station's directory:
 *   dutyswitch.conf   station, name, listen, language, group, log_level, reoffer_minutes, return_hours, hosted, attended_minutes,
 *                     divert_seconds, settle_days, keep_days, resend_days, ballast_mb, room_mb, backup_keep, profile, pins
 *   topology.tsv      neighbours (route.h)
 *   keys/secret.key   0600, hex;  keys/public.key
 *   journal/          0700: journal.db, lock, new (until the first commit)
 *   backup/           0700: copies by dutyctl backup and by the day
 *   run/              0750, group-accessible: desk.sock
 *   rules.good/       0700: the last rules tables that were taken (rules_kept.h)
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../formats/fault.h"
#include "../formats/msgid.h"

struct stationdir {
	char path[256];
	char station[STATION_MAX];
	char name[128];
	char listen[256];	/* tcp://HOST:PORT or "" */
	char language[8];	/* "zh", "en" */
	char group[64];		/* group of run/, "" = leave */
	char log_level[8];
	long reoffer_minutes;
	long return_hours;		/* 72 */
	bool hosted;			/* no */
	long attended_minutes;		/* 15 */
	long divert_seconds;		/* 60: a link may be down so long before 特提 takes another way; 特急 thrice, 加急 ten times, 平急 thirty times that */
	long settle_days;		/* 3: what is over leaves the lists after so many quiet days, and retention may take it; 0: never */
	long keep_days;			/* retention; 0: for ever */
	long resend_days;		/* 30 */
	long ballast_mb;		/* 64 */
	long room_mb;			/* 256: free megabytes below which routine traffic is refused; a half, a quarter of it the next degrees */
	char profile[128];		/* "": rule profiles in use, comma separated (conf/rules/profiles) */
	bool pins;			/* yes: who has a PIN must give it; no: names are enough (not for a duty room) */
	long backup_keep;		/* 7: copies kept in backup/ by the daily backup; 0: none is made */
	uint8_t public_key[32], secret_key[32];
	char socket[288];	/* run/desk.sock */
	char topology[288];	/* topology.tsv */
	char journal[288];	/* journal/ */
	/* Not a setting: why the tables on the disk are not the rules in force, "": they are.  Kept by dutyswitch.c. */
	char rules_fault[512];
};

/* Creates the directory with settings, fresh keys (CURVE = X25519, libsodium) and an empty topology; refuses one that already holds a
 * station.  All of it or nothing: built beside and renamed; a directory that is there must be empty, is filled in place and keeps its
 * owner, group and mode. */
struct stationdir_new { const char *station, *name, *listen, *parent_endpoint, *parent_station, *parent_name; const uint8_t *parent_key; unsigned parent_rate; };
int stationdir_create(const char *path, const struct stationdir_new *, struct fault *);
int stationdir_load(const char *path, struct stationdir *, struct fault *);	/* checks modes of the secret */
/* flock() on journal/lock; fd or -1 + fault EX_TEMPFAIL naming the pid that holds it. */
int stationdir_lock(const struct stationdir *, struct fault *);
/* Key text: 64 hex digits, what people exchange. */
bool key_parse(const char *, uint8_t key[32]);
void key_format(const uint8_t key[32], char out[65]);
/* tcp://HOST:PORT syntax of a place to connect to: name, IPv4 or [IPv6], port 1-65535. */
bool endpoint_valid(const char *);
/* The same for listening: HOST may be `*` (all addresses), PORT may be `*` (the system chooses; for tests). */
bool endpoint_listen_valid(const char *);

/* The mark journal/new says that no journal has been written here yet.  Only then may a missing journal be made afresh: one that has
 * vanished later is a loss to be reported, never to be papered over with an empty one. */
bool stationdir_fresh(const struct stationdir *);
int stationdir_used(const struct stationdir *, struct fault *);	/* removes the mark: the first commit is on disk */

#endif
