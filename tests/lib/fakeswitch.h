#ifndef TESTS_LIB_FAKESWITCH_H
#define TESTS_LIB_FAKESWITCH_H
/*
 * A scripted switch for screens that a real one never causes: hostile words, wrong shapes, silence.  A child process that
 * speaks the frames of switch/deskproto.h and answers each op with a canned object.
 */
#include <sys/types.h>

/* Listens at DIR/run/desk.sock (folders are made).  answers: JSON object, op -> members of the answer; null: no answer
 * ever; ops not named are answered with {}.  Returns the child. */
pid_t fakeswitch_start(const char *dir, const char *answers);

#endif
