/*
** world.c - templates and observations (contract in world.h).
*/
#include "world.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "adcp.h"

static char folder[PATH_BYTES / 2];

const char *world_path(const char *name) {
  static char paths[8][PATH_BYTES];
  static unsigned next;
  char *path = paths[next++ % 8];
  snprintf(path, PATH_BYTES, "%s/%s", folder, name);
  return path;
}

const char *world_text(const char *text, const char *file) {
  static char texts[2][4 * PATH_BYTES];
  static unsigned next;
  char *out = texts[next++ % 2];
  size_t n = 0;
  for( ; *text && n + PATH_BYTES < sizeof texts[0]; text++ ) {
    bool is_file = text[0] == '%' && text[1] == 's';
    const char *part = is_file ? file : folder;
    if( is_file || *text == '@' ) {
      n += (size_t)snprintf(out + n, PATH_BYTES, "%s", part);
      text += is_file;
    } else {
      out[n++] = *text;
    }
  }
  out[n] = 0;
  return out;
}

/* ---- files ---- */

static char *read_all(const char *path, size_t *size) {
  *size = 0;
  FILE *file = fopen(path, "rb");
  if( file == NULL ) return NULL;
  fseek(file, 0, SEEK_END);
  size_t n = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(n + 1);
  *size = fread(bytes, 1, n, file);
  fclose(file);
  return bytes;
}

void file_copy(const char *from, const char *to) {
  size_t size;
  char *bytes = read_all(from, &size);
  FILE *file = fopen(to, "wb");
  if( bytes == NULL || file == NULL || fwrite(bytes, 1, size, file) != size ) {
    fprintf(stderr, "cannot copy %s to %s\n", from, to);
    exit(2);
  }
  fclose(file);
  free(bytes);
}

/* FNV-1a, eight bytes at a time: databases of megabytes are looked at many times a case. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t n) {
  const unsigned char *p = bytes;
  size_t i = 0;
  for( ; i + 8 <= n; i += 8 ) {
    uint64_t word;
    memcpy(&word, p + i, 8);
    hash = (hash ^ word) * 0x100000001b3u;
    hash ^= hash >> 32; /* high bits would only go up */
  }
  for( ; i < n; i++ ) hash = (hash ^ p[i]) * 0x100000001b3u;
  return (hash ^ n) * 0x100000001b3u;
}

uint64_t file_hash_start(const char *path, size_t n) {
  size_t size;
  char *bytes = read_all(path, &size);
  if( bytes == NULL ) return 0;
  uint64_t hash = mix(0xcbf29ce484222325u, bytes, size < n ? size : n);
  free(bytes);
  return hash;
}

uint64_t file_hash(const char *path) {
  return file_hash_start(path, (size_t)-1);
}

long file_size(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

bool file_exists(const char *path) {
  return file_size(path) >= 0;
}

bool file_ends_a_line(const char *path) {
  size_t size;
  char *bytes = read_all(path, &size);
  bool whole = bytes == NULL || size == 0 || bytes[size - 1] == '\n';
  free(bytes);
  return whole;
}

/* ---- connections ---- */

static void x_shout(sqlite3_context *context, int argc, sqlite3_value **argv) {
  (void)argc;
  sqlite3_result_value(context, argv[0]);
}

static int x_compare(void *context, int a_size, const void *a, int b_size, const void *b) {
  (void)context;
  int order = memcmp(a, b, (size_t)(a_size < b_size ? a_size : b_size));
  return order ? order : a_size - b_size;
}

sqlite3 *world_open(const char *path) {
  sqlite3 *db;
  if( sqlite3_open(path, &db) != SQLITE_OK || sqlite3_adcp_init(db, NULL, NULL) != SQLITE_OK ) {
    fprintf(stderr, "cannot open %s: %s\n", path, sqlite3_errmsg(db));
    exit(2);
  }
  sqlite3_create_function(db, "shout", 1, SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC,
                          NULL, x_shout, NULL, NULL);
  sqlite3_create_collation(db, "bytewise", SQLITE_UTF8, NULL, x_compare);
  return db;
}

int world_run(sqlite3 *db, const char *sql, char out[MESSAGE_BYTES]) {
  sqlite3_stmt *stmt = NULL;
  out[0] = 0;
  int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
  if( rc == SQLITE_OK ) {
    rc = sqlite3_step(stmt);
    if( rc == SQLITE_ROW ) {
      const char *text = (const char *)sqlite3_column_text(stmt, 0);
      if( text ) snprintf(out, MESSAGE_BYTES, "%s", text);
      if( text == NULL && sqlite3_errcode(db) == SQLITE_NOMEM ) rc = SQLITE_NOMEM;
    }
  }
  bool failed = rc != SQLITE_ROW && rc != SQLITE_DONE;
  if( failed ) snprintf(out, MESSAGE_BYTES, "%s", sqlite3_errmsg(db));
  sqlite3_finalize(stmt);
  return failed ? rc : SQLITE_OK;
}

static void must(sqlite3 *db, const char *sql) {
  char *message = NULL;
  if( sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK ) return;
  fprintf(stderr, "%s\n  in: %s\n", message, sql);
  exit(2);
}

/* ---- templates ---- */

static const char source_schema[] =
    "PRAGMA page_size=1024; PRAGMA user_version=7; PRAGMA application_id=4711;"
    "CREATE TABLE tenant(tenant_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, active BOOLEAN "
    "DEFAULT 1 CHECK(active IN (0,1)), created REAL) WITHOUT ROWID;"
    "CREATE TABLE product(id INTEGER PRIMARY KEY AUTOINCREMENT, tenant_id TEXT NOT NULL "
    "REFERENCES tenant ON DELETE CASCADE, name TEXT COLLATE bytewise, price NUMERIC, image BLOB,"
    " label TEXT GENERATED ALWAYS AS (name || ' at ' || price) VIRTUAL, CHECK(length(name) < 99));"
    "CREATE TABLE audit(a, b);"
    "CREATE INDEX product_name ON product(shout(name)) WHERE price > 1;"
    "CREATE VIEW priced AS SELECT id, name FROM product WHERE price > 2;"
    "CREATE TRIGGER product_audit AFTER INSERT ON product BEGIN INSERT INTO audit VALUES(new.id, "
    "'inserted'); END;"
    "CREATE TRIGGER priced_write INSTEAD OF INSERT ON priced BEGIN SELECT 1; END;"
    "CREATE VIRTUAL TABLE product_fts USING fts5(name, content=product, content_rowid=id);"
    "CREATE VIRTUAL TABLE note USING fts5(body, prefix='2');"
    "CREATE VIRTUAL TABLE place USING rtree(id, x0, x1, +what);"
    "CREATE TABLE big(id INTEGER PRIMARY KEY, body);";

static const char source_rows[] =
    "INSERT INTO tenant VALUES('a','Acme',1,1.5),('b','Bolt',0,1e300),('c','caf\xc3\xa9',1,-0.0);"
    "INSERT INTO product(tenant_id,name,price,image) VALUES('a','one',1,x'00ff'),('a','two',2.5,"
    "NULL),('b','three',9007199254740993,zeroblob(300)),('c',CAST(x'ff41' AS TEXT),0,x'');"
    "INSERT INTO product_fts(product_fts) VALUES('rebuild');"
    "INSERT INTO note VALUES('alpha beta'),('beta gamma'),('delta');"
    "INSERT INTO place VALUES(1,0,1,'here'),(2,5,9,'there');"
    "INSERT INTO audit SELECT value, 'text \"quoted\" and \\ ' || value FROM generate_rows;";

static const char rows_table[] =
    "CREATE TEMP TABLE generate_rows(value); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 "
    "FROM n WHERE i < 30) INSERT INTO generate_rows SELECT i FROM n;";

static void make_source(const char *name, bool big) {
  sqlite3 *db = world_open(world_path(name));
  must(db, source_schema);
  must(db, rows_table);
  must(db, "BEGIN");
  must(db, source_rows);
  if( big ) {
    must(db, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1400) INSERT "
             "INTO big SELECT i, hex(randomblob(300)) FROM n");
  }
  must(db, "COMMIT; ANALYZE; DROP TABLE generate_rows");
  sqlite3_close(db);
}

static void make_other(void) {
  sqlite3 *db = world_open(world_path("other.db"));
  must(db, "CREATE TABLE product(id INTEGER PRIMARY KEY, tenant_id TEXT, name TEXT, price, image);"
           "CREATE TABLE tenant(tenant_id TEXT PRIMARY KEY, name TEXT, active, created);"
           "CREATE TABLE mine(a INTEGER PRIMARY KEY, b REFERENCES tenant);"
           "CREATE INDEX mine_b ON mine(b); CREATE VIEW all_mine AS SELECT * FROM mine;"
           "CREATE TRIGGER mine_insert AFTER INSERT ON mine BEGIN SELECT 1; END;"
           "CREATE VIRTUAL TABLE note USING fts5(other);"
           "INSERT INTO tenant VALUES('a','old',1,1),('z','zed',1,1);"
           "INSERT INTO product VALUES(1,'a','old one',1,NULL),(50,'z','fifty',1,NULL);"
           "INSERT INTO mine VALUES(1,'a'),(2,'a'); INSERT INTO note VALUES('old words');");
  sqlite3_close(db);
}

/* Above what a restore reads again beside the connection (ops/verify.c). */
static void make_large(void) {
  sqlite3 *db = world_open(world_path("large.db"));
  must(db,
       "PRAGMA page_size=32768;"
       "CREATE TABLE large(id INTEGER PRIMARY KEY, tag, body); CREATE INDEX by_tag ON large(tag);"
       "CREATE TABLE keyed(tag TEXT PRIMARY KEY, body) WITHOUT ROWID;"
       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 20) INSERT INTO "
       "large SELECT i, 'tag ' || (i * 7 % 20), hex(zeroblob(110000 + i)) FROM n;"
       "INSERT INTO keyed SELECT tag || id, body FROM large;");
  sqlite3_close(db);
}

static void make_like(void) {
  sqlite3 *db = world_open(world_path("like.db"));
  must(db, source_schema);
  must(db, "INSERT INTO tenant VALUES('y','Why',1,2); INSERT INTO product(tenant_id,name) "
           "VALUES('y','yours'); INSERT INTO note VALUES('yours');");
  sqlite3_close(db);
}

static void make_backup(const char *database, const char *name, const char *options) {
  char sql[2 * PATH_BYTES], out[MESSAGE_BYTES];
  sqlite3 *db = world_open(world_path(database));
  snprintf(sql, sizeof sql, "SELECT adcp_backup('%s', '%s')", world_path(name), options);
  if( world_run(db, sql, out) != SQLITE_OK ) {
    fprintf(stderr, "%s\n", out);
    exit(2);
  }
  sqlite3_close(db);
}

static void make_file(const char *name, const char *text) {
  FILE *file = fopen(world_path(name), "wb");
  fputs(text, file);
  fclose(file);
}

/* Three backups of the same database, a day apart. */
static void make_shelf(void) {
  mkdir(world_path("shelf"), 0700);
  setenv("SOURCE_DATE_EPOCH", "1766966400", 1);
  make_backup("source.db", "shelf/one.json.gz.old", "{\"compress\":\"gzip\"}");
  setenv("SOURCE_DATE_EPOCH", "1767052800", 1);
  make_backup("source.db", "shelf/two.json.gz.old", "{\"compress\":\"gzip\"}");
  setenv("SOURCE_DATE_EPOCH", "1767139200", 1);
  make_backup("source.db", "shelf/three.json.gz.old", "{\"compress\":\"gzip\"}");
  setenv("SOURCE_DATE_EPOCH", "1767225600", 1); /* 2026-01-01: the date of dated names */
  file_copy(world_path("shelf/one.json.gz.old"),
            world_path("shelf/comprehensive_backup_20260101_000000.json.gz.old"));
}

static const char legacy_text[] =
    "{\"backup_metadata\":{\"version\":\"2.0\",\"created_at\":\"2025-09-02T08:57:42\","
    "\"backup_type\":\"comprehensive_backup\",\"data_counts\":{\"tenants\":2,\"products\":2,"
    "\"external_agents\":1,\"product_embeddings\":1}},\n"
    "\"tenants\":[{\"id\":1,\"name\":\"Acme\",\"slug\":\"acme\",\"custom_prompt\":null,"
    "\"web_grounding_prompt\":\"look\",\"enable_web_context\":true,"
    "\"created_at\":\"2025-09-02T08:57:42.921863\"},{\"id\":2,\"name\":\"Bolt\",\"slug\":\"bolt\","
    "\"custom_prompt\":{\"a\":[1,2.5]},\"web_grounding_prompt\":null,\"enable_web_context\":false,"
    "\"created_at\":\"2025-09-02T08:57:42\"}],\n"
    "\"products\":[{\"id\":1,\"tenant_id\":1,\"name\":\"one beta\",\"description\":\"words\","
    "\"price_cpm\":1.5,\"delivery_type\":\"x\",\"formats_json\":\"[]\",\"targeting_json\":null,"
    "\"created_at\":\"2025-09-02T08:57:42\"},{\"id\":2,\"tenant_id\":2,\"name\":\"two\","
    "\"description\":null,\"price_cpm\":2,\"delivery_type\":\"y\",\"formats_json\":null,"
    "\"targeting_json\":null,\"created_at\":\"2025-09-02T08:57:42\"}],\n"
    "\"external_agents\":[{\"id\":1,\"name\":\"agent\",\"base_url\":\"http://localhost\","
    "\"enabled\":true,\"agent_type\":\"t\",\"protocol\":\"p\","
    "\"created_at\":\"2025-09-02T08:57:42\"}],\n"
    "\"product_embeddings\":[{\"id\":1,\"product_id\":1,\"embedding_text\":\"t\","
    "\"embedding_hash\":\"h\",\"embedding\":[0.5,-1.0,2],\"provider\":\"p\",\"model\":\"m\","
    "\"dim\":3,\"updated_at\":null,\"is_stale\":0,\"created_at\":\"2025-09-02T08:57:42\"}],\n"
    "\"app_settings\":{\"api_key\":\"k\",\"top\":5},\"tenant_settings\":{},"
    "\"database_schema\":{\"tables\":[\"tenant\"]},\"fts_tables\":{},"
    "\"environment_config\":{\"EMB_MODEL\":null},\"feature_flags\":{\"web\":false}}\n";

/* A file of version 2.0, and the database that it makes. */
static void make_legacy(void) {
  make_file("legacy.json", legacy_text);
  sqlite3 *db = world_open(world_path("legacy.db"));
  must(db, world_text("SELECT adcp_restore('@/legacy.json', '{\"create\":true}')", ""));
  sqlite3_close(db);
}

/* Settings to be backed up, and those that a restore finds: with a value that is left out. */
static void make_settings(void) {
  setenv("ADCP_FAULT_PLAIN", "it's plain", 1);
  setenv("ADCP_FAULT_TOKEN", "hidden", 1);
  make_file("app.json", "{\"theme\":\"dark\",\"api_key\":\"k-1\",\"n\":1.0}\n");
  make_file("out.json.old", "{\"theme\":\"light\",\"api_key\":\"mine\"}\n");
  make_file("log.txt.old", "{\"time\":\"earlier\"}\n");
  make_file("config.json", "{\"keep_daily\":7,\"name_prefix\":\"shop\",\"tables\":[\"product\"]}");
  const char *options =
      world_text("{\"settings\":{\"app_settings\":\"@/app.json\"},\"env\":[\"ADCP_FAULT_*\"]}", "");
  make_backup("source.db", "settings.json.gz", options);
}

/* As a program that knows nothing of us would compress it: one frame of many blocks. */
static void make_foreign_zstd(void) {
  size_t size;
  char *bytes = read_all(world_path("good.json"), &size);
  size_t bound = ZSTD_compressBound(size);
  char *frame = malloc(bound);
  size_t n = ZSTD_compress(frame, bound, bytes, size, 3);
  FILE *file = fopen(world_path("foreign.json.zst"), "wb");
  fwrite(frame, 1, n, file);
  fclose(file);
  free(frame);
  free(bytes);
}

/* One byte in the middle, where rows are. */
static void make_damaged(void) {
  file_copy(world_path("good.json.gz"), world_path("damaged.json.gz"));
  FILE *file = fopen(world_path("damaged.json.gz"), "r+b");
  fseek(file, 0, SEEK_END);
  long middle = ftell(file) / 3;
  fseek(file, middle, SEEK_SET);
  int byte = fgetc(file);
  fseek(file, middle, SEEK_SET);
  fputc(byte ^ 0x10, file);
  fclose(file);
}

void world_make(void) {
  const char *parent = getenv("TMPDIR");
  snprintf(folder, sizeof folder, "%s/fault.XXXXXX", parent ? parent : "/tmp");
  if( mkdtemp(folder) == NULL ) {
    perror(folder);
    exit(2);
  }
  make_source("source.db", false);
  make_source("bigsource.db", true);
  make_other();
  make_like();
  make_large();
  sqlite3_close(world_open(world_path("empty.db")));
  FILE *file = fopen(world_path("empty.db"), "ab");
  fclose(file);
  make_backup("source.db", "good.json.gz", "{}");
  make_backup("source.db", "good.json", "{}");
  make_backup("source.db", "part.json.gz", "{\"tables\":[\"tenant\",\"product\"]}");
  make_backup("source.db", "data.json.gz", "{\"data_only\":true}");
  make_backup("bigsource.db", "big.json.gz", "{}");
  make_backup("large.db", "large.json.gz", "{}");
  make_backup("source.db", "good.json.zst", "{}");
  make_damaged();
  make_shelf();
  make_legacy();
  make_settings();
  make_foreign_zstd();
}

static void remove_folder(const char *path) {
  DIR *dir = opendir(path);
  struct dirent *entry;
  while( dir && (entry = readdir(dir)) != NULL ) {
    char inside[2 * PATH_BYTES];
    snprintf(inside, sizeof inside, "%s/%s", path, entry->d_name);
    unlink(inside);
  }
  if( dir ) closedir(dir);
  rmdir(path);
}

void world_remove(void) {
  static const char *const folders[] = {"shelf", "dated", ""};
  for( size_t i = 0; i < sizeof folders / sizeof *folders; i++ ) {
    remove_folder(world_path(folders[i]));
  }
}

/* ---- observations ---- */

static uint64_t mix_query(sqlite3 *db, uint64_t hash, const char *sql) {
  sqlite3_stmt *stmt = NULL;
  if( sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ) return 0;
  int rc;
  while( (rc = sqlite3_step(stmt)) == SQLITE_ROW ) {
    for( int i = 0; i < sqlite3_column_count(stmt); i++ ) {
      int type = sqlite3_column_type(stmt, i);
      const void *bytes = sqlite3_column_blob(stmt, i);
      hash = mix(hash, &type, sizeof type);
      hash = mix(hash, bytes, (size_t)sqlite3_column_bytes(stmt, i));
    }
  }
  sqlite3_finalize(stmt);
  return rc == SQLITE_DONE ? hash : mix(hash, "error", 5);
}

static uint64_t mix_tables(sqlite3 *db, const char *schema, uint64_t hash) {
  sqlite3_stmt *stmt = NULL;
  char *list = sqlite3_mprintf("SELECT name FROM \"%w\".sqlite_schema WHERE type = 'table' AND "
                               "rootpage > 0 ORDER BY name",
                               schema);
  sqlite3_prepare_v2(db, list, -1, &stmt, NULL);
  while( sqlite3_step(stmt) == SQLITE_ROW ) {
    const char *name = (const char *)sqlite3_column_text(stmt, 0);
    char *rows = sqlite3_mprintf("SELECT rowid, * FROM \"%w\".\"%w\" ORDER BY rowid", schema, name);
    char *keyed = sqlite3_mprintf("SELECT * FROM \"%w\".\"%w\" ORDER BY 1, 2", schema, name);
    bool statistics = strncmp(name, "sqlite_", 7) == 0; /* their rowids mean nothing */
    uint64_t with_rowid = statistics ? 0 : mix_query(db, hash, rows);
    hash = with_rowid ? with_rowid : mix_query(db, hash, keyed);
    sqlite3_free(rows);
    sqlite3_free(keyed);
  }
  sqlite3_finalize(stmt);
  sqlite3_free(list);
  return hash;
}

uint64_t world_content(sqlite3 *db, const char *schema) {
  uint64_t hash = 0xcbf29ce484222325u;
  char *objects = sqlite3_mprintf(
      "SELECT type, name, tbl_name, sql FROM \"%w\".sqlite_schema ORDER BY type, name", schema);
  hash = mix_query(db, hash, objects);
  sqlite3_free(objects);
  hash = mix_tables(db, schema, hash);
  if( strcmp(schema, "main") != 0 ) return hash;
  /* Through the modules, whose memory of the tables must fit. */
  hash ^= mix_query(db, hash, "SELECT rowid, body FROM note WHERE note MATCH 'beta' ORDER BY rank");
  hash ^= mix_query(db, hash, "SELECT id FROM place WHERE x0 < 6 ORDER BY id");
  hash = mix_query(db, hash, "PRAGMA user_version");
  return mix_query(db, hash, "PRAGMA application_id");
}

/* Whatever encoding the connection has. */
static uint64_t mix_config(sqlite3 *db) {
  sqlite3_stmt *stmt = NULL;
  uint64_t hash = 1;
  sqlite3_prepare_v2(db, "SELECT adcp_config()", -1, &stmt, NULL);
  if( sqlite3_step(stmt) == SQLITE_ROW ) {
    const void *text = sqlite3_column_text(stmt, 0);
    hash = mix(hash, text, (size_t)sqlite3_column_bytes(stmt, 0));
  }
  sqlite3_finalize(stmt);
  return hash;
}

void world_settings(sqlite3 *db, char out[MESSAGE_BYTES]) {
  static const char *const pragmas[] = {
      "foreign_keys",   "recursive_triggers", "ignore_check_constraints",
      "query_only",     "count_changes",      "reverse_unordered_selects",
      "cache_size",     "defer_foreign_keys", "read_uncommitted",
      "journal_mode",   "synchronous",        "automatic_index",
      "busy_timeout",   "full_column_names",  "foreign_keys",
      "temp_store",     "writable_schema",    "cell_size_check",
      "trusted_schema", "legacy_alter_table", "locking_mode",
      "encoding",
  };
  size_t n = 0;
  for( int op = SQLITE_DBCONFIG_ENABLE_FKEY; op <= SQLITE_DBCONFIG_TRUSTED_SCHEMA; op++ ) {
    int value = 0;
    if( op == SQLITE_DBCONFIG_RESET_DATABASE ) continue;
    sqlite3_db_config(db, op, -1, &value);
    n += (size_t)snprintf(out + n, MESSAGE_BYTES - n, "db_config %d=%d\n", op, value);
  }
  for( size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++ ) {
    char sql[80], value[MESSAGE_BYTES];
    snprintf(sql, sizeof sql, "PRAGMA %s", pragmas[i]);
    world_run(db, sql, value);
    n += (size_t)snprintf(out + n, MESSAGE_BYTES - n, "%s=%.40s\n", pragmas[i], value);
  }
  n += (size_t)snprintf(out + n, MESSAGE_BYTES - n, "last_insert_rowid=%lld\n",
                        (long long)sqlite3_last_insert_rowid(db));
  snprintf(out + n, MESSAGE_BYTES - n, "adcp_config=%llx\n", (unsigned long long)mix_config(db));
}

static int count_entries(const char *path, bool (*wanted)(const char *)) {
  int count = 0;
  DIR *dir = opendir(path);
  struct dirent *entry;
  while( dir && (entry = readdir(dir)) != NULL ) count += wanted(entry->d_name);
  if( dir ) closedir(dir);
  return count;
}

static bool is_number(const char *name) {
  return name[0] >= '0' && name[0] <= '9';
}

static bool is_temp_file(const char *name) {
  return strstr(name, ".adcp-") != NULL;
}

int world_descriptors(void) {
  return count_entries("/proc/self/fd", is_number);
}

/* A thread that was joined may still be listed for a moment. */
int world_threads(int expected) {
  int count = 0;
  for( int i = 0; i < 100; i++ ) {
    count = count_entries("/proc/self/task", is_number);
    if( count <= expected ) break;
    usleep(1000);
  }
  return count;
}

int world_temp_files(void) {
  return count_entries(folder, is_temp_file) + count_entries(world_path("shelf"), is_temp_file) +
         count_entries(world_path("dated"), is_temp_file);
}

bool world_sound(sqlite3 *db) {
  char out[MESSAGE_BYTES];
  return world_run(db, "PRAGMA integrity_check", out) == SQLITE_OK && strcmp(out, "ok") == 0;
}
