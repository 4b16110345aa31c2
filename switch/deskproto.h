#ifndef SWITCH_DESKPROTO_H
#define SWITCH_DESKPROTO_H
/*
 * The desk protocol: AF_UNIX stream at DIR/run/desk.sock between dutyswitch and desks or dutyctl.
 *
 * Frame: be32 length of what follows, u8 type, payload.  'J': one JSON object.  'B': bytes that belong to the next 'J'
 * frame in the same direction.  A request is {"op": NAME, "n": N, ...}; its answer {"re": N, "ok": true, ...} or
 * {"re": N, "ok": false, "code": sysexits, "field": "...", "text": "..."}.  Answers to submits come after their COMMIT, so
 * answers may overtake each other.  The switch sends {"push": true, "rev": R} to connections that asked to watch; the
 * desk then reads again.  SO_PEERCRED names the seat (the account of the peer); the JSON never does.
 *
 * op          request                                              answer
 * hello       proto, program                                       proto station name level parent parent_name rev now epoch
 * watch       -                                                    rev            (pushes follow)
 * submit      rid realm body{} [confirmed] (+B original bytes)     id incident number duplicate remarks[]
 * drafts      -                                                    drafts[{rid seat ms json state state_name begun trail[{event event_name at seat
 *                                                                  person reason number outcome outcome_name}] unsigned_from unsigned_ok}]
 * draft_put   rid json(object)                                     -
 * draft_del   rid                                                  -
 * draft_move  rid event [person] [reason] [number] [outcome] [request{realm confirmed body{}}]
 *                                                                  state state_name unsigned_from (null: nobody tried) unsigned_ok, or, when it was sent, submit's answer
 * destroy     rid id first second reason                           id (of the step that tells the others)
 * review      body{} | id, [ref]                                   elements[{id name state state_name field must basis}] conflicts[{field name said
 *                                                                  text kind}] remarks[{field text}] falls[{field old new source}]
 * prefill     incident [stage] [realm]                             stage body{} (a report as the switch would complete it now; nothing is written)
 * propose     ref | body{}                                         scope table clause grade proposal possible worst undetermined points[{field name number
 *                                                                  grade clause decides next next_from more}] open[{field name why}] risk{name met points[]} marks[{mark
 *                                                                  name why}] stated clock_grade ask_again ask_again_clause incident notes[] about worst;
 *                                                                  risk.verdicts[]; points: unit source_name at_least differ
 * diff        ref [station] [from] [to]                            a{id version} b{id version} station versions[] rows[{field name kind old new
 *                                                                  source source_name falls line lines}]
 * incidents   [realm] [history] [limit] [offset]                   rev incidents[{id number title place type type_name grade
 *                                                                  conflict version changed learned final history stations[] figures{} missing state state_name merged_into signatures_owed adopted[]}]
 * show        ref [realm]                                          incident{as above + grades[{station grade}] heads[]}
 *                                                                  lines[{id at stored from from_name kind kind_name stage_name act text author
 *                                                                  precedence_name receipts{delivered read signed taken total} mine missing_understanding withdrawn superseded
 *                                                                  state state_name signature_owed owed_by signer}]
 * message     id                                                   body{} digest stored from understood state readback signature_owed owed_by signer
 *                                                                  withdrawn superseded destroyed damaged deliveries[{to to_name state since person}]
 *                                                                  receipts[{from from_name act at person}]
 * inbox       [limit] [all]                                        messages[{id at from from_name precedence precedence_name kind kind_name title text state
 *                                                                  (unread read signed taken) due incident number ring history realm}]
 * owed        -                                                    items[{what what_name incident number title about due origin towards towards_name clause}]
 * list        [kind] [realm] [after] [limit]                       messages[{seq id kind kind_name stored from to[] title digest incident}]
 * status      -                                                    station name rev now epoch links[{station name role state since rtt clock_diff
 *                                                                  queued[4] oldest[4] in_flight last_heard why version sessions
 *                                                                  out{stream last closed closed_at missing first_missing missing_since differs}
 *                                                                  in{the same + beyond}}] room room_name attended hosted outbox open_deliveries returned quarantine messages
 *                                                                  alarms[{at what detail}] incidents unsigned drafts pid
 * verify      -                                                    messages chain deliveries outbox blobs destroyed incidents bad fold_bad fold_why
 *                                                                  fold_count rebuilt   (what differed was rebuilt)
 * blob        digest [id]                                          size (+B bytes); with the id of the message that names it they are
 *                                                                  asked of its station when they are not here (code 75)
 * log         [after] [limit]                                      messages of kind log, as list + text
 * trace       id                                                   origin stored to[{to to_name state state_name since person reason hops[{station name at how}]
 *                                                                  offers[{link link_name serial at passed waiting}]}] (hop by hop, instants by each hop's clock)
 * ledger      [id] [open] [limit]                                  entries[{id to to_name state state_name since reason offered}] total
 *                                                                  (of our own messages: every addressee exactly once)
 * search      text [before] [limit]                                messages[as list, + text around the find] more unindexed
 * backup      [path]                                               path bytes ms    (after it is whole on disk)
 * attend      -                                                    -               (a person has pressed a key)
 * reload      -                                                    neighbours     (topology.tsv read again)
 *
 * Times are ms UTC integers; ids are text (formats/msgid.h); *_name are in the language asked for in hello ("lang":"zh"|"en").
 */
#include <stdint.h>

#define DESK_PROTO 1
#define DESK_FRAME_MAX (16u << 20)	/* bytes; larger is refused and the connection closed */
#define DESK_JSON_MAX (4u << 20)

#endif
