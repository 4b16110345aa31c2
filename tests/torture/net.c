/*
 * Rounds in which the network fails: the proxy cuts, stalls, passes one way only, ends in the middle of a frame, turns
 * a bit; garbage is thrown at the ports and the desk sockets.  With root besides: stations in network namespaces of
 * their own, whose cables are pulled and lose packets (nft).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "torture.h"

/* ---- garbage ---- */

static void
throw_at(int fd, const struct sockaddr *sa, socklen_t len)
{
	uint8_t noise[2048];
	size_t n = (size_t)chance(sizeof noise) + 1;

	for (size_t i = 0; i < n; i++)
		noise[i] = (uint8_t)chance(256);
	if (chance(2) == 0)
		noise[0] = noise[n > 1] = 0; /* a length that may be taken seriously */
	if (fd >= 0 && connect(fd, sa, len) == 0)
		(void)send(fd, noise, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (fd >= 0)
		close(fd);
}

static void
garbage(struct rig *r)
{
	int i = (int)chance(STATIONS);
	const struct station_proc *s = &r->st.s[i];

	if (s->endpoint[0] != '\0' && chance(2) == 0) {
		struct sockaddr_in sa;
		char host[64];
		unsigned port;

		memset(&sa, 0, sizeof sa);
		sa.sin_family = AF_INET;
		ST_CHECK(sscanf(s->endpoint, "tcp://%63[0-9.]:%u", host, &port) == 2 &&
			     inet_pton(AF_INET, host, &sa.sin_addr) == 1,
		    "%s", s->endpoint);
		sa.sin_port = htons((uint16_t)port);
		throw_at(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), (const struct sockaddr *)&sa, sizeof sa);
	} else {
		struct sockaddr_un sa;

		memset(&sa, 0, sizeof sa);
		sa.sun_family = AF_UNIX;
		(void)snprintf(sa.sun_path, sizeof sa.sun_path, "%.90s/run/desk.sock", s->dir);
		throw_at(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), (const struct sockaddr *)&sa, sizeof sa);
	}
}

/* ---- the proxy ---- */

void
round_net(struct rig *r, uint64_t turn)
{
	static const struct {
		enum proxy_mode mode;
		unsigned ms;
	} ways[] = {{PROXY_CUT, 300}, {PROXY_TRUNCATE, 300}, {PROXY_HALF, 250}, {PROXY_STALL, 400}, {PROXY_NOISE, 200},
	    {PROXY_TRUNCATE, 300}, {PROXY_CUT, 30}};
	size_t k = (size_t)(turn % COUNT_OF(ways));
	int link = (int)chance(2);

	ledger_traffic(&r->ledger, r, 3);
	if (chance(2) == 0)
		rig_turns(r, (int)chance(40));
	proxy_set(r->proxy, link, ways[k].mode, chance(4000));
	atomic_fetch_add(&tally->cuts, 1);
	ledger_traffic(&r->ledger, r, 4);
	for (int i = 0; i < 3; i++) {
		garbage(r);
		rig_turns(r, (int)(chance(ways[k].ms) / 3 + 10));
	}
	if (ways[k].mode == PROXY_HALF || ways[k].mode == PROXY_NOISE) {
		proxy_set(r->proxy, link, PROXY_CUT, 0);
		rig_turns(r, 50);
	}
	proxy_set(r->proxy, link, PROXY_PASS, 0);
	rig_quiet(r, 40000);
}

/* ---- namespaces ---- */

/* A process that does nothing but hold a network namespace open until its maker ends. */
static int
namespace_new(pid_t *holder)
{
	int up[2], fd = -1;
	char path[64], byte = 0;
	pid_t parent = getpid();

	ST_CHECK(pipe2(up, O_CLOEXEC) == 0, "pipe: %s", strerror(errno));
	(void)fflush(NULL);
	*holder = fork();
	ST_CHECK(*holder >= 0, "fork: %s", strerror(errno));
	if (*holder == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent && unshare(CLONE_NEWNET) == 0 && write(up[1], "x", 1) == 1)
			for (;;)
				(void)pause();
		_exit(1);
	}
	close(up[1]);
	if (read(up[0], &byte, 1) == 1) {
		(void)snprintf(path, sizeof path, "/proc/%ld/ns/net", (long)*holder);
		fd = open(path, O_RDONLY | O_CLOEXEC);
	}
	close(up[0]);
	return fd;
}

/* Runs a program in the namespace. */
static bool
run_in(int ns, const char *const argv[])
{
	struct output o;
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	bool ok;

	ST_CHECK(home >= 0 && setns(ns, CLONE_NEWNET) == 0, "setns: %s", strerror(errno));
	run_command(argv, NULL, 0, 20000, &o);
	ST_CHECK(setns(home, CLONE_NEWNET) == 0, "setns: %s", strerror(errno));
	close(home);
	ok = o.status == 0;
	output_free(&o);
	return ok;
}

static bool
ip(int ns, const char *a, ...)
{
	const char *argv[24] = {"/sbin/ip"};
	size_t n = 1;
	va_list ap;

	va_start(ap, a);
	for (; a != NULL && n < 23; a = va_arg(ap, const char *))
		argv[n++] = a;
	va_end(ap);
	argv[n] = NULL;
	return run_in(ns, argv);
}

/* From now on so many packets of a hundred that come in there are thrown away; 0: none.  False: not possible here. */
static bool
drop(int ns, unsigned percent)
{
	static const char nft[] = "/usr/sbin/nft";
	char rules[256];
	const char *argv[] = {nft, rules, NULL};

	if (access(nft, X_OK) != 0)
		return false;
	(void)snprintf(rules, sizeof rules, "add table inet torture; flush table inet torture; add chain inet torture in "
	    "{ type filter hook input priority 0; }; add rule inet torture in meta l4proto tcp numgen random mod 100 < %u drop", percent);
	if (percent == 0)
		(void)snprintf(rules, sizeof rules, "add table inet torture; delete table inet torture");
	return run_in(ns, argv);
}

/* Lines that lose every third packet, now one way and now the other. */
static void
lossy(struct rig *r, const int ns[STATIONS])
{
	for (int i = 0; i < 3; i++) {
		int whose = (int)chance(STATIONS);

		if (!drop(ns[whose], 15 + (unsigned)chance(25))) {
			skipped("random drop: nft is needed");
			return;
		}
		ledger_traffic(&r->ledger, r, 6);
		rig_turns(r, 100 + (int)chance(300));
		ST_CHECK(drop(ns[whose], 0), "the rule cannot be taken out again");
	}
}

/* Township and county share 10.9.1.0/30, county and city 10.9.2.0/30. */
static bool
wire(const pid_t holder[STATIONS], const int ns[STATIONS])
{
	char county[16], city[16];

	(void)snprintf(county, sizeof county, "%ld", (long)holder[COUNTY]);
	(void)snprintf(city, sizeof city, "%ld", (long)holder[CITY]);
	for (int i = 0; i < STATIONS; i++)
		if (!ip(ns[i], "link", "set", "lo", "up", NULL))
			return false;
	return ip(ns[TOWN], "link", "add", "up0", "type", "veth", "peer", "name", "down0", "netns", county, NULL) &&
	       ip(ns[COUNTY], "link", "add", "up0", "type", "veth", "peer", "name", "down0", "netns", city, NULL) &&
	       ip(ns[TOWN], "addr", "add", "10.9.1.1/30", "dev", "up0", NULL) &&
	       ip(ns[COUNTY], "addr", "add", "10.9.1.2/30", "dev", "down0", NULL) &&
	       ip(ns[COUNTY], "addr", "add", "10.9.2.1/30", "dev", "up0", NULL) &&
	       ip(ns[CITY], "addr", "add", "10.9.2.2/30", "dev", "down0", NULL) &&
	       ip(ns[TOWN], "link", "set", "up0", "up", NULL) && ip(ns[COUNTY], "link", "set", "down0", "up", NULL) &&
	       ip(ns[COUNTY], "link", "set", "up0", "up", NULL) && ip(ns[CITY], "link", "set", "down0", "up", NULL);
}

/* In a file of the station: one text by another. */
static void
edit(const struct station_proc *s, const char *file, const char *from, const char *to)
{
	struct buf in = {0}, out = {0};
	char path[320];
	const char *at;

	(void)snprintf(path, sizeof path, "%.255s/%s", s->dir, file);
	file_read(path, &in);
	at = strstr(buf_cstr(&in), from);
	ST_CHECK(at != NULL, "%s does not say %s", path, from);
	buf_put(&out, in.p, (size_t)(at - buf_cstr(&in)));
	buf_puts(&out, to);
	buf_puts(&out, at + strlen(from));
	file_write(path, out.p, out.n);
	buf_free(&in);
	buf_free(&out);
}

static void
readdress(struct rig *r)
{
	struct station_proc *s = r->st.s;
	struct buf b = {0};
	char path[320], was[64];

	for (int i = TOWN; i < CITY; i++) { /* what the proxy has become there */
		const char *at;

		buf_clear(&b);
		(void)snprintf(path, sizeof path, "%.255s/topology.tsv", s[i].dir);
		file_read(path, &b);
		at = strstr(buf_cstr(&b), "tcp://127.");
		ST_CHECK(at != NULL, "%s names nobody", path);
		(void)snprintf(was, sizeof was, "%.*s", (int)strcspn(at, "\t \n"), at);
		edit(&s[i], "topology.tsv", was, i == TOWN ? "tcp://10.9.1.2:7330" : "tcp://10.9.2.2:7330");
		edit(&s[i + 1], "dutyswitch.conf", s[i + 1].endpoint, "tcp://*:7330");
	}
	buf_free(&b);
}

void
round_netns(const struct torture *t, uint64_t turn)
{
	static struct rig r;
	static pid_t holder[STATIONS];
	int ns[STATIONS] = {-1, -1, -1};
	bool ok = geteuid() == 0 && access("/sbin/ip", X_OK) == 0;

	(void)turn;
	for (int i = 0; i < STATIONS && ok; i++)
		ok = (ns[i] = namespace_new(&holder[i])) >= 0;
	if (!ok || !wire(holder, ns)) {
		skipped("network namespaces: root, unshare(CLONE_NEWNET), veth and /sbin/ip are needed");
		goto out;
	}
	rig_make(&r, t);
	readdress(&r);
	for (int i = 0; i < STATIONS; i++)
		r.netns[i] = ns[i];
	rig_quiet(&r, 60000);
	for (int i = 0; i < 6; i++) {
		const char *dev = i % 2 == 0 ? "down0" : "up0";
		int whose = i % 2 == 0 ? (chance(2) == 0 ? COUNTY : CITY) : (chance(2) == 0 ? TOWN : COUNTY);

		ledger_traffic(&r.ledger, &r, 4);
		rig_turns(&r, (int)chance(20));
		ST_CHECK(ip(ns[whose], "link", "set", dev, "down", NULL), "the cable cannot be pulled");
		atomic_fetch_add(&tally->cuts, 1);
		ledger_traffic(&r.ledger, &r, 4);
		rig_turns(&r, 50 + (int)chance(400));
		ST_CHECK(ip(ns[whose], "link", "set", dev, "up", NULL), "the cable cannot be put in again");
	}
	lossy(&r, ns);
	/* TCP itself waits longer and longer between its tries after a loss. */
	rig_quiet(&r, 90000);
	rig_check(&r);
	rig_verify_files(&r);
	for (int i = 0; i < STATIONS; i++)
		r.netns[i] = -1;
	rig_free(&r);
out:
	for (int i = 0; i < STATIONS; i++) {
		if (ns[i] >= 0)
			close(ns[i]);
		if (holder[i] > 0) {
			(void)kill(holder[i], SIGKILL);
			(void)waitpid(holder[i], NULL, 0);
		}
		holder[i] = 0;
	}
}
