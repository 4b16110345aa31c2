#ifndef SWITCH_STATION_ORDER_H
#define SWITCH_STATION_ORDER_H
/*
 * What a directive of its type must say, receipts taken by telephone for somebody else (station_order.c); what is entered on behalf of
 * another station, and the index of pre-printed slips (station_behalf.c).  Private to the station and to the queries that read what this writes.
 */
#include "station_draft.h"

/* Type of a directive; ORDER_PLAIN where it says none. */
int order_type(const struct body *);
/* Is it a receipt somebody else has written down for an addressee?  Never that addressee's own act. */
bool order_proxied(const struct body *);
/* KIND_DIRECTIVE by F_ORDER_TYPE, and F_ASKS made names of the field table.  Once its incident is known, before its addressees. */
int draft_order(struct draft *);
/* The addressees that follow from what is appended to or taken back; false: none do. */
bool draft_order_to(struct draft *);
/* KIND_RECEIPT with F_ON_BEHALF: 电话代签.  Sets misread when it is refused for what was read back. */
int draft_proxy(struct draft *);
/* The failed try is kept in the log, once a request. */
void order_misread(struct draft *);

/* ---- station_behalf.c ---- */
/* A slip that was entered before is refused, or is a supplement to the first.  Before its incident is looked for. */
int draft_slip(struct draft *);
/* Intake, report and feedback on behalf of another station: its figures are that station's, it gets a copy.  After draft_address(). */
int draft_behalf(struct draft *);
/* A message has been stored here, from a person's hand or for this station: slips, and what waits to be claimed. */
void order_stored(struct station *, const struct msgid *, const struct body *);
/* Messages on behalf of this station, oldest first: that of index *at, which is moved behind it; false past the end.  Those before
 * order_claims_begin() are claimed. */
uint64_t order_claims_begin(struct journal *);
bool order_claim_next(struct journal *, uint64_t *at, struct msgid *);
/* Has this station signed for it? */
bool order_claimed(struct journal *, const char *self, const struct msgid *);

#endif
