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
 * submit      rid realm body{} [confirmed] [pins[{person pin}]] (+B original bytes)
 *                                                                  id incident number duplicate remarks[]
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
 *                                                                  risk.verdicts[]; points: unit source_name at_least differ;
 *                                                                  risk.proposed (met, or an "about" that reaches a limit), risk.points[].about answer
 *                                                                  yes|about|no|unknown|ask;
 *                                                                  supplement{about at window over rule clause mark text}: casualties changed after the final report
 * diff        ref [station] [from] [to]                            a{id version} b{id version} station versions[] rows[{field name kind old new
 *                                                                  source source_name falls line lines}]
 * incidents   [realm] [history] [limit] [offset]                   rev incidents[{id number title place type type_name grade
 *                                                                  conflict version changed learned final history stations[] figures{} missing state state_name merged_into signatures_owed adopted[]}]
 * show        ref [realm]                                          incident{as above + grades[{station grade}] heads[] merged[{id number title figures[]}]}
 *                                                                  lines[{id at stored from from_name kind kind_name stage_name act text author
 *                                                                  precedence_name receipts{delivered read signed taken total} mine missing_understanding withdrawn superseded
 *                                                                  state state_name signature_owed owed_by signer}]; incident.supplement as of propose, null
 * message     id                                                   body{} digest stored from understood state readback signature_owed owed_by signer
 *                                                                  withdrawn superseded destroyed damaged deliveries[{to to_name state since person}]
 *                                                                  receipts[{from from_name act at person}]
 * inbox       [limit] [all]                                        messages[{id at from from_name precedence precedence_name kind kind_name title text state
 *                                                                  (unread read signed taken) due incident number ring history realm}]
 * owed        -  (what is late or due within the hour first: upwards and urgent, other matters, the daily round; then exercises, then by due)
 *                                                                  items[{what what_name incident number title about due origin towards towards_name clause
 *                                                                  rule scope(hop chain) endpoint from origin_name grade precedence person promised
 *                                                                  lapsed passed presence presence_name call note key realm}] more   (what is chased no more last)
 * list        [kind] [realm] [after] [limit]                       messages[{seq id kind kind_name stored from to[] title digest incident}]
 * status      -                                                    station name rev now epoch links[{station name role state since rtt clock_diff
 *                                                                  queued[4] oldest[4] in_flight last_heard why version sessions
 *                                                                  out{stream last closed closed_at missing first_missing missing_since differs}
 *                                                                  in{the same + beyond}}] room room_name attended hosted outbox open_deliveries returned quarantine messages
 *                                                                  alarms[{at what detail}] incidents unsigned drafts pid
 *                                                                  rules_old(the tables on the disk are refused; earlier ones are in force) rules_fault
 * verify      -                                                    messages chain deliveries outbox blobs destroyed incidents bad fold_bad fold_why
 *                                                                  fold_count rebuilt   (what differed was rebuilt)
 * blob        digest [id]                                          size (+B bytes); with the id of the message that names it they are
 *                                                                  asked of its station when they are not here (code 75)
 * log         [after] [limit]                                      messages of kind log, as list + text, on one line with the step (step step_name) or the caller,
 *                                                                  unit, number and who was told where it is more than its words
 * trace       id                                                   origin stored to[{to to_name state state_name since person reason hops[{station name at how}]
 *                                                                  offers[{link link_name serial at passed waiting}]}] (hop by hop, instants by each hop's clock)
 * ledger      [id] [open] [limit]                                  entries[{id to to_name state state_name since reason offered}] total
 *                                                                  (of our own messages: every addressee exactly once)
 * search      text [before] [limit]                                messages[as list, + text around the find] more unindexed
 * explain     id | ref, [realm]                                    clocks[{what what_name origin from from_name due scope endpoint towards minutes rule clause since
 *                                                                  profile file line chase grade grade_name why others[{rule clause minutes why}] met met_by ended ended_by how late}] notes[]
 * rules       [all]                                                rows[{id what ... as deadline}] profiles remarks[{file line text}] digest
 * staff       [all]                                                persons[{name post unit roles[] numbers[{of of_name phone verified tried outcome stale}] backup[]
 *                                                                  pin locked_until left}] stations[{station name numbers[]}] changes[{id person of phone by at}]
 * roster      [from] [until]                                       shifts[{id name from to leader[] officers[] unable[] now}] swaps[...] gap{begin end} on_duty
 *                                                                  {shift from persons[] leader due}
 * pin_set     person pin [old] [by by_pin]                         -
 * handover    -                                                    responsible[] outgoing[] incoming[] stays[] shift since next_shift due overdue (ms, -1 not) leader
 *                                                                  items[{key kind text owner new_owner note due passed}] signs[{person side side_name needed at proven}]
 *                                                                  questions[{key text value right wrong}] lacking begun under_way id
 *                                                                  counts{calls reports orders rings mutes late}   (collected anew each time)
 * replay      [from] [to] [shift now|last]                         from to rows[{at kind(span act handover ring log mute due late) id text}]   (a shift in three minutes)
 * rolls       [limit]                                              rolls[{station station_name at due answered phone rings outcome person on_roster}] stations[{station
 *                                                                  name role last presence presence_name last_key silent duty[] numbers[] today note}] totals{}
 *                                                                  owed[{id from at due}] (came here, not answered) draw[] (codes in the order of the lot)
 *                                                                  rings minutes shift
 * zeros       [day]                                                day due stations[{station name state at person}] missing[] own
 * track       ref | id                                             a directive: text due every asks[] rows[{to to_name presence presence_name delivered read signed signer
 *                                                                  proxy taken progress next state state_name figures{} as_of missing ways[] steps[] misread late lapsed}]
 *                                                                  totals[{field name sum value q text coverage known all asof missing[]}] appended[] readback
 * orders      [type] [all]                                         supervision list, instructions: [{id type title due from to[] open late ...}]
 * claims      -                                                    items[{id kind from from_name proxy title number slip author at}] text same[{number other_number text}]
 * stats       [month] [origin] [station]                           stations[{station name ... }] late[] stages{} grid[][]
 * outlets     -                                                    outlets[{name kind ok since last_ok tested detail waiting}]
 * outlet_test [name] person                                        -
 * backup      [path]                                               path bytes ms    (after it is whole on disk)
 * attend      [seat: dead|alive]                                   -               (a person has pressed a key; seat: the desk's terminal answers no
 *                                                                  more, or again, which is no key)
 * reload      -                                                    neighbours     (topology.tsv read again)
 *
 * draft_move takes pins[] as submit does.  A PIN that is wrong is refused with EX_NOPERM, field "pin", tries left in the text; a person
 * locked out with EX_TEMPFAIL.  status has besides: on_duty{} handover_due presence of each link, outlets[], chases (unheard), profile, clock_warn[].
 *
 * Times are ms UTC integers; ids are text (formats/msgid.h); *_name are in the language asked for in hello ("lang":"zh"|"en").
 */
#include <stdint.h>

#define DESK_PROTO 1
#define DESK_FRAME_MAX (16u << 20)	/* bytes; larger is refused and the connection closed */
#define DESK_JSON_MAX (4u << 20)

#endif
