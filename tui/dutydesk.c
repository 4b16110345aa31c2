/*
 * dutydesk: the desk.  Settings come from the command line and the station's directory alone; everything it shows and
 * everything it does goes through the switch of that station (switch/client.h).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include "../formats/codebook.h"
#include "../formats/conf.h"
#include "../formats/i18n.h"
#include "app.h"

#define VERSION "0.1"

static int
usage(void)
{
	(void)fprintf(stderr, _("usage: dutydesk -D DIR\n       the directory may also be named by $DUTYDESK_DIR\n"));
	return EX_USAGE;
}

int
main(int argc, char **argv)
{
	const char *dir = getenv("DUTYDESK_DIR");
	struct codebook *cb = NULL;
	struct app *app = NULL;
	struct fault f = { 0 };
	char conf[512], text[1024];
	int c, status = EX_OK;

	i18n_init(NULL);
	if (argc == 2 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
		(void)printf("dutydesk (Dutydesk) %s\n", VERSION);
		return EX_OK;
	}
	while ((c = getopt(argc, argv, "D:h")) != -1) {
		if (c == 'D')
			dir = optarg;
		else
			return usage();
	}
	if (optind != argc)
		return usage();
	if (!dir || !*dir) {
		(void)fprintf(stderr, "dutydesk: %s\n", _("which station? name its directory with -D DIR or in $DUTYDESK_DIR; `dutyctl -D DIR init` makes one"));
		return usage();
	}
	if (!conf_dir(conf, sizeof(conf), &f) || !(cb = codebook_load(conf, &f)))
		goto refused;
	if (term_open(&f) != 0)
		goto refused;
	app = app_new(dir, cb);
	status = app_run(app);
	term_close();
	goto out;
refused:
	(void)fprintf(stderr, "dutydesk: %s\n", fault_format(&f, text, sizeof(text)));
	status = f.code;
out:
	app_free(app);
	codebook_free(cb);
	return status;
}
