/*
 * What search costs: putting a report into the index (µs, bytes), and finding words in a journal of 100 000 reports, with
 * --big of 1 000 000 too.  Words of two characters, common and rare, several words, one character, a word nobody wrote, and
 * the tail without index.
 *
 * Reports are made of sentences as they are written, with places, names and figures drawn anew for each.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "../../formats/field.h"
#include "../../formats/wire.h"
#include "../../switch/journal.h"
#include "../lib/stations.h"
#include "bench.h"

#define OWN "330225102"
#define ROUNDS 7
#define LIMIT 50			/* finds a search, as a page of a list shows */
#define BATCH 64

static uint64_t seed = 20261122;

static size_t
pick(size_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (size_t)((seed >> 11) % n);
}

#define PICK(a) (a)[pick(sizeof(a) / sizeof(a)[0])]

static const char *const townships[] = { "西周镇", "墙头镇", "泗洲头镇", "定塘镇", "鹤浦镇", "石浦镇", "贤庠镇", "涂茨镇", "大徐镇", "新桥镇",
	"晓塘乡", "黄避岙乡", "茅洋乡", "高塘岛乡", "丹东街道", "丹西街道", "爵溪街道" };
static const char *const events[] = { "火灾事故", "交通事故", "山体滑坡", "道路塌方", "燃气泄漏", "内涝积水", "渔船碰撞", "建筑坍塌", "食物中毒",
	"停水停电", "森林火情", "危化品泄漏", "溺水事件", "群众走失", "管线爆裂" };
static const char *const family[] = { "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭" };
static const char *const given[] = { "伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋", "勇", "艳", "杰", "娟", "涛", "明", "超", "秀兰",
	"霞", "平", "刚", "桂英", "海波", "国庆", "志强", "建华" };
static const char *const sentence[] = {
	"接报后镇党委政府高度重视，主要领导第一时间赶赴现场指挥处置",
	"消防、公安、卫健、应急等部门共出动车辆若干台次、救援力量数十人",
	"现场已拉起警戒线，疏散周边群众并妥善安置，秩序平稳",
	"初步判断系电气线路老化引发，具体原因正在进一步调查中",
	"受持续强降雨影响，局部山区土壤含水量趋于饱和，地质灾害风险较高",
	"伤者已送县人民医院救治，生命体征平稳，暂无生命危险",
	"道路双向中断，交警部门已实施交通管制，引导过往车辆绕行",
	"供电公司正组织抢修，预计今日傍晚前恢复供电",
	"下一步将继续做好现场清理、隐患排查和善后工作，后续情况及时续报",
	"已通知下游沿线村社做好人员转移准备，加密巡查监测频次",
	"海事部门协调附近船只参与搜救，气象部门提供现场风浪实况",
	"经核查无人员被困，无次生灾害发生，舆情总体平稳",
	"村干部入户逐一核实人员情况，老弱病残由专人负责转移",
	"启动应急响应，相关责任单位按照预案落实各项防范措施",
};

/* A name of a hamlet: two characters of 3000, so that the index has many words. */
static void
put_hamlet(struct buf *out)
{
	for (int i = 0; i < 2; i++) {
		uint32_t cp = 0x4e00 + (uint32_t)(pick(3000) * 6 + pick(6));

		buf_printf(out, "%c%c%c", (int)(0xe0 | cp >> 12), (int)(0x80 | (cp >> 6 & 0x3f)), (int)(0x80 | (cp & 0x3f)));
	}
}

static void
make_text(uint64_t n, struct buf *out)
{
	size_t i, lines = 3 + pick(4);

	buf_clear(out);
	buf_printf(out, "%zu月%zu日%zu时%zu分，%s", 1 + pick(12), 1 + pick(28), pick(24), pick(60), PICK(townships));
	put_hamlet(out);
	buf_printf(out, "村%zu组村民%s%s家附近发生%s，", 1 + pick(9), PICK(family), PICK(given), PICK(events));
	for (i = 0; i < lines; i++)
		buf_printf(out, "%s；", PICK(sentence));
	buf_printf(out, "转移%zu人，安置%zu人，联系人%s%s，电话138%08zu。", pick(500), pick(300), PICK(family), PICK(given),
	    pick(100000000));
	if (n % 10007 == 5)
		buf_puts(out, "现场发现疑似鱷鰐饲养池。");
}

static void
make_report(struct journal_msg *m, uint64_t n)
{
	struct buf text = { 0 };
	struct body *b = body_new();

	memset(m, 0, sizeof *m);
	(void)snprintf(m->id.origin, sizeof m->id.origin, OWN);
	m->id.epoch = 1000;
	m->id.serial = n;
	m->kind = KIND_REPORT;
	m->precedence = PREC_ROUTINE;
	m->local = true;
	m->stored = 1763787393000 + (int64_t)n;
	(void)snprintf(m->from, sizeof m->from, OWN);
	body_set_num(b, F_KIND, KIND_REPORT);
	body_set_id(b, F_ID, &m->id);
	body_set_text(b, F_TO, "330225");
	buf_printf(&text, "关于%s%s的初报", PICK(townships), PICK(events));
	body_set_text(b, F_TITLE, buf_cstr(&text));
	make_text(n, &text);
	body_set_text(b, F_BRIEF, buf_cstr(&text));
	buf_free(&text);
	wire_encode(b, &m->body);
	digest_of(m->body.p, m->body.n, m->digest);
	body_free(b);
}

static double
file_bytes(const char *dir)
{
	static const char *const names[] = { "journal.db", "journal.db-wal" };
	double sum = 0;
	char path[600];
	struct stat st;

	for (size_t i = 0; i < 2; i++)
		if (snprintf(path, sizeof path, "%s/%s", dir, names[i]) < (int)sizeof path && stat(path, &st) == 0)
			sum += (double)st.st_size;
	return sum;
}

static void
commit(struct journal *j)
{
	ST_CHECK(j->ops->commit(j) == 0, "commit failed");
}

static void
fill(struct journal *j, uint64_t from, uint64_t to)
{
	struct journal_msg m;

	for (uint64_t n = from; n <= to; n++) {
		make_report(&m, n);
		ST_CHECK(j->ops->put_message(j, &m) == 0, "the journal failed");
		buf_free(&m.body);
		if (n % 2000 == 0 || n == to)
			commit(j);
	}
}

/* Indexes all, 64 a transaction as the switch does; µs a report, and the slowest transaction in ms. */
static double
index_all(struct journal *j, uint64_t n, double *slowest)
{
	double began = mono_s(), one, at;
	uint64_t left = 1;

	*slowest = 0;
	while (left > 0) {
		at = mono_s();
		ST_CHECK(j->ops->search_more(j, BATCH, &left) == 0, "the journal failed");
		commit(j);
		if ((one = (mono_s() - at) * 1e3) > *slowest)
			*slowest = one;
	}
	return (mono_s() - began) * 1e6 / (double)n;
}

static int
count(void *ctx, const struct journal_msg *m)
{
	(void)m;
	++*(size_t *)ctx;
	return 0;
}

static double
search_ms(struct journal *j, const char *query, uint64_t before, size_t *found)
{
	struct rounds r = { .n = 0 };

	for (int i = 0; i < ROUNDS; i++) {
		double began = mono_s();

		*found = 0;
		ST_CHECK(j->ops->search(j, query, before, LIMIT, count, found) == 0, "the journal failed");
		rounds_add(&r, (mono_s() - began) * 1e3);
	}
	return rounds_median(&r);
}

static void
searches(struct bench *b, struct journal *j, const char *size, uint64_t n)
{
	static const struct { const char *name, *query; bool two; } words[] = {
		{ "two_common", "滑坡", true }, { "two_in_all", "关于", true }, { "two_rare", "鱷鰐", true }, { "two_nowhere", "鲸鲨", true },
		{ "phrase_of_4", "山体滑坡", false }, { "two_words", "山体滑坡 石浦镇", false }, { "three_common", "火灾 溺水 坍塌", false },
		{ "phrase_nowhere", "镇石浦镇", false }, { "number", "13800000000", false }, { "one_common", "坡", false },
		{ "one_rare", "鰐", false }, { "one_nowhere", "鲸", false },
	};
	char name[96];
	size_t found, i;
	double ms;

	for (i = 0; i < sizeof words / sizeof words[0]; i++) {
		ms = search_ms(j, words[i].query, UINT64_MAX, &found);
		(void)snprintf(name, sizeof name, "search_%s_%s", size, words[i].name);
		bench_figure(b, name, ms, "ms", words[i].two ? 100 : NAN, true);
	}
	ms = search_ms(j, "滑坡", n / 10, &found);
	(void)snprintf(name, sizeof name, "search_%s_two_common_older", size);
	bench_figure(b, name, ms, "ms", 100, true);
}

int
main(int argc, char **argv)
{
	struct fault f = { 0 };
	struct journal *j;
	struct bench b;
	double slowest, before, us;
	char dir[400];
	size_t found;
	bool big = false;
	int i, kept = 1;

	for (i = 1; i < argc; i++)
		if (strcmp(argv[i], "--big") == 0)
			big = true;
		else
			argv[kept++] = argv[i];
	bench_begin(&b, kept, argv, "search (a search: at most 50 finds)");
	(void)snprintf(dir, sizeof dir, "%s/search", b.dir);
	j = journal_sqlite_open(dir, true, &f);
	ST_CHECK(j != NULL, "journal: %s", f.text);
	fill(j, 1, 100000);
	bench_figure(&b, "search_tail_nowhere", search_ms(j, "鲸鲨", UINT64_MAX, &found), "ms", NAN, true);
	before = file_bytes(dir);
	us = index_all(j, 100000, &slowest);
	bench_plain(&b, "index_report", us, "us/report");
	bench_plain(&b, "index_slowest_of_64", slowest, "ms");
	bench_plain(&b, "index_bytes", (file_bytes(dir) - before) / 100000, "bytes/report");
	bench_plain(&b, "journal_bytes", before / 100000, "bytes/report");
	searches(&b, j, "100k", 100000);
	if (big) {
		fill(j, 100001, 1000000);
		before = file_bytes(dir);
		us = index_all(j, 900000, &slowest);
		bench_plain(&b, "index_report_1m", us, "us/report");
		bench_plain(&b, "index_slowest_of_64_1m", slowest, "ms");
		bench_plain(&b, "index_bytes_1m", (file_bytes(dir) - before) / 900000, "bytes/report");
		searches(&b, j, "1m", 1000000);
	}
	j->ops->close(j);
	scratch_remove(dir);
	(void)snprintf(dir, sizeof dir, "%s/search/journal.db", b.dir);
	scratch_remove(dir);
	return bench_end(&b);
}
