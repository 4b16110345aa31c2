#ifndef SWITCH_CTL_GRADE_H
#define SWITCH_CTL_GRADE_H
/* `dutyctl grade [REF] --explain`: what the tables say; states nothing.  Private to dutyctl. */
#include "ctl.h"

bool ctl_grade_explains(int argc, char **argv);	/* is --explain among the words? */
int ctl_grade_explain(struct ctl *, int argc, char **argv);

#endif
