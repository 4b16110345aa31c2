#ifndef SWITCH_CTL_PIN_H
#define SWITCH_CTL_PIN_H
/* PINs from a person's hand (ctl_pin.c).  Private to dutyctl. */
#include "ctl.h"

#define CTL_PIN_MAX 64

/* One PIN without echo, from the terminal.  -1 + EX_NOINPUT: there is none; wiped by the caller. */
int ctl_pin_ask(const char *label, char out[CTL_PIN_MAX + 1], struct fault *);
/* The next line of --pin-fd N ("PIN", or "PERSON PIN": *person then points into buf).  1: there is none (no option, or the end), 0, -1 + fault. */
int ctl_pin_line(const struct ctl_args *, char *buf, size_t size, struct fault *);
void ctl_pin_wipe(char *, size_t);
/* --pin and --pin-fd: member pins[] of the request.  A PIN without a name is that of whoever the request names: person, else author, signer. */
int ctl_pins_attach(const struct ctl_args *, json_t *request, struct fault *);

#endif
