/*
** test_archive_file.c - whole backups: written, read back, rewritten by other tools, cut off,
** damaged.
*/
#include "unit.h"

#include <errno.h>

#include "archive_fixture.h"
#include "base/limits.h"

static char DIR_TEMPLATE[] = "/tmp/adcp-archive-XXXXXX";
static const char *dir;

static const char *path_of(const char *name) {
  static char paths[4][128];
  static int turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", dir, name);
  return path;
}

static const char METADATA[] =
    "{\"format\":\"adcp-backup\",\"version\":\"3.0\",\"note\":\"n\xc3\xb6te\"}";

/* ---- a schema with everything in it ---- */

static AdcpSchema *make_schema(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  fix_table(schema, ADCP_TABLE_ORDINARY, false, "tenant", "id", "name", (char *)NULL);
  AdcpTable *product = fix_table(schema, ADCP_TABLE_ORDINARY, true, "product", "tenant_id", "$odd",
                                 "photo", "gen", (char *)NULL);
  product->strict = true;
  product->columns[3].generated = true;
  product->columns[0].not_null = true;
  product->columns[0].default_sql = adcp_strdup("'it''s'");
  schema->tables[0].rowid_column = 0;
  schema->tables[0].columns[0].primary_key = 1;
  AdcpForeignKey *key = adcp_table_add_foreign_key(product, &err);
  key->parent = adcp_strdup("tenant");
  key->count = 2;
  key->from = adcp_calloc(2, sizeof(char *));
  key->to = adcp_calloc(2, sizeof(char *));
  key->from[0] = adcp_strdup("tenant_id");
  key->from[1] = adcp_strdup("$odd");
  key->to[0] = adcp_strdup("id");
  key->on_update = adcp_strdup("NO ACTION");
  key->on_delete = adcp_strdup("CASCADE");
  AdcpTable *keyed =
      fix_table(schema, ADCP_TABLE_ORDINARY, false, "$k\"\xff", "a", "b", (char *)NULL);
  keyed->without_rowid = true;
  adcp_free(keyed->rowid_name);
  keyed->rowid_name = NULL;
  AdcpTable *fts = fix_table(schema, ADCP_TABLE_VIRTUAL, false, "fts", "body", (char *)NULL);
  fts->module = adcp_strdup("fts5");
  fts->module_loaded = true;
  AdcpTable *shadow =
      fix_table(schema, ADCP_TABLE_SHADOW, false, "fts_data", "id", "block", (char *)NULL);
  shadow->shadow_of = adcp_strdup("fts");
  fix_table(schema, ADCP_TABLE_ORDINARY, true, "empty", "x", (char *)NULL);
  fix_table(schema, ADCP_TABLE_STAT, true, "sqlite_stat1", "tbl", "idx", "stat", (char *)NULL);
  AdcpObject *index = adcp_schema_add_object(schema, &err);
  index->type = ADCP_OBJECT_INDEX;
  index->name = adcp_strdup("product_by_tenant");
  index->tbl_name = adcp_strdup("product");
  index->sql = adcp_strdup("CREATE INDEX \"\xfe\"");
  index = adcp_schema_add_object(schema, &err);
  index->type = ADCP_OBJECT_INDEX;
  index->name = adcp_strdup("sqlite_autoindex_product_1");
  index->tbl_name = adcp_strdup("product");
  adcp_schema_index(schema, &err);
  CHECK(err.rc == ADCP_OK);
  return schema;
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_table(const AdcpTable *a, const AdcpTable *b) {
  bool same = same_text(a->name, b->name) && a->kind == b->kind &&
              a->without_rowid == b->without_rowid && a->strict == b->strict &&
              a->has_rowid_key == b->has_rowid_key && a->rowid_column == b->rowid_column &&
              same_text(a->rowid_name, b->rowid_name) && same_text(a->module, b->module) &&
              a->module_loaded == b->module_loaded && same_text(a->shadow_of, b->shadow_of) &&
              a->column_count == b->column_count && a->foreign_key_count == b->foreign_key_count;
  for( size_t i = 0; same && i < a->column_count; i++ ) {
    const AdcpColumn *x = &a->columns[i], *y = &b->columns[i];
    same = same_text(x->name, y->name) && same_text(x->decl_type, y->decl_type) &&
           same_text(x->default_sql, y->default_sql) && x->not_null == y->not_null &&
           x->generated == y->generated && x->hidden == y->hidden &&
           x->primary_key == y->primary_key;
  }
  for( size_t i = 0; same && i < a->foreign_key_count; i++ ) {
    const AdcpForeignKey *x = &a->foreign_keys[i], *y = &b->foreign_keys[i];
    same = same_text(x->parent, y->parent) && x->count == y->count &&
           same_text(x->on_update, y->on_update) && same_text(x->on_delete, y->on_delete);
    for( size_t k = 0; same && k < x->count; k++ ) {
      same = same_text(x->from[k], y->from[k]) && same_text(x->to[k], y->to[k]);
    }
  }
  return same;
}

/* The order of tables may differ after a tool has sorted keys. */
static void check_schema(const AdcpSchema *want, const AdcpSchema *got) {
  CHECK(want->object_count == got->object_count && want->table_count == got->table_count);
  for( size_t i = 0; i < want->object_count && i < got->object_count; i++ ) {
    const AdcpObject *x = &want->objects[i], *y = &got->objects[i];
    CHECK(x->type == y->type && same_text(x->name, y->name) && same_text(x->sql, y->sql) &&
          same_text(x->tbl_name, y->tbl_name));
  }
  for( size_t i = 0; i < want->table_count; i++ ) {
    const AdcpTable *table = adcp_schema_table(got, want->tables[i].name);
    CHECK_CASE(table && same_table(&want->tables[i], table), "%s", want->tables[i].name);
  }
}

/* ---- rows: made by table and number ---- */

static int row_count = 40;

static int rows_of(const AdcpTable *table) {
  if( table->kind == ADCP_TABLE_VIRTUAL || strcmp(table->name, "empty") == 0 ) return 0;
  return row_count;
}

/* Values of row i; texts stand in room. */
static void make_row(const AdcpTable *table, int i, AdcpValue values[8], uint8_t room[256]) {
  uint64_t seed = (uint64_t)i * 2654435761u + (uint64_t)table->name[0] + 1;
  size_t count = adcp_table_value_count(table), used = 0;
  for( size_t k = 0; k < count; k++ ) {
    uint64_t r = fix_random(&seed);
    size_t n = r % 30;
    for( size_t b = 0; b < n; b++ ) {
      uint64_t c = fix_random(&seed);
      room[used + b] = (uint8_t)(r & 256 ? 'a' + c % 26 : c);
    }
    switch( k == 0 ? 0 : (r >> 20) % 6 ) {
    case 0: values[k] = fix_integer(i * 3 - 7); break;
    case 1: values[k] = fix_real((double)(int64_t)(r >> 8) / 1024.0); break;
    case 2: values[k] = fix_bytes(ADCP_BLOB, room + used, n); break;
    case 3: values[k] = fix_null(); break;
    case 4: values[k] = fix_integer((int64_t)(r >> 10)); break;
    default: values[k] = fix_bytes(ADCP_TEXT, room + used, n); break;
    }
    used += n;
  }
}

static AdcpBlockWriterOptions options_of(AdcpContainer container, int threads) {
  return (AdcpBlockWriterOptions){.container = container, .level = 6, .threads = threads};
}

static AdcpArchiveTotals write_backup(const char *path, const AdcpSchema *schema,
                                      AdcpBlockWriterOptions options) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpArchiveTotals totals = {0};
  AdcpArchiveWriter *w = adcp_archive_writer_open(NULL, path, ADCP_OUT_REPLACE, &options, &err);
  if( w ) {
    adcp_archive_write_section(w, "backup_metadata", METADATA, sizeof METADATA - 1);
    adcp_archive_write_schema(w, schema);
    adcp_archive_write_section(w, "app_settings", "{\"$a\": [1, 2.50]}", 17);
    adcp_archive_begin_tables(w);
    for( size_t t = 0; t < schema->table_count; t++ ) {
      const AdcpTable *table = &schema->tables[t];
      if( table->kind == ADCP_TABLE_VIRTUAL ) continue;
      adcp_archive_begin_table(w, table);
      for( int i = 0; i < rows_of(table); i++ ) {
        AdcpValue values[8];
        uint8_t room[256];
        make_row(table, i, values, room);
        adcp_archive_write_row(w, values);
      }
      adcp_archive_end_table(w);
    }
    adcp_archive_finish(w, &totals);
    adcp_archive_commit(w);
    adcp_archive_writer_close(w);
  }
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  adcp_error_clear(&err);
  return totals;
}

/* Compares the current row with what was written; text, when it is ours, too. */
static bool same_row(AdcpArchiveReader *r) {
  const AdcpTable *table = adcp_archive_table(r)->table;
  AdcpValue values[8];
  uint8_t room[256];
  make_row(table, (int)adcp_archive_row_number(r) - 1, values, room);
  size_t size;
  const char *text = adcp_archive_row_text(r, &size);
  if( size < 2 || text[0] != '{' || text[size - 1] != '}' ) return false;
  const AdcpValue *got = adcp_archive_row(r);
  for( size_t k = 0; k < adcp_table_value_count(table); k++ ) {
    if( !fix_same(&got[k], &values[k]) ) return false;
  }
  return true;
}

/* Reads all; returns how many rows were right, or -1 with the message kept. */
static char last_message[512];

static long read_all(const char *path, int threads, bool *indexed) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path, threads, &err);
  long rows = 0;
  AdcpArchiveEvent event = ADCP_ARCHIVE_ERROR;
  while( r && (event = adcp_archive_next(r)) != ADCP_ARCHIVE_END ) {
    if( event == ADCP_ARCHIVE_ERROR ) break;
    if( event == ADCP_ARCHIVE_ROW ) rows += same_row(r) ? 1 : -1000000;
  }
  if( r && indexed ) *indexed = adcp_archive_head(r)->indexed;
  if( r && event == ADCP_ARCHIVE_END && adcp_archive_next(r) != ADCP_ARCHIVE_END ) rows = -2000000;
  if( err.rc ) {
    snprintf(last_message, sizeof last_message, "%s", adcp_error_message(&err));
    rows = -1;
  }
  CHECK((event == ADCP_ARCHIVE_END) == (err.rc == ADCP_OK));
  adcp_archive_reader_close(r);
  adcp_error_clear(&err);
  return rows;
}

static const AdcpContainer CONTAINERS[] = {ADCP_CONTAINER_PLAIN, ADCP_CONTAINER_GZIP,
                                           ADCP_CONTAINER_ZSTD};
#define CONTAINER_COUNT ((int)(sizeof CONTAINERS / sizeof CONTAINERS[0]))
static const char *const SUFFIXES[] = {"json", "json.gz", "json.zst"};

/* ---- what a backup looks like ---- */

static void test_layout(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  fix_table(schema, ADCP_TABLE_ORDINARY, false, "a", "x", (char *)NULL);
  fix_table(schema, ADCP_TABLE_ORDINARY, false, "b", "x", (char *)NULL);
  schema->tables[0].rowid_column = 0;
  adcp_schema_index(schema, &err);
  AdcpBlockWriterOptions options = options_of(ADCP_CONTAINER_PLAIN, 0);
  AdcpArchiveWriter *w =
      adcp_archive_writer_open(NULL, path_of("layout"), ADCP_OUT_REPLACE, &options, &err);
  adcp_archive_write_section(w, "backup_metadata", METADATA, sizeof METADATA - 1);
  adcp_archive_write_schema(w, schema);
  adcp_archive_begin_tables(w);
  for( size_t t = 0; t < 2; t++ ) {
    adcp_archive_begin_table(w, &schema->tables[t]);
    for( int i = 1; i <= 2 && t == 0; i++ ) {
      AdcpValue value = fix_integer(i);
      adcp_archive_write_row(w, &value);
    }
    adcp_archive_end_table(w);
  }
  adcp_archive_finish(w, NULL);
  adcp_archive_commit(w);
  adcp_archive_writer_close(w);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  AdcpBuf got = {0};
  fix_read_file(path_of("layout"), &got);
  static const char HEAD[] =
      "{\"backup_metadata\":{\"format\":\"adcp-backup\",\"version\":\"3.0\",\"note\":"
      "\"n\xc3\xb6te\"},\n"
      "\"database_schema\":{\"objects\":[\n"
      "{\"type\":\"table\",\"name\":\"a\",\"tbl_name\":\"a\",\"sql\":\"CREATE TABLE "
      "\\\"a\\\"(...)\"},\n"
      "{\"type\":\"table\",\"name\":\"b\",\"tbl_name\":\"b\",\"sql\":\"CREATE TABLE "
      "\\\"b\\\"(...)\"}\n"
      "],\"tables\":{\n"
      "\"a\":{\"kind\":\"ordinary\",\"rowid_name\":\"rowid\",\"rowid_column\":\"x\",\"columns\":[{"
      "\"name\":\"x\",\"type\":\"\"}]},\n"
      "\"b\":{\"kind\":\"ordinary\",\"rowid_name\":\"rowid\",\"columns\":[{\"name\":\"x\",\"type\":"
      "\"\"}]}\n"
      "},\"indexes\":{\n},\"foreign_keys\":{\n}},\n"
      "\"fts_tables\":{},\n"
      "\"tables\":{\n"
      "\"a\":[\n{\"x\":1},\n{\"x\":2}\n],\n"
      "\"b\":[\n]},\n"
      "\"backup_manifest\":{\"summary\":{\"tables\":2,\"rows\":2,\"bytes\":";
  CHECK(got.size > sizeof HEAD && memcmp(got.data, HEAD, sizeof HEAD - 1) == 0);
  static const char TABLES[] =
      "\"tables\":[\n{\"name\":\"a\",\"rows\":2,\"bytes\":16,\"block\":0,\"offset\":";
  CHECK(memmem(got.data, got.size, TABLES, sizeof TABLES - 1) != NULL);
  static const char EMPTY[] = /* the SHA-256 of nothing */
      "\"sha256\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}\n],"
      "\"blocks\":[\n[";
  CHECK(memmem(got.data, got.size, EMPTY, sizeof EMPTY - 1) != NULL);
  /* what the manifest says, by tools that are not ours */
  CHECK(fix_run(
      dir,
      "/usr/bin/python3 - <<'E'\n"
      "import json,hashlib,zlib,os\n"
      "p=os.environ['D']+'/layout'; b=open(p,'rb').read(); d=json.loads(b)\n"
      "m=d['backup_manifest']; e=d['backup_end']; at=int(e['manifest_at'])\n"
      "assert len(e['manifest_at'])==20 and len(e['manifest_crc32'])==8\n"
      "assert b[at:].startswith(b'\"backup_manifest\":') and m['bytes']==at\n"
      "end=b.rindex(b'\"backup_end\"'); assert b.endswith(b'\"}}\\n')\n"
      "assert '%08x'%zlib.crc32(b[at:end])==e['manifest_crc32']\n"
      "assert sum(x[1] for x in m['blocks'])==at\n"
      "u=m['summary']; x=b[at+29:b.index(b',\"summary_crc32\"')]\n"
      "assert json.loads(x)==u and m['summary_crc32']=='%08x'%zlib.crc32(x)\n"
      "assert (u['tables'],u['rows'],u['bytes'])==(2,2,len(b))\n"
      "assert u['content_sha256']==m['content_sha256']\n"
      "x=b[19:b.index(b',\\n\"database_schema\"')]\n"
      "assert u['metadata_crc32']=='%08x'%zlib.crc32(x)\n"
      "assert u['full_sha256']==m['full_sha256'] and m['text_at']=='%020d'%at\n"
      "x=b[:b.index(b'\\n\"tables\":{')+1]; assert u['head_bytes']==len(x)\n"
      "assert u['head_crc32']=='%08x'%zlib.crc32(x)\n"
      "x=b[b.index(b'\"tables\":[\\n'):b.index(b'\\n],\"blocks\"')][11:].replace(b',\\n',b'')\n"
      "assert u['tables_crc32']=='%08x'%zlib.crc32(x)\n"
      "s,r,c=m['blocks'][0]; assert zlib.crc32(b[:r])==c and s==r\n"
      "t=m['tables']; h=hashlib.sha256\n"
      "assert h(b'{\"x\":1}\\n{\"x\":2}\\n').hexdigest()==t[0]['sha256']\n"
      "assert b[t[0]['offset']:].startswith(b'{\"x\":1}')\n"
      "assert b[t[1]['offset']:].startswith(b']},')\n"
      "o=sorted(d['database_schema']['objects'],key=lambda x:(x['name'],x['type']))\n"
      "j=lambda x:json.dumps(x,ensure_ascii=False,separators=(',',':'))+'\\n'\n"
      "w=''.join(j([x['type'],x['name'],x['sql']]) for x in o)\n"
      "w+=''.join(j([x['name'],x['rows'],x['sha256']]) for x in t)\n"
      "assert h(w.encode()).hexdigest()==m['content_sha256']==m['full_sha256']\n"
      "E"));
  adcp_buf_free(&got);
  adcp_schema_free(schema);
  adcp_error_clear(&err);
}

/* ---- what no reader would take is not written ---- */

static AdcpArchiveWriter *begin_backup(const AdcpSchema *schema, AdcpError *err) {
  AdcpBlockWriterOptions options = options_of(ADCP_CONTAINER_PLAIN, 0);
  AdcpArchiveWriter *w =
      adcp_archive_writer_open(NULL, path_of("too large"), ADCP_OUT_NEW, &options, err);
  adcp_archive_write_section(w, "backup_metadata", METADATA, sizeof METADATA - 1);
  adcp_archive_write_schema(w, schema);
  return w;
}

static void end_refused(AdcpArchiveWriter *w, AdcpError *err, const char *message) {
  adcp_archive_finish(w, NULL);
  adcp_archive_commit(w);
  adcp_archive_writer_close(w);
  CHECK(err->rc == ADCP_TOOBIG);
  CHECK_TEXT(adcp_error_message(err), message);
  CHECK(access(path_of("too large"), F_OK) != 0);
  adcp_error_clear(err);
}

static void test_head_limit(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = make_schema();
  size_t n = 1 << 24;
  char *json = adcp_malloc(n);
  memset(json, ' ', n);
  json[0] = '1';
  AdcpArchiveWriter *w = begin_backup(schema, &err);
  for( char name[] = "a"; *name < 'a' + 14; ++*name ) adcp_archive_write_section(w, name, json, n);
  CHECK(err.rc == ADCP_OK);
  adcp_archive_write_section(w, "p", json, n);
  adcp_archive_begin_tables(w);
  end_refused(w, &err,
              "the schema and the settings would take more than 251658240 bytes in front of the "
              "rows, and no restore reads more; leave tables or views out with exclude_tables, or "
              "give fewer settings; the longest definition is that of table \"sqlite_stat1\", with "
              "32 bytes");
  adcp_free(json);
  adcp_schema_free(schema);
}

/* All columns hold the same bytes. */
static void check_row_limit(AdcpTableKind kind, size_t n, const char *message) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  AdcpTable *table = fix_table(schema, kind, true, "wide", (char *)NULL);
  if( kind == ADCP_TABLE_SHADOW ) table->shadow_of = adcp_strdup("owner");
  for( int i = 0; i < 1024; i++ ) {
    char name[] = {'c', (char)('a' + i / 256), (char)('a' + i / 16 % 16), (char)('a' + i % 16), 0};
    adcp_table_add_column(table, &err)->name = adcp_strdup(name);
  }
  adcp_schema_index(schema, &err);
  uint8_t *bytes = adcp_calloc(1, n);
  AdcpValue *values = adcp_calloc(1025, sizeof *values);
  AdcpArchiveWriter *w = begin_backup(schema, &err);
  adcp_archive_begin_tables(w);
  adcp_archive_begin_table(w, table);
  for( int i = 0; i < 1025; i++ ) values[i] = fix_null();
  values[0] = fix_integer(3);
  adcp_archive_write_row(w, values);
  CHECK_CASE(err.rc == ADCP_OK, "%s", adcp_error_message(&err));
  for( int i = 0; i < 1025; i++ ) values[i] = fix_bytes(ADCP_BLOB, bytes, n);
  values[0] = fix_integer(70);
  adcp_archive_write_row(w, values);
  adcp_archive_end_table(w);
  end_refused(w, &err, message);
  adcp_free(values);
  adcp_free(bytes);
  adcp_schema_free(schema);
}

static void test_row_limit(void) {
  check_row_limit(
      ADCP_TABLE_ORDINARY, 2359296,
      "row 2 (rowid 70): its values would take 3221245965 bytes of "
      "JSON, and no restore reads a row of more than 3221225472; shorten them, or leave "
      "its rows out with {\"exclude_data\":[\"wide\"]}");
  check_row_limit(
      ADCP_TABLE_SHADOW, 1572864,
      "row 2 (rowid 70): its values would take 3221244941 bytes of "
      "JSON, and no restore reads a row of more than 3221225472; shorten them, or leave "
      "its rows out with {\"exclude_data\":[\"owner\"]}");
}

/* ---- round trips ---- */

static void test_round_trip(void) {
  AdcpSchema *schema = make_schema();
  row_count = 3000; /* several blocks */
  for( int c = 0; c < CONTAINER_COUNT; c++ ) {
    const char *path = path_of(SUFFIXES[c]);
    AdcpArchiveTotals totals = write_backup(path, schema, options_of(CONTAINERS[c], 2));
    CHECK(totals.tables == 4 && totals.rows == 3 * row_count);
    AdcpError err = ADCP_ERROR_INIT;
    AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path, 0, &err);
    CHECK_CASE(r != NULL, "%s", adcp_error_message(&err));
    if( r ) {
      const AdcpArchiveHead *head = adcp_archive_head(r);
      CHECK(head->indexed && head->warnings.count == 0);
      CHECK(head->container == CONTAINERS[c] && head->table_count == 6 && head->block_count > 1);
      CHECK(memcmp(&head->totals, &totals, sizeof totals) == 0);
      CHECK_TEXT(head->version, "3.0");
      CHECK_TEXT(head->metadata, METADATA);
      size_t n = 0;
      CHECK_TEXT(adcp_archive_section(r, "app_settings", &n), "{\"$a\": [1, 2.50]}");
      CHECK(n == 17 && adcp_archive_section(r, "tables", &n) == NULL);
      CHECK_TEXT(adcp_archive_section(r, "fts_tables", &n),
                 "{\n\"fts\":{\"module\":\"fts5\",\"shadow_tables\":[\"fts_data\"]}}");
      check_schema(schema, head->schema);
      for( size_t i = 0; i < schema->table_count; i++ ) { /* the order too */
        CHECK(same_table(&schema->tables[i], &head->schema->tables[i]));
      }
    }
    adcp_archive_reader_close(r);
    for( int threads = 0; threads < 3; threads++ ) {
      bool indexed = false;
      CHECK_CASE(read_all(path, threads, &indexed) == 5 * row_count, "%s", last_message);
      CHECK(indexed);
    }
    adcp_error_clear(&err);
  }
  adcp_schema_free(schema);
}

static void test_threads(void) {
  AdcpSchema *schema = make_schema();
  row_count = 4000;
  for( int c = 0; c < CONTAINER_COUNT; c++ ) {
    AdcpBuf first = {0};
    for( int threads = 0; threads <= 4; threads++ ) {
      AdcpBuf now = {0};
      write_backup(path_of("threads"), schema, options_of(CONTAINERS[c], threads));
      fix_read_file(path_of("threads"), threads ? &now : &first);
      CHECK(threads == 0 ||
            (now.size == first.size && memcmp(now.data, first.data, now.size) == 0));
      adcp_buf_free(&now);
    }
    adcp_buf_free(&first);
  }
  adcp_schema_free(schema);
}

/* Schema only: no table has an entry; data only: tables are described, objects are not there. */
static void test_parts(void) {
  for( int c = 0; c < CONTAINER_COUNT; c++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpSchema *schema = make_schema();
    AdcpBlockWriterOptions options = options_of(CONTAINERS[c], 0);
    AdcpArchiveWriter *w =
        adcp_archive_writer_open(NULL, path_of("part"), ADCP_OUT_REPLACE, &options, &err);
    adcp_archive_write_section(w, "backup_metadata", METADATA, sizeof METADATA - 1);
    adcp_archive_write_schema(w, schema);
    adcp_archive_begin_tables(w);
    adcp_archive_finish(w, NULL);
    adcp_archive_commit(w);
    adcp_archive_writer_close(w);
    bool indexed = false;
    CHECK_CASE(read_all(path_of("part"), 0, &indexed) == 0 && indexed, "%s", last_message);
    AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("part"), 0, &err);
    CHECK(r && adcp_archive_head(r)->table_count == 0);
    if( r ) check_schema(schema, adcp_archive_head(r)->schema);
    adcp_archive_reader_close(r);
    adcp_schema_free(schema);
    schema = make_schema();
    size_t count = schema->object_count;
    schema->object_count = 0;
    row_count = 10;
    write_backup(path_of("part"), schema, options);
    CHECK_CASE(read_all(path_of("part"), 0, &indexed) == 50, "%s", last_message);
    schema->object_count = count;
    adcp_schema_free(schema);
    CHECK(err.rc == ADCP_OK);
    adcp_error_clear(&err);
  }
}

/* ---- layouts of other tools ---- */

static void test_layouts(void) {
  static const struct {
    const char *command;
    bool indexed;
  } cases[] = {
      {"cp $D/in.json $D/out", true},
      {"gunzip -c < $D/in.json.gz > $D/out", true},
      {"gzip -c < $D/in.json > $D/out", false},
      {"pigz -b 128 -c < $D/in.json > $D/out", false},
      {"(head -c 5000 $D/in.json | gzip -c; tail -c +5001 $D/in.json | gzip -c) > $D/out", false},
      {"(printf '\\357\\273\\277'; cat $D/in.json) > $D/out", false},
      {"sed 's/$/\\r/' $D/in.json > $D/out", false},
      {"(cat $D/in.json; printf ' \\n\\n') > $D/out", true},
      {"/usr/bin/python3 -c 'import json,os;d=os.environ[\"D\"];"
       "json.dump(json.load(open(d+\"/in.json\")),open(d+\"/out\",\"w\"),indent=2)'",
       false},
      {"/usr/bin/python3 -c 'import json,os;d=os.environ[\"D\"];"
       "json.dump(json.load(open(d+\"/in.json\")),open(d+\"/out\",\"w\"),sort_keys=True)'",
       false},
      {"/usr/bin/python3 -c 'import json,os;d=os.environ[\"D\"];o=json.load(open(d+\"/in.json\"));"
       "json.dump(dict(reversed(o.items())),open(d+\"/out\",\"w\"))'",
       false},
      {"php -d memory_limit=-1 -d precision=17 -d serialize_precision=-1 -r "
       "'echo json_encode(json_decode(file_get_contents(getenv(\"D\").\"/in.json\")),"
       "JSON_PRESERVE_ZERO_FRACTION);' > $D/out",
       false},
      {"ruby -rjson -e 'd=ENV[\"D\"];puts "
       "JSON.pretty_generate(JSON.parse(File.read(d+\"/in.json\")))'"
       " > $D/out",
       false},
  };
  AdcpSchema *schema = make_schema();
  row_count = 500;
  write_backup(path_of("in.json"), schema, options_of(ADCP_CONTAINER_PLAIN, 0));
  write_backup(path_of("in.json.gz"), schema, options_of(ADCP_CONTAINER_GZIP, 0));
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    bool indexed = false;
    CHECK_CASE(fix_run(dir, cases[i].command), "%s", cases[i].command);
    CHECK_CASE(read_all(path_of("out"), 1, &indexed) == 5 * row_count, "%s: %s", cases[i].command,
               last_message);
    CHECK_CASE(indexed == cases[i].indexed, "%s", cases[i].command);
    AdcpError err = ADCP_ERROR_INIT;
    AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("out"), 0, &err);
    if( r ) check_schema(schema, adcp_archive_head(r)->schema);
    adcp_archive_reader_close(r);
    adcp_error_clear(&err);
  }
  /* A tool that rewrites numbers: refused, and the message says why. */
  CHECK(fix_run(dir, "/usr/bin/python3 -c 'import json,os;d=os.environ[\"D\"];"
                     "json.dump(json.load(open(d+\"/in.json\"),parse_float=lambda x:int(float(x))),"
                     "open(d+\"/out\",\"w\"))'"));
  CHECK(read_all(path_of("out"), 0, NULL) == -1);
  CHECK_CASE(strstr(last_message, "another tool changed numbers or text"), "%s", last_message);
  adcp_schema_free(schema);
}

/* jq keeps what it can: its pretty, compact and sorted layouts are read or refused, never misread.
** */
static void test_jq(void) {
  static const char *const commands[] = {"jq . $D/in.json > $D/out", "jq -c . $D/in.json > $D/out",
                                         "jq -S . $D/in.json > $D/out"};
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  fix_table(schema, ADCP_TABLE_ORDINARY, false, "z", "name", "b", "a", (char *)NULL);
  fix_table(schema, ADCP_TABLE_ORDINARY, false, "c", "name", (char *)NULL);
  adcp_schema_index(schema, &err);
  AdcpBlockWriterOptions options = options_of(ADCP_CONTAINER_PLAIN, 0);
  AdcpArchiveWriter *w =
      adcp_archive_writer_open(NULL, path_of("in.json"), ADCP_OUT_REPLACE, &options, &err);
  adcp_archive_write_section(w, "backup_metadata", METADATA, sizeof METADATA - 1);
  adcp_archive_write_schema(w, schema);
  adcp_archive_begin_tables(w);
  adcp_archive_begin_table(w, &schema->tables[0]);
  for( int i = 0; i < 50; i++ ) {
    AdcpValue values[3] = {fix_text("a\"\xc3\xa9"), fix_integer(i),
                           fix_bytes(ADCP_BLOB, "x\xff", 2)};
    adcp_archive_write_row(w, values);
  }
  adcp_archive_end_table(w);
  adcp_archive_begin_table(w, &schema->tables[1]);
  adcp_archive_end_table(w);
  adcp_archive_finish(w, NULL);
  adcp_archive_commit(w);
  adcp_archive_writer_close(w);
  for( int i = 0; i < 3; i++ ) {
    CHECK(fix_run(dir, commands[i]));
    AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("out"), 0, &err);
    CHECK_CASE(r != NULL, "%s: %s", commands[i], adcp_error_message(&err));
    AdcpArchiveEvent event = ADCP_ARCHIVE_ERROR;
    int rows = 0;
    while( r && (event = adcp_archive_next(r)) > ADCP_ARCHIVE_ERROR && event != ADCP_ARCHIVE_END ) {
      if( event != ADCP_ARCHIVE_ROW ) continue;
      CHECK(adcp_archive_row(r)[1].integer == rows++);
    }
    CHECK_CASE(event == ADCP_ARCHIVE_END && rows == 50, "%s: %s", commands[i],
               adcp_error_message(&err));
    if( r ) CHECK(!adcp_archive_head(r)->indexed && adcp_archive_head(r)->warnings.count == 1);
    adcp_archive_reader_close(r);
    adcp_error_clear(&err);
  }
  adcp_schema_free(schema);
}

/* ---- damage ---- */

static void test_truncation(void) {
  AdcpSchema *schema = make_schema();
  row_count = 3;
  for( int c = 0; c < CONTAINER_COUNT; c++ ) {
    AdcpBuf whole = {0};
    write_backup(path_of(SUFFIXES[c]), schema, options_of(CONTAINERS[c], 0));
    fix_read_file(path_of(SUFFIXES[c]), &whole);
    long wrong = 0;
    for( size_t n = 0; n < whole.size; n++ ) {
      fix_write_file(path_of("cut"), whole.data, n);
      bool line_break_only = CONTAINERS[c] == ADCP_CONTAINER_PLAIN && n == whole.size - 1;
      long rows = read_all(path_of("cut"), 0, NULL);
      if( rows != (line_break_only ? 5 * row_count : -1) ) {
        fprintf(stderr, "  cut at %zu of %zu: %ld rows\n", n, whole.size, rows);
        wrong++;
      }
    }
    CHECK(wrong == 0);
    adcp_buf_append_str(&whole, "x");
    fix_write_file(path_of("cut"), whole.data, whole.size);
    CHECK(read_all(path_of("cut"), 0, NULL) == -1);
    adcp_buf_free(&whole);
  }
  adcp_schema_free(schema);
}

/* Every byte changed in two ways: an error, or nothing changed in what is read. */
static void test_flips(void) {
  AdcpSchema *schema = make_schema();
  row_count = 2;
  for( int c = 0; c < CONTAINER_COUNT; c++ ) {
    AdcpBuf whole = {0};
    write_backup(path_of(SUFFIXES[c]), schema, options_of(CONTAINERS[c], 0));
    fix_read_file(path_of(SUFFIXES[c]), &whole);
    long wrong = 0, accepted = 0;
    for( size_t i = 0; i < 2 * whole.size; i++ ) {
      uint8_t change = i & 1 ? 0x01 : 0x20;
      whole.data[i / 2] ^= change;
      fix_write_file(path_of("flip"), whole.data, whole.size);
      AdcpError err = ADCP_ERROR_INIT;
      AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("flip"), 0, &err);
      bool same = r && same_text(adcp_archive_head(r)->metadata, METADATA);
      adcp_archive_reader_close(r);
      adcp_error_clear(&err);
      long rows = read_all(path_of("flip"), 0, NULL);
      if( rows != -1 ) accepted++;
      if( rows != -1 && (rows != 5 * row_count || !same) ) {
        fprintf(stderr, "  byte %zu ^ %02x: %ld rows\n", i / 2, change, rows);
        wrong++;
      }
      whole.data[i / 2] ^= change;
    }
    CHECK(wrong == 0);
    CHECK_CASE(accepted < 150, "%ld changes accepted", accepted);
    adcp_buf_free(&whole);
  }
  adcp_schema_free(schema);
}

/* Random changes of a plain backup: errors, no crash, no endless loop. */
static void test_mutations(void) {
  static const char ALPHABET[] = "{}[]\",:\\0123456789eE+-.$ \n\xff tnr";
  AdcpSchema *schema = make_schema();
  row_count = 3;
  uint64_t seed = 11;
  AdcpBuf whole = {0}, copy = {0};
  write_backup(path_of("m.json"), schema, options_of(ADCP_CONTAINER_PLAIN, 0));
  fix_read_file(path_of("m.json"), &whole);
  for( int i = 0; i < 3000; i++ ) {
    adcp_buf_clear(&copy);
    adcp_buf_append(&copy, whole.data, whole.size);
    for( uint64_t k = 1 + fix_random(&seed) % 4; k > 0; k-- ) {
      size_t at = fix_random(&seed) % copy.size, n = fix_random(&seed) % 60;
      if( fix_random(&seed) % 3 == 0 && at + n < copy.size ) { /* a piece twice, or not at all */
        size_t to = fix_random(&seed) % (copy.size - n);
        memmove(copy.data + to, copy.data + at, n);
      } else {
        copy.data[at] = (uint8_t)ALPHABET[fix_random(&seed) % (sizeof ALPHABET - 1)];
      }
    }
    fix_write_file(path_of("mutant"), copy.data, copy.size);
    AdcpError err = ADCP_ERROR_INIT;
    AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("mutant"), 0, &err);
    AdcpArchiveEvent event = ADCP_ARCHIVE_ERROR;
    long events = 0;
    while( r && (event = adcp_archive_next(r)) > ADCP_ARCHIVE_ERROR && event != ADCP_ARCHIVE_END ) {
      if( event == ADCP_ARCHIVE_TABLE_BEGIN && fix_random(&seed) % 4 == 0 ) {
        adcp_archive_skip_table(r);
      }
      if( ++events > 1000 ) break;
    }
    if( events > 1000 ) CHECK(0);
    if( r && adcp_archive_head(r)->indexed ) {
      adcp_error_clear(&err);
      adcp_archive_seek_table(r, fix_random(&seed) % adcp_archive_head(r)->table_count);
      adcp_archive_next(r);
    }
    adcp_archive_reader_close(r);
    adcp_error_clear(&err);
  }
  CHECK(1);
  adcp_buf_free(&whole);
  adcp_buf_free(&copy);
  adcp_schema_free(schema);
}

/* ---- what is refused, and how ---- */

static void check_refused(const char *text, AdcpRc rc, const char *part) {
  AdcpError err = ADCP_ERROR_INIT;
  fix_write_file(path_of("refused"), text, strlen(text));
  AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("refused"), 0, &err);
  while( r && adcp_archive_next(r) > ADCP_ARCHIVE_ERROR ) {
    if( adcp_archive_next(r) == ADCP_ARCHIVE_END ) break;
  }
  CHECK_CASE(err.rc == rc && strstr(adcp_error_message(&err), part), "%s: %d %s", text, err.rc,
             adcp_error_message(&err));
  adcp_archive_reader_close(r);
  adcp_error_clear(&err);
}

#define META(version)                                                                              \
  "{\"backup_metadata\":{\"format\":\"adcp-backup\",\"version\":\"" version "\"}"

static void test_refused(void) {
  check_refused("", ADCP_NOTADB, "empty");
  check_refused("SQLite format 3", ADCP_NOTADB, "");
  check_refused("{\"a\":1}", ADCP_NOTADB, "no backup_metadata");
  check_refused("{]", ADCP_NOTADB, "not a backup");
  check_refused("{\"backup_metadata\":{\"format\":\"x\",\"version\":\"3.0\"}}", ADCP_NOTADB,
                "\"x\"");
  check_refused(META("4.1") "}", ADCP_ERROR, "version \"4.1\"");
  check_refused(META("30.1") "}", ADCP_ERROR, "version \"30.1\"");
  check_refused("{\"backup_metadata\":{\"requires\":[\"zap\"],\"format\":\"adcp-backup\","
                "\"version\":\"3.1\"}}",
                ADCP_ERROR, "\"zap\"");
  check_refused(META("3.0") ",\"tables\":{\"t\":[{", ADCP_CORRUPT, "incomplete");
  check_refused(META("3.0") ",\"tables\":{\"t\":[{", ADCP_CORRUPT, "without its end line");
  check_refused(META("3.0") ",\"tables\":{},\"tables\":{}}", ADCP_CORRUPT, "stands twice");
  check_refused(META("3.0") ",\"tables\":{\"t\":[],\"t\":[]}}", ADCP_CORRUPT, "\"t\" stands twice");
  check_refused(META("3.0") ",\"tables\":{}}", ADCP_CORRUPT, "no \"database_schema\"");
  check_refused("{\"backup_metadata\":{\"version\":\"2.0\"},\"tenants\":[]}", ADCP_CORRUPT,
                "incomplete: a backup of version 2.0 that has no \"products\"");
}

/* A file of format 2.0 gives the head and the events of any archive. */
static void test_old(void) {
  static const char text[] =
      "{\"backup_metadata\":{\"version\":\"2.0\"},\"tenants\":[{\"id\":1,\"on\":true}],"
      "\"products\":[],\"external_agents\":[],\"product_embeddings\":[{\"id\":3,"
      "\"product_id\":7,\"embedding\":[1.0,-0.5]}],\"app_settings\":{\"a\":1.0},"
      "\"tenant_settings\":{},\"database_schema\":{},\"fts_tables\":{},"
      "\"environment_config\":{},\"feature_flags\":{}}";
  static const uint8_t floats[] = {0, 0, 0x80, 0x3f, 0, 0, 0, 0xbf};
  fix_write_file(path_of("refused"), text, strlen(text));
  AdcpError err = ADCP_ERROR_INIT;
  AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("refused"), 0, &err);
  CHECK(r != NULL);
  if( r ) {
    CHECK_TEXT(adcp_archive_head(r)->version, "2.0");
    CHECK_TEXT(adcp_archive_head(r)->metadata, "{\"version\":\"2.0\"}");
    CHECK_TEXT(adcp_archive_section(r, "app_settings", NULL), "{\"a\":1.0}");
    CHECK(adcp_archive_head(r)->warnings.count == 1); /* the embedding has no product */
    size_t n;
    CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_TABLE_BEGIN);
    CHECK_TEXT(adcp_archive_table(r)->table->name, "tenant");
    CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_ROW);
    CHECK_TEXT(adcp_archive_row_text(r, &n), "{\"id\":1,\"on\":1}");
    CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_TABLE_END);
    CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_TABLE_BEGIN);
    adcp_archive_skip_table(r);
    CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_TABLE_END);
    for( int i = 0; i < 3; i++ ) adcp_archive_next(r);
    CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_ROW);
    const AdcpValue *values = adcp_archive_row(r);
    CHECK(values[2].type == ADCP_BLOB && values[2].size == 8);
    CHECK(memcmp(values[2].bytes, floats, 8) == 0);
    CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_TABLE_END);
    CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_END);
  }
  adcp_archive_reader_close(r);
  CHECK(adcp_archive_reader_open(NULL, path_of("missing"), 0, &err) == NULL &&
        err.rc == ADCP_CANTOPEN);
  adcp_error_clear(&err);
}

/* A plain backup changed at will, its sums made right again. The command has the text in b, the
** document in d; `end(b,m)` adds a manifest, with a summary if one is given; `fix(b)` gives new CRCs to
** text whose length did not change. */
static const char FORGE[] =
    "import json,zlib,os,re,sys\n"
    "p=os.environ['D']; b=open(p+'/in.json','rb').read(); d=json.loads(b)\n"
    "at=int(d['backup_end']['manifest_at'])\n"
    "def end(head,m,summary=None):\n"
    "  m.pop('summary',0); m.pop('summary_crc32',0)\n"
    "  if summary: m=dict(summary=summary,\n"
    "    summary_crc32='%08x'%zlib.crc32(json.dumps(summary).encode()),**m)\n"
    "  t=b'\"backup_manifest\":'+json.dumps(m,ensure_ascii=False).encode()+b',\\n'\n"
    "  open(p+'/out','wb').write(head+t+b'\"backup_end\":{\"manifest_at\":\"%020d\","
    "\"manifest_crc32\":\"%08x\"}}\\n'%(len(head),zlib.crc32(t)))\n"
    "def fix(b):\n"
    "  m=d['backup_manifest']; o=0\n"
    "  for x in m['blocks']:\n"
    "    x[2]=zlib.crc32(b[o:o+x[1]]); o+=x[1]\n"
    "  end(b[:at],m)\n"
    "m=d['backup_manifest']; T=m['tables']; B=m['blocks']\n"
    "exec(sys.argv[1])\n";

static void forge(const char *change) {
  char command[1000];
  fix_write_file(path_of("forge.py"), FORGE, sizeof FORGE - 1);
  snprintf(command, sizeof command, "/usr/bin/python3 $D/forge.py '%s'", change);
  CHECK_CASE(fix_run(dir, command), "%s", change);
}

/* A bad row says which, where and what. */
static void test_messages(void) {
  static const struct {
    const char *change, *begin, *part;
  } cases[] = {
      {"fix(b.replace(b\"\\\"id\\\":14,\",b\"\\\"ix\\\":14,\"))",
       "damaged: table \"tenant\", row 8: key \"ix\" is no column of this table, at byte 5 of the "
       "row "
       "(block 0, byte ",
       ""},
      {"fix(b.replace(b\"\\\"id\\\":14,\",b\"\\\"id\\\":1.,\"))",
       "damaged: table \"tenant\", row 8: column \"id\" is not a number, at byte 6 of the row "
       "(block 0, ",
       ""},
      {"fix(b.replace(b\"\\\"id\\\":14,\",b\"\\\"id\\\":15,\"))",
       "damaged: the 30 rows of table \"tenant\" do not have the digest", ""},
      {"fix(b.replace(b\"tenant_id\\\",\\\"type\",b\"tenant_ix\\\",\\\"type\"))", "damaged: ", ""},
      {"fix(b.replace(b\"CREATE TABLE \\\\\\\"t\",b\"CREATE TABLE \\\\\\\"u\"))",
       "damaged: the schema and the tables do not have the digest", ""},
      {"T[0][\"rows\"]=29; m[\"rows\"]-=1; end(b[:at],m)",
       "damaged: table \"tenant\" has 30 rows, but the manifest says 29", ""},
      {"T.pop(1); m[\"rows\"]-=30; end(b[:at],m)",
       "damaged: table \"product\" is not in the manifest", ""},
      {"T[1][\"name\"]=T[0][\"name\"]; end(b[:at],m)",
       "damaged: the manifest has table \"tenant\" twice", ""},
      {"T[1][\"name\"]=\"none\"; end(b[:at],m)",
       "damaged: table \"none\" has rows, but the schema does not describe it", ""},
      {"B[0][1]=4000000000; end(b[:at],m)", "damaged: ", "bad size"},
      {"B[0][2]=-1; end(b[:at],m)", "damaged: ", "out of range"},
      {"B[0][0]=1; end(b[:at],m)", "", ""},
      {"B.append([1,1,1]); end(b[:at],m)", "damaged: the manifest contradicts itself", ""},
      {"T[0][\"block\"]=9; end(b[:at],m)", "damaged: the manifest contradicts itself", ""},
      {"T[0][\"offset\"]=1<<62; end(b[:at],m)", "damaged: the manifest contradicts itself", ""},
      {"T[0][\"rows\"]=T[1][\"rows\"]=T[0][\"bytes\"]=T[1][\"bytes\"]=(1<<63)-1; end(b[:at],m)",
       "damaged: the manifest contradicts itself", ""},
      {"T[0][\"rows\"]=1<<63; end(b[:at],m)", "damaged: \"rows\" is not an integer", ""},
      {"T[0][\"sha256\"]=\"x\"; end(b[:at],m)", "damaged: \"sha256\" has not 64 digits", ""},
      {"m[\"content_sha256\"]=\"0\"*64; end(b[:at],m)",
       "damaged: the schema and the tables do not have the digest", ""},
  };
  AdcpSchema *schema = make_schema();
  row_count = 30;
  write_backup(path_of("in.json"), schema, options_of(ADCP_CONTAINER_PLAIN, 0));
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    forge(cases[i].change);
    last_message[0] = 0;
    long rows = read_all(path_of("out"), 0, NULL);
    bool refused = rows == -1 &&
                   strncmp(last_message, cases[i].begin, strlen(cases[i].begin)) == 0 &&
                   strstr(last_message, cases[i].part);
    bool unharmed = cases[i].begin[0] == 0 && rows == 5 * row_count;
    CHECK_CASE(refused || unharmed, "%s: %ld %s", cases[i].change, rows, last_message);
  }
  adcp_schema_free(schema);
}

/* Positions that lie send nobody in circles, and no wrong row is taken for right. */
static void test_lying_positions(void) {
  AdcpSchema *schema = make_schema();
  row_count = 6000;
  write_backup(path_of("in.json"), schema, options_of(ADCP_CONTAINER_PLAIN, 0));
  forge("q=[(t[\"block\"],t[\"offset\"]) for t in T]\n"
        "for t,x in zip(T,q[::-1]): t[\"block\"],t[\"offset\"]=x\n"
        "end(b[:at],m)");
  AdcpError err = ADCP_ERROR_INIT;
  AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("out"), 0, &err);
  CHECK_CASE(r != NULL, "%s", adcp_error_message(&err));
  AdcpArchiveEvent event = ADCP_ARCHIVE_ERROR;
  int events = 0;
  while( r && (event = adcp_archive_next(r)) > ADCP_ARCHIVE_ERROR && event != ADCP_ARCHIVE_END ) {
    if( event == ADCP_ARCHIVE_TABLE_BEGIN ) adcp_archive_skip_table(r);
    if( ++events > 100 ) break;
  }
  CHECK(events < 20);
  for( size_t i = 0; r && i < adcp_archive_head(r)->table_count; i++ ) {
    adcp_error_clear(&err);
    adcp_archive_seek_table(r, i);
    while( (event = adcp_archive_next(r)) == ADCP_ARCHIVE_ROW ||
           event == ADCP_ARCHIVE_TABLE_BEGIN ) {
    }
    CHECK(event == ADCP_ARCHIVE_ERROR || adcp_archive_head(r)->tables[i].rows == 0 || i == 2);
  }
  adcp_archive_reader_close(r);
  adcp_error_clear(&err);
  adcp_schema_free(schema);
}

/* What a reader of a file knows without its rows. */
static bool same_head(const AdcpArchiveHead *a, const AdcpArchiveHead *b) {
  bool same = a->table_count == b->table_count && strcmp(a->metadata, b->metadata) == 0 &&
              a->totals.rows == b->totals.rows && a->totals.raw_bytes == b->totals.raw_bytes &&
              strcmp(a->totals.full_sha256, b->totals.full_sha256) == 0;
  for( size_t i = 0; i < a->table_count && same; i++ ) {
    const AdcpArchiveTable *x = &a->tables[i], *y = &b->tables[i];
    same = x->rows == y->rows && x->bytes == y->bytes && strcmp(x->sha256, y->sha256) == 0 &&
           strcmp(x->table->name, y->table->name) == 0;
  }
  return same;
}

/* A packed backup that was unpacked since: its end says where it was packed and where it is. It is
** opened as any other, by its two ends. */
static void test_unpacked(void) {
  static const struct {
    AdcpContainer container;
    const char *name, *command;
  } cases[] = {
      {ADCP_CONTAINER_GZIP, "in.json.gz", "gunzip -c < $D/in.json.gz > $D/out"},
      {ADCP_CONTAINER_ZSTD, "in.json.zst", "zstd -dc < $D/in.json.zst > $D/out"},
  };
  AdcpSchema *schema = make_schema();
  row_count = 6000;
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    bool indexed = false;
    AdcpError err = ADCP_ERROR_INIT;
    write_backup(path_of(cases[i].name), schema, options_of(cases[i].container, 0));
    CHECK(fix_run(dir, cases[i].command));
    CHECK(read_all(path_of("out"), 1, &indexed) == 5 * row_count && indexed);
    AdcpArchiveReader *packed = adcp_archive_reader_open(NULL, path_of(cases[i].name), 0, &err);
    AdcpArchiveReader *whole = adcp_archive_reader_open(NULL, path_of("out"), 0, &err);
    AdcpArchiveReader *head = adcp_archive_reader_open_head(NULL, path_of("out"), &err);
    AdcpArchiveReader *peek = adcp_archive_reader_peek(NULL, path_of("out"), &err);
    CHECK_CASE(err.rc == ADCP_OK, "%s: %s", cases[i].name, adcp_error_message(&err));
    if( err.rc == ADCP_OK ) {
      CHECK(same_head(adcp_archive_head(packed), adcp_archive_head(whole)));
      CHECK(same_head(adcp_archive_head(packed), adcp_archive_head(head)));
      CHECK(adcp_archive_head(whole)->warnings.count == 0 && !adcp_archive_head(head)->indexed);
      CHECK(!adcp_archive_head(peek)->unsettled);
      CHECK(adcp_archive_head(peek)->totals.rows == adcp_archive_head(packed)->totals.rows);
      const AdcpArchiveHead *all = adcp_archive_head(whole);
      size_t last = all->table_count;
      while( last-- > 0 && all->tables[last].mark_count == 0 ) {
      }
      adcp_archive_seek_mark(whole, last, 0);
      CHECK(adcp_archive_next(whole) == ADCP_ARCHIVE_TABLE_BEGIN);
      CHECK(adcp_archive_next(whole) == ADCP_ARCHIVE_ROW);
      CHECK(adcp_archive_row_number(whole) == all->marks[all->tables[last].first_mark].row);
    }
    adcp_archive_reader_close(packed);
    adcp_archive_reader_close(whole);
    adcp_archive_reader_close(head);
    adcp_archive_reader_close(peek);
    adcp_error_clear(&err);
  }
  adcp_schema_free(schema);
}

/* A head is not shown that is not the one that was written, nor the manifest's front. */
static void test_damaged_front(void) {
  static const struct {
    const char *what, *change;
  } cases[] = {
      {"the text of a table", "b=b.replace(b\"CREATE\",b\"CREATF\",1)"},
      {"a table's bytes", "i=b.rindex(b\"bytes\",0,b.rindex(b\"blocks\"))+7\n"
                          "b=b[:i]+bytes([b[i]^1])+b[i+1:]"},
  };
  AdcpSchema *schema = make_schema();
  row_count = 30;
  write_backup(path_of("in.json"), schema, options_of(ADCP_CONTAINER_PLAIN, 0));
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    char change[400];
    AdcpError err = ADCP_ERROR_INIT;
    snprintf(change, sizeof change, "%s\nopen(p+\"/out\",\"wb\").write(b)", cases[i].change);
    forge(change);
    AdcpArchiveReader *r = adcp_archive_reader_open_head(NULL, path_of("out"), &err);
    CHECK_CASE(r == NULL && err.rc == ADCP_CORRUPT && strstr(adcp_error_message(&err), "CRC-32"),
               "%s: %s", cases[i].what, adcp_error_message(&err));
    adcp_archive_reader_close(r);
    adcp_error_clear(&err);
  }
  adcp_schema_free(schema);
}

/* A table that does not begin where the manifest says is found by who comes along its rows. */
static void test_misplaced_tables(void) {
  static const struct {
    const char *change, *part;
  } cases[] = {
      {"pass", ""},
      {"T[1][\"offset\"]=T[0][\"offset\"]; T[1][\"block\"]=T[0][\"block\"]", "rows begin at byte"},
      {"T[0][\"offset\"],T[1][\"offset\"]=T[1][\"offset\"],T[0][\"offset\"]", "rows begin at byte"},
      {"T[0][\"offset\"]=20", "rows begin at byte"},
      {"T[0][\"offset\"]-=1", "rows begin at byte"},
  };
  AdcpSchema *schema = make_schema();
  row_count = 30;
  write_backup(path_of("in.json"), schema, options_of(ADCP_CONTAINER_PLAIN, 0));
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    char change[300];
    snprintf(change, sizeof change, "%s\nend(b[:at],m)", cases[i].change);
    forge(change);
    last_message[0] = 0;
    long rows = read_all(path_of("out"), 0, NULL);
    bool good = cases[i].part[0] ? rows == -1 && strstr(last_message, cases[i].part)
                                 : rows == 5 * row_count;
    CHECK_CASE(good, "%s: %ld %s", cases[i].change, rows, last_message);
  }
  adcp_schema_free(schema);
}

/* A summary that lies is found by who opens the backup; one that was damaged, or whose metadata was,
** by who makes a list. */
static void test_lying_summary(void) {
  static const struct {
    const char *change, *open, *peek;
  } cases[] = {
      {"pass", "", ""}, /* with what a later version may add */
      {"s[\"rows\"]+=1", "summary says 4 tables and 91 rows, the manifest 4 and 90", ""},
      {"s[\"tables\"]=0", "summary says 0 tables", ""},
      {"s[\"content_sha256\"]=\"0\"*64", "with other content", ""},
      {"s[\"bytes\"]+=1", "not that of this document", ""},
      {"s[\"metadata_crc32\"]=\"00000000\"", "not that of this document",
       "backup_metadata has not the CRC-32"},
      {"del s[\"rows\"]", "summary is incomplete", "summary is incomplete"},
      {"s[\"rows\"]=\"x\"", "is not a number", "is not a number"},
      {"s[\"metadata_crc32\"]=\"0000000G\"", "is no CRC-32", "is no CRC-32"},
      {"s[\"full_sha256\"]=\"0\"*64", "with other content", ""},
      {"s[\"head_bytes\"]+=1", "has not the length and CRC-32", ""},
      {"s[\"head_bytes\"]=-1", "has not the length and CRC-32", ""},
      {"s[\"head_crc32\"]=\"00000000\"", "has not the length and CRC-32", ""},
      {"s[\"tables_crc32\"]=\"00000000\"", "not that of this document", ""},
      {"del s[\"head_crc32\"]", "summary is incomplete", "summary is incomplete"},
  };
  AdcpSchema *schema = make_schema();
  row_count = 30;
  write_backup(path_of("in.json"), schema, options_of(ADCP_CONTAINER_PLAIN, 0));
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    char change[500];
    snprintf(change, sizeof change,
             "s=m[\"summary\"]; n=len(b); s[\"more\"]=[1,{}]\n"
             "while 1:\n"
             "  s[\"tables_crc32\"]=\"%%08x\"%%zlib.crc32(\"\".join(json.dumps(t) for t in "
             "T).encode())\n"
             "  s[\"bytes\"]=n; end(b[:at],dict(m),s); o=n; n=os.path.getsize(p+\"/out\")\n"
             "  if n==o: break\n"
             "%s\nend(b[:at],m,s)",
             cases[i].change);
    forge(change);
    last_message[0] = 0;
    long rows = read_all(path_of("out"), 0, NULL);
    bool good = cases[i].open[0] ? rows == -1 && strstr(last_message, cases[i].open)
                                 : rows == 5 * row_count;
    CHECK_CASE(good, "open, %s: %ld %s", cases[i].change, rows, last_message);
    AdcpError err = ADCP_ERROR_INIT;
    AdcpArchiveReader *r = adcp_archive_reader_peek(NULL, path_of("out"), &err);
    good = cases[i].peek[0] ? r == NULL && strstr(adcp_error_message(&err), cases[i].peek)
                            : r != NULL && adcp_archive_head(r)->totals.raw_bytes > 0;
    CHECK_CASE(good, "peek, %s: %s", cases[i].change, adcp_error_message(&err));
    adcp_archive_reader_close(r);
    adcp_error_clear(&err);
  }
  adcp_schema_free(schema);
}

/* A mark that lies is found by who reads past it and by who begins at it. */
static void test_lying_marks(void) {
  static const struct {
    const char *change, *part;
  } cases[] = {
      {"k[0][2]+=1", "mark of row"},
      {"k[1][1]+=1", "mark of row"},
      {"k[1][3]+=1", "mark of row"},
      {"k[1][3]=7", "contradicts itself"},
      {"k[0][0]=10**6", "contradicts itself"},
      {"k[0][1]=-1", "contradicts itself"},
      {"k[0][2]=0", "contradicts itself"},
      {"k[1]=k[0]", "contradicts itself"},
      {"k[-1][2]=10**9", "contradicts itself"},
      {"k[0]=5", "marks"},
      {"k[0]=[1]", "marks"},
      {"k[0].append({})", "marks"},
      {"m[\"text_at\"]=\"%020d\"%(at+1)", "contradicts itself"},
      {"m[\"text_at\"]=str(at)", "has not 20 digits"},
      {"m.pop(\"text_at\")", ""},
      {"k[0].append(5)", ""}, /* what a later version may add */
      {"t[0]=-1", "none or stands twice"},
      {"t[0]=10**6", "none or stands twice"},
      {"m[\"marks\"].append(t)", "none or stands twice"},
      {"m[\"marks\"]=5", "marks"},
      {"m.pop(\"marks\")", ""},
  };
  AdcpSchema *schema = make_schema();
  row_count = 6000;
  write_backup(path_of("in.json"), schema, options_of(ADCP_CONTAINER_PLAIN, 0));
  for( size_t i = 0; i < sizeof cases / sizeof cases[0]; i++ ) {
    char change[300];
    snprintf(change, sizeof change,
             "t=[t for t in m[\"marks\"] if len(t)>2][0]\nk=t[1:]\n%s\nt[1:]=k\nend(b[:at],m)",
             cases[i].change);
    forge(change);
    last_message[0] = 0;
    long rows = read_all(path_of("out"), 0, NULL);
    bool good = cases[i].part[0] ? rows == -1 && strstr(last_message, cases[i].part)
                                 : rows == 5 * row_count;
    CHECK_CASE(good, "%s: %ld %s", cases[i].change, rows, last_message);
  }
  adcp_schema_free(schema);
}

/* ---- moving about ---- */

/* From every mark come the rows that a full read gives from there on. */
static void test_seek_mark(void) {
  AdcpSchema *schema = make_schema();
  row_count = 6000;
  for( int c = 0; c < CONTAINER_COUNT; c++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    size_t marks = 0;
    write_backup(path_of(SUFFIXES[c]), schema, options_of(CONTAINERS[c], 0));
    AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of(SUFFIXES[c]), 1, &err);
    const AdcpArchiveHead *head = adcp_archive_head(r);
    for( size_t i = 0; i < head->table_count; i++ ) {
      for( size_t k = head->tables[i].mark_count; k-- > 0; marks++ ) {
        const AdcpArchiveMark *mark = &head->marks[head->tables[i].first_mark + k];
        adcp_archive_seek_mark(r, i, k);
        CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_TABLE_BEGIN);
        AdcpArchiveEvent event = adcp_archive_next(r);
        CHECK(event == ADCP_ARCHIVE_ROW && adcp_archive_row_number(r) == mark->row && same_row(r));
        int64_t rows = mark->row - 1;
        for( ; event == ADCP_ARCHIVE_ROW; event = adcp_archive_next(r) ) rows++;
        CHECK(event == ADCP_ARCHIVE_TABLE_END && rows == head->tables[i].rows);
      }
    }
    CHECK(marks > 4 && err.rc == ADCP_OK);
    adcp_archive_reader_close(r);
    adcp_error_clear(&err);
  }
  adcp_schema_free(schema);
}

static void test_seek(void) {
  AdcpSchema *schema = make_schema();
  row_count = 3000;
  for( int c = 0; c < CONTAINER_COUNT; c++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    write_backup(path_of(SUFFIXES[c]), schema, options_of(CONTAINERS[c], 0));
    AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of(SUFFIXES[c]), 1, &err);
    size_t count = r ? adcp_archive_head(r)->table_count : 0;
    for( size_t k = 0; k < 2 * count; k++ ) {
      size_t i = k % 2 ? k / 2 : count - 1 - k / 2;
      adcp_archive_seek_table(r, i);
      CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_TABLE_BEGIN);
      const AdcpArchiveTable *table = adcp_archive_table(r);
      CHECK(table == &adcp_archive_head(r)->tables[i]);
      long rows = 0;
      AdcpArchiveEvent event;
      while( (event = adcp_archive_next(r)) == ADCP_ARCHIVE_ROW ) rows += same_row(r);
      CHECK(event == ADCP_ARCHIVE_TABLE_END && rows == table->rows);
    }
    adcp_archive_seek_table(r, 2); /* and on to the end */
    long tables = 0;
    AdcpArchiveEvent event;
    while( (event = adcp_archive_next(r)) > ADCP_ARCHIVE_ERROR && event != ADCP_ARCHIVE_END ) {
      if( event == ADCP_ARCHIVE_TABLE_END ) tables++;
    }
    CHECK_CASE(event == ADCP_ARCHIVE_END && tables == 4, "%s", adcp_error_message(&err));
    adcp_archive_reader_close(r);
    for( int mask = 0; mask < 64; mask++ ) { /* every choice of tables left out */
      r = adcp_archive_reader_open(NULL, path_of(SUFFIXES[c]), 0, &err);
      int at = 0, wrong = 0;
      while( (event = adcp_archive_next(r)) > ADCP_ARCHIVE_ERROR && event != ADCP_ARCHIVE_END ) {
        if( event == ADCP_ARCHIVE_TABLE_BEGIN ) {
          if( adcp_archive_table(r) != &adcp_archive_head(r)->tables[at] ) wrong++;
          if( mask >> at & 1 ) adcp_archive_skip_table(r);
        }
        if( event == ADCP_ARCHIVE_ROW && mask >> at & 1 ) wrong++;
        if( event == ADCP_ARCHIVE_ROW && adcp_archive_row_number(r) % 500 == 1 && !same_row(r) )
          wrong++;
        if( event == ADCP_ARCHIVE_TABLE_END ) at++;
      }
      CHECK_CASE(event == ADCP_ARCHIVE_END && at == 6 && wrong == 0, "mask %d: %s", mask,
                 adcp_error_message(&err));
      adcp_archive_reader_close(r);
    }
    CHECK(err.rc == ADCP_OK);
    adcp_error_clear(&err);
  }
  adcp_schema_free(schema);
}

/* One damaged block: the tables outside it are still to be had. */
static void test_salvage(void) {
  AdcpSchema *schema = make_schema();
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBuf whole = {0};
  row_count = 8000;
  write_backup(path_of("s.gz"), schema, options_of(ADCP_CONTAINER_GZIP, 0));
  fix_read_file(path_of("s.gz"), &whole);
  AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("s.gz"), 0, &err);
  int64_t at = 10;
  for( size_t i = 0; i < 2; i++ ) at += adcp_archive_head(r)->blocks[i].size_bytes;
  adcp_archive_reader_close(r);
  whole.data[at + 100] ^= 0xff; /* in the third block */
  fix_write_file(path_of("s.gz"), whole.data, whole.size);
  r = adcp_archive_reader_open(NULL, path_of("s.gz"), 2, &err);
  CHECK(r != NULL);
  int good = 0, bad = 0;
  for( size_t i = 0; r && i < adcp_archive_head(r)->table_count; i++ ) {
    adcp_archive_seek_table(r, i);
    AdcpArchiveEvent event;
    while( (event = adcp_archive_next(r)) == ADCP_ARCHIVE_ROW ||
           event == ADCP_ARCHIVE_TABLE_BEGIN ) {
    }
    if( event == ADCP_ARCHIVE_TABLE_END ) {
      good++;
    } else {
      bad++;
      CHECK_CASE(err.rc == ADCP_CORRUPT, "%s", adcp_error_message(&err));
      adcp_error_clear(&err);
    }
  }
  CHECK_CASE(good >= 4 && bad >= 1, "%d good, %d bad", good, bad);
  adcp_archive_reader_close(r);
  adcp_buf_free(&whole);
  adcp_schema_free(schema);
}

/* ---- few and small reads on opening ---- */

static int reads;
static size_t bytes_read;

static ssize_t counting_pread(int fd, void *to, size_t n, off_t offset) {
  ssize_t got = pread(fd, to, n, offset);
  if( got > 0 ) reads++;
  if( got > 0 ) bytes_read += (size_t)got;
  return got;
}

static void test_reads(void) {
  AdcpSchema *schema = make_schema();
  AdcpError err = ADCP_ERROR_INIT;
  row_count = 20000;
  for( int c = 0; c < CONTAINER_COUNT; c++ ) {
    AdcpArchiveTotals totals =
        write_backup(path_of(SUFFIXES[c]), schema, options_of(CONTAINERS[c], 1));
    AdcpSystemCalls calls = *adcp_system_calls();
    calls.xPread = counting_pread;
    adcp_system_calls_replace(&calls);
    reads = 0;
    bytes_read = 0;
    AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of(SUFFIXES[c]), 0, &err);
    printf("opening %s of %lld bytes: %d reads, %zu bytes\n", SUFFIXES[c],
           (long long)totals.file_bytes, reads, bytes_read);
    CHECK(r != NULL && reads <= 4 && bytes_read < 300000);
    adcp_archive_reader_close(r);
    adcp_system_calls_replace(NULL);
  }
  adcp_error_clear(&err);
  adcp_schema_free(schema);
}

/* A system that hands out one byte at a time. */
static ssize_t pread_one(int fd, void *to, size_t n, off_t offset) {
  return pread(fd, to, n ? 1 : 0, offset);
}

static void test_short_reads(void) {
  AdcpSchema *schema = make_schema();
  row_count = 5;
  for( int c = 0; c < CONTAINER_COUNT; c++ ) {
    write_backup(path_of(SUFFIXES[c]), schema, options_of(CONTAINERS[c], 0));
    AdcpSystemCalls calls = *adcp_system_calls();
    calls.xPread = pread_one;
    adcp_system_calls_replace(&calls);
    CHECK_CASE(read_all(path_of(SUFFIXES[c]), 0, NULL) == 5 * row_count, "%s", last_message);
    adcp_system_calls_replace(NULL);
  }
  adcp_schema_free(schema);
}

/* ---- sizes ---- */

static void test_many_tables(void) {
  enum { TABLES = 10000 };
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  for( int i = 0; i < TABLES; i++ ) {
    char name[32];
    snprintf(name, sizeof name, "table_%05d", i);
    fix_table(schema, ADCP_TABLE_ORDINARY, true, name, "a", (char *)NULL);
  }
  adcp_schema_index(schema, &err);
  row_count = 2;
  write_backup(path_of("many.gz"), schema, options_of(ADCP_CONTAINER_GZIP, 1));
  CHECK_CASE(read_all(path_of("many.gz"), 1, NULL) == 2 * TABLES, "%s", last_message);
  CHECK(fix_run(dir, "gunzip -c $D/many.gz | gzip -c > $D/many2.gz"));
  CHECK_CASE(read_all(path_of("many2.gz"), 1, NULL) == 2 * TABLES, "%s", last_message);
  adcp_schema_free(schema);
}

static void test_large_row(void) {
  AdcpError err = ADCP_ERROR_INIT;
  AdcpSchema *schema = adcp_schema_new(&err);
  fix_table(schema, ADCP_TABLE_ORDINARY, false, "t", "a", "b", "c", (char *)NULL);
  adcp_schema_index(schema, &err);
  size_t n = 30 * 1000 * 1000;
  uint8_t *blob = adcp_malloc(n);
  uint64_t seed = 5;
  for( size_t i = 0; i < n; i++ ) blob[i] = (uint8_t)(fix_random(&seed) >> 30);
  AdcpValue values[3] = {fix_integer(1), fix_bytes(ADCP_BLOB, blob, n), fix_text("end")};
  AdcpBlockWriterOptions options = {.container = ADCP_CONTAINER_GZIP, .level = 1, .threads = 1};
  AdcpArchiveWriter *w =
      adcp_archive_writer_open(NULL, path_of("large.gz"), ADCP_OUT_REPLACE, &options, &err);
  adcp_archive_write_section(w, "backup_metadata", METADATA, sizeof METADATA - 1);
  adcp_archive_write_schema(w, schema);
  adcp_archive_begin_tables(w);
  adcp_archive_begin_table(w, &schema->tables[0]);
  for( int i = 0; i < 2; i++ ) adcp_archive_write_row(w, values);
  adcp_archive_end_table(w);
  adcp_archive_finish(w, NULL);
  adcp_archive_commit(w);
  adcp_archive_writer_close(w);
  AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("large.gz"), 1, &err);
  CHECK(r && adcp_archive_next(r) == ADCP_ARCHIVE_TABLE_BEGIN);
  for( int i = 0; r && i < 2; i++ ) {
    CHECK(adcp_archive_next(r) == ADCP_ARCHIVE_ROW);
    const AdcpValue *got = adcp_archive_row(r);
    for( int k = 0; k < 3; k++ ) CHECK(fix_same(&got[k], &values[k]));
  }
  CHECK(r && adcp_archive_next(r) == ADCP_ARCHIVE_TABLE_END);
  CHECK_CASE(r && adcp_archive_next(r) == ADCP_ARCHIVE_END, "%s", adcp_error_message(&err));
  adcp_archive_reader_close(r);
  adcp_free(blob);
  adcp_error_clear(&err);
  adcp_schema_free(schema);
}

/* An allocation that fails is ADCP_NOMEM, wherever it is. */
static int allocations_left;
static void *failing_malloc(size_t size) {
  return allocations_left-- > 0 ? malloc(size) : NULL;
}
static void *failing_realloc(void *old, size_t size) {
  return allocations_left-- > 0 ? realloc(old, size) : NULL;
}

/* Writing: nothing may appear under the name before the commit. Returns whether something did. */
static bool write_short_of_memory(const AdcpSchema *schema, AdcpRc *rc) {
  bool early = false;
  AdcpError err = ADCP_ERROR_INIT;
  AdcpBlockWriterOptions options = options_of(ADCP_CONTAINER_GZIP, 0);
  AdcpArchiveWriter *w =
      adcp_archive_writer_open(NULL, path_of("short.gz"), ADCP_OUT_NEW, &options, &err);
  if( w ) {
    adcp_archive_write_section(w, "backup_metadata", METADATA, sizeof METADATA - 1);
    adcp_archive_write_schema(w, schema);
    adcp_archive_begin_tables(w);
    adcp_archive_begin_table(w, &schema->tables[0]);
    AdcpValue values[2] = {fix_integer(1), fix_text("x")};
    adcp_archive_write_row(w, values);
    adcp_archive_end_table(w);
    adcp_archive_finish(w, NULL);
    early = access(path_of("short.gz"), F_OK) == 0;
    adcp_archive_commit(w);
    adcp_archive_writer_close(w);
  }
  *rc = err.rc;
  adcp_error_clear(&err);
  return early;
}

static void test_writer_out_of_memory(void) {
  static const AdcpMemMethods methods = {failing_malloc, failing_realloc, free};
  AdcpSchema *schema = make_schema();
  adcp_mem_replace(&methods);
  bool finished = false;
  int wrong = 0;
  for( int n = 0; n < 2000 && !finished; n++ ) {
    AdcpRc rc;
    allocations_left = n;
    if( write_short_of_memory(schema, &rc) ) wrong++;
    finished = rc == ADCP_OK;
    if( !finished && rc != ADCP_NOMEM ) wrong++;
    unlink(path_of("short.gz"));
  }
  CHECK(finished && wrong == 0);
  adcp_mem_replace(NULL);
  adcp_schema_free(schema);
}

static void test_out_of_memory(void) {
  static const AdcpMemMethods methods = {failing_malloc, failing_realloc, free};
  AdcpSchema *schema = make_schema();
  row_count = 3;
  write_backup(path_of("n.gz"), schema, options_of(ADCP_CONTAINER_GZIP, 0));
  adcp_mem_replace(&methods);
  bool finished = false;
  int wrong = 0;
  for( int n = 0; n < 2000 && !finished; n++ ) {
    AdcpError err = ADCP_ERROR_INIT;
    AdcpArchiveEvent event = ADCP_ARCHIVE_ERROR;
    allocations_left = n;
    AdcpArchiveReader *r = adcp_archive_reader_open(NULL, path_of("n.gz"), 0, &err);
    while( r && (event = adcp_archive_next(r)) > ADCP_ARCHIVE_ERROR && event != ADCP_ARCHIVE_END ) {
    }
    finished = event == ADCP_ARCHIVE_END;
    if( !finished && err.rc != ADCP_NOMEM ) {
      fprintf(stderr, "  allocation %d: %d %s\n", n, err.rc, adcp_error_message(&err));
      wrong++;
    }
    adcp_archive_reader_close(r);
    adcp_error_clear(&err);
  }
  CHECK(finished && wrong == 0);
  adcp_mem_replace(NULL);
  adcp_schema_free(schema);
}

int main(void) {
  dir = fix_scratch(DIR_TEMPLATE);
  test_layout();
  test_head_limit();
  test_row_limit();
  test_round_trip();
  test_threads();
  test_parts();
  test_layouts();
  test_jq();
  test_truncation();
  test_flips();
  test_mutations();
  test_refused();
  test_old();
  test_messages();
  test_lying_positions();
  test_lying_summary();
  test_unpacked();
  test_damaged_front();
  test_misplaced_tables();
  test_lying_marks();
  test_seek_mark();
  test_seek();
  test_salvage();
  test_reads();
  test_short_reads();
  test_many_tables();
  test_large_row();
  test_out_of_memory();
  test_writer_out_of_memory();
  CHECK(fix_run(dir, "rm -r $D"));
  return unit_done();
}
