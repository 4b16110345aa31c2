#ifndef TESTS_TORTURE_PAGE_H
#define TESTS_TORTURE_PAGE_H
/*
 * What the shim inside a program under test and the harness outside share: one page of memory, a file named by
 * $TORTURE_PAGE.
 *
 * The harness may change orders while the program runs ("kill yourself at the 17th call from now"); the shim counts.  A
 * field is written by one side only, but for clock_shift, which both may add to.  The page outlives the program: a
 * restart counts on.
 *
 * The record (page.log, a file outside of the station's directory) holds what a disk and the world saw, in the order in
 * which it happened: struct shim_record, then `len` bytes.  A record is written before its call is made.
 */
#include <stdatomic.h>
#include <stdint.h>

#define SHIM_MAGIC 0x54524831u

enum shim_kind {
	SHIM_ANY,   /* all below together */
	SHIM_WRITE, /* of files below the directory */
	SHIM_SYNC,
	SHIM_TRUNC,
	SHIM_RENAME,
	SHIM_UNLINK,
	SHIM_SEND, /* to sockets: links and desks */
	SHIM_KINDS
};

enum shim_how { SHIM_BEFORE, SHIM_AFTER, SHIM_HALF /* half of the write is made, then as AFTER */ };

enum shim_what {
	REC_START = 1, /* a process begins */
	REC_CREATE,    /* ino; bytes: path below the directory */
	REC_WRITE,     /* ino, off; bytes: what */
	REC_TRUNC,     /* ino, off: new length; grows with zeros */
	REC_SYNC,      /* ino: a file's, or a directory's */
	REC_RENAME,    /* bytes: old NUL new */
	REC_UNLINK,    /* bytes: path */
	REC_DESK,      /* ino: descriptor; bytes sent to a local socket */
	REC_CLOSE,     /* ino: descriptor */
	REC_LINK_OUT,  /* bytes: a frame handed to libzmq */
	REC_LINK_IN    /* bytes: a frame taken from it */
};

struct shim_record {
	uint32_t magic, what;
	uint64_t ino, off, len;
};

struct shim_page {
	char dir[320];			    /* harness, before the start: what is watched */
	char log[320];			    /* harness: "" = nothing is recorded */
	_Atomic uint64_t count[SHIM_KINDS]; /* shim: calls so far */
	_Atomic uint64_t log_bytes;	    /* shim */

	_Atomic uint64_t kill_at; /* at this count of kill_kind; 0 never */
	_Atomic uint32_t kill_kind, kill_how;

	_Atomic uint64_t fail_from, fail_until; /* counts of fail_kind, both included; 0 never */
	_Atomic uint32_t fail_kind, fail_errno;
	_Atomic uint32_t fail_short; /* writes: bytes that are still written, errno only at the next call */
	_Atomic uint64_t failed;     /* shim: calls that were made to fail */

	_Atomic uint64_t clock_reads;		 /* shim */
	_Atomic uint64_t clock_at;		 /* at this count of reads clock_step is added once; 0 never */
	_Atomic int64_t clock_step, clock_shift; /* ms; the shift is added to all wall clock times */
};

#endif
