/*
** test_db_mention.c - which tables and views the text of a view or trigger names.
*/
#include <stdlib.h>

#include "base/buf.h"
#include "base/mem.h"
#include "db/mention.h"
#include "unit.h"

static AdcpError err = ADCP_ERROR_INIT;

static void append(void *list, const AdcpObject *relation) {
  adcp_buf_appendf(list, "%s;", relation->name);
}

/* What of these is named in sql: tables a, B, "c d", new and a view v. */
static void check_names(AdcpObjectType type, const char *sql, const char *expected) {
  static char names[5][4] = {"a", "B", "c d", "v", "new"};
  AdcpObject objects[6] = {{.type = ADCP_OBJECT_INDEX, .name = names[0]}};
  for( size_t i = 0; i < 5; i++ ) {
    objects[i + 1].type = i == 3 ? ADCP_OBJECT_VIEW : ADCP_OBJECT_TABLE;
    objects[i + 1].name = names[i];
  }
  AdcpSchema schema = {.objects = objects, .object_count = 6};
  AdcpNameMap relations = {0};
  AdcpBuf list = {0};
  char *text = adcp_strdup(sql);
  AdcpObject object = {.type = type, .sql = text};
  adcp_mention_relations(&relations, &schema, &err);
  adcp_mention_each(&object, &relations, append, &list, &err);
  CHECK_CASE(err.rc == ADCP_OK, "%s", sql);
  CHECK_TEXT(adcp_buf_text(&list), expected);
  adcp_free(text);
  adcp_buf_free(&list);
  adcp_name_map_free(&relations);
}

static void view(const char *body, const char *expected) {
  char sql[300];
  snprintf(sql, sizeof sql, "CREATE VIEW \"a\" AS SELECT %s", body);
  check_names(ADCP_OBJECT_VIEW, sql, expected);
}

static void trigger(const char *body, const char *expected) {
  char sql[300];
  snprintf(sql, sizeof sql, "CREATE TRIGGER v AFTER UPDATE OF a ON [c d] BEGIN %s; END", body);
  check_names(ADCP_OBJECT_TRIGGER, sql, expected);
}

int main(void) {
  view("1", "");
  view("* FROM b, A, b /* v */ -- new", "B;a;");
  view("* FROM \"c d\" JOIN [v] JOIN `B`", "c d;v;B;");
  view("* FROM main.a", "a;");
  view("'a' || \"b\" FROM x", "B;");
  view("a.b FROM a", "a;");
  view("a . /* of a */ b, main.a.b", "a;");
  view("1.a, (1).a", "a;");
  trigger("INSERT INTO a VALUES(new.b, old . [b], OLD.v)", "a;new;");
  trigger("UPDATE \"c d\" SET b = 1", "c d;B;");
  trigger("SELECT 1", "");
  check_names(ADCP_OBJECT_VIEW, "no CREATE of a", "a;");
  check_names(ADCP_OBJECT_TRIGGER, "CREATE TRIGGER a AFTER 'x", "a;");
  return unit_done();
}
