#!/bin/bash
# test_dbsame.sh - dbsame sees each kind of difference, and none where there is none.
set -u
cd "$TMPDIR" || exit 2
dbsame=$ADCP_BIN/dbsame
passed=0
failed=0

base="PRAGMA user_version=3; PRAGMA application_id=77;
CREATE TABLE t(id INTEGER PRIMARY KEY, a, b REAL, c TEXT COLLATE NOCASE DEFAULT 'x');
INSERT INTO t VALUES(1,1,1.5,'one'),(2,'1',-2.5,'zwei'),(5,x'31',1e308,NULL),(9,NULL,0.1,'');
CREATE TABLE h(v); INSERT INTO h(rowid,v) VALUES(3,'p'),(7,'q'),(9,-0.0);
CREATE TABLE hidden(rowid,_rowid_,oid); INSERT INTO hidden VALUES(3,2,1),(1,2,3);
CREATE TABLE w(k TEXT COLLATE NOCASE, n INT, v, PRIMARY KEY(k,n DESC)) WITHOUT ROWID;
INSERT INTO w VALUES('a',1,'A'),('b',2,'B'),('b',1,'C');
CREATE TABLE g(a INT, s AS (a*2), t AS (a*3) STORED); INSERT INTO g VALUES(4);
CREATE TABLE q(id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT INTO q(v) VALUES('x'),('y');
CREATE TABLE q2(id INTEGER PRIMARY KEY AUTOINCREMENT, v); INSERT INTO q2(v) VALUES('z');
CREATE TABLE bytes(v); INSERT INTO bytes VALUES(CAST(x'ff00fe' AS TEXT)),(zeroblob(40));
CREATE INDEX ta ON t(a); CREATE INDEX tc ON t(c) WHERE c>'a';
CREATE VIEW v AS SELECT a FROM t;
CREATE TRIGGER tr AFTER INSERT ON t BEGIN DELETE FROM h; END;
CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES('green eggs'),('and ham');
CREATE VIRTUAL TABLE e USING fts5(x, content=''); INSERT INTO e(rowid,x) VALUES(4,'red fish');
CREATE VIRTUAL TABLE r USING rtree(id,x0,x1); INSERT INTO r VALUES(1,0,1),(2,5,6);
ANALYZE;"

make_db() {
  rm -f "$1"
  printf '%s' "$2" | sqlite3 -init /dev/null -batch -bail "$1" >/dev/null || echo "cannot make $1: $2"
}

# judge NAME STATUS PATTERN ARGUMENT...: dbsame's exit status, and a pattern in what it prints
judge() {
  local name=$1 want=$2 pattern=$3 status=0 out
  shift 3
  out=$("$dbsame" "$@" 2>&1) || status=$?
  if [ "$status" -eq "$want" ] && grep -q -- "$pattern" <<<"$out"; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'failed: %s: exit status %s, wanted %s and "%s"; printed:\n%s\n' \
      "$name" "$status" "$want" "$pattern" "$out"
  fi
}

# changed NAME PATTERN SQL: B is A with SQL run on it; seen from both sides
changed() {
  cp a.db b.db
  sqlite3 -init /dev/null -batch -bail b.db "$3" >/dev/null || echo "cannot run: $3"
  judge "$1" 1 "$2" a.db b.db
  judge "$1, the other way round" 1 "$2" b.db a.db
}

# unchanged NAME SQL: what is no difference
unchanged() {
  cp a.db b.db
  sqlite3 -init /dev/null -batch -bail b.db "$2" >/dev/null || echo "cannot run: $2"
  judge "$1" 0 '^the same: 0 differences' a.db b.db
}

make_db a.db "$base"
make_db again.db "$base"
judge 'made twice' 0 '^the same: 0 differences' a.db again.db

changed 'user_version' 'PRAGMA user_version' 'PRAGMA user_version=4'
changed 'application_id' 'PRAGMA application_id' 'PRAGMA application_id=78'
changed 'a table more' 'table "more" is only in' 'CREATE TABLE more(x)'
changed 'an index less' 'index "ta" is only in' 'DROP INDEX ta'
changed 'a view less' 'view "v" is only in' 'DROP VIEW v'
changed 'a trigger less' 'trigger "tr" is only in' 'DROP TRIGGER tr'
changed 'another view' 'view "v" is defined otherwise' 'DROP VIEW v; CREATE VIEW v AS SELECT b FROM t'
changed 'white space of SQL' 'view "v" is defined otherwise' 'DROP VIEW v; CREATE VIEW v AS SELECT  a FROM t'
changed 'a column more' 'table "h" is defined otherwise' 'ALTER TABLE h ADD COLUMN n'
changed 'an integer' 'table "t": rowid 1, a: ' 'UPDATE t SET a=2 WHERE id=1'
changed 'text for an integer' 'table "t": rowid 1, a: ' "UPDATE t SET a='1' WHERE id=1"
changed 'real for an integer' 'table "t": rowid 1, a: ' 'UPDATE t SET a=1.0 WHERE id=1'
changed 'blob for text' 'table "t": rowid 2, a: ' "UPDATE t SET a=x'31' WHERE id=2"
changed 'NULL for a blob' 'table "t": rowid 5, a: ' 'UPDATE t SET a=NULL WHERE id=5'
changed 'NULL for empty text' 'table "t": rowid 9, c: ' 'UPDATE t SET c=NULL WHERE id=9'
changed 'case of NOCASE text' 'table "t": rowid 1, c: ' "UPDATE t SET c='ONE' WHERE id=1"
changed 'the last bit of a real' 'table "t": rowid 9, b: ' 'UPDATE t SET b=0.1+1.3877787807814457e-17 WHERE id=9'
changed 'minus zero' 'table "h": rowid 9, v: ' 'UPDATE h SET v=0.0 WHERE rowid=9'
changed 'bytes after NUL' 'table "bytes": rowid 1, v: ' "UPDATE bytes SET v=CAST(x'ff00fd' AS TEXT) WHERE rowid=1"
changed 'invalid UTF-8' 'table "bytes": rowid 1, v: ' "UPDATE bytes SET v=CAST(x'fd00fe' AS TEXT) WHERE rowid=1"
changed 'length of a blob' 'table "bytes": rowid 2, v: ' 'UPDATE bytes SET v=zeroblob(41) WHERE rowid=2'
changed 'a row less' 'table "t": rowid 5 is only in' 'DELETE FROM t WHERE id=5'
changed 'the last row less' 'table "t": rowid 9 is only in' 'DELETE FROM t WHERE id=9'
changed 'a row more' 'table "h": rowid 1 is only in' "INSERT INTO h(rowid,v) VALUES(1,'o')"
changed 'another rowid' 'table "h": rowid 8 is only in' 'UPDATE h SET rowid=8 WHERE rowid=7'
changed 'order where no rowid is in reach' 'table "hidden": row number 1' \
  'DELETE FROM hidden; INSERT INTO hidden VALUES(1,2,3),(3,2,1)'
changed 'WITHOUT ROWID value' 'table "w": row number ., v: ' "UPDATE w SET v='X' WHERE n=2"
changed 'WITHOUT ROWID key, NOCASE' 'table "w": row number ., k: ' "UPDATE w SET k='A' WHERE k='a'"
changed 'WITHOUT ROWID row less' 'table "w": row number . is only in' "DELETE FROM w WHERE k='b' AND n=1"
changed 'a generated column' 'table "g": rowid 1, a: ' 'UPDATE g SET a=5'
changed 'sqlite_sequence' 'table "sqlite_sequence": row number 1, seq: ' "UPDATE sqlite_sequence SET seq=9 WHERE name='q'"
changed 'sqlite_sequence row less' 'table "sqlite_sequence": row number' "DELETE FROM sqlite_sequence WHERE name='q2'"
changed 'sqlite_stat1' 'table "sqlite_stat1": row number' "UPDATE sqlite_stat1 SET stat='99 1' WHERE idx='ta'"
changed 'fts5 row' 'table "f_content"' "UPDATE f SET x='blue' WHERE rowid=1"
changed 'fts5 by SELECT' 'table "f": rowid 1, x' "UPDATE f SET x='blue' WHERE rowid=1"
changed 'fts5 without content' 'table "e_data"' "INSERT INTO e(rowid,x) VALUES(5,'blue fish')"
changed 'fts5 configuration' 'table "f_config"' "INSERT INTO f(f,rank) VALUES('rank','bm25(2.0)')"
changed 'fts5 segments' 'table "f_data"' "INSERT INTO f VALUES('x'); DELETE FROM f WHERE x='x'; INSERT INTO f(f) VALUES('optimize')"
changed 'rtree entry' 'table "r_node"' 'UPDATE r SET x1=7 WHERE id=2'
changed 'rtree by SELECT' 'table "r": rowid 2, x1' 'UPDATE r SET x1=7 WHERE id=2'

changed 'VACUUM numbers hidden rowids anew' 'table "h": rowid 1 is only in' 'VACUUM'
unchanged 'WAL' 'PRAGMA journal_mode=WAL'
unchanged 'order of creation' 'DROP VIEW v; CREATE VIEW v AS SELECT a FROM t'
unchanged 'order of sqlite_sequence' 'CREATE TEMP TABLE s AS SELECT * FROM sqlite_sequence;
  DELETE FROM sqlite_sequence; INSERT INTO sqlite_sequence SELECT * FROM s ORDER BY name DESC'
unchanged 'rowids of sqlite_stat1' 'UPDATE sqlite_stat1 SET rowid=rowid+100'

# options
cp a.db b.db
sqlite3 -batch b.db 'UPDATE h SET rowid=rowid+10'
judge 'hidden rowids' 1 'table "h": rowid' a.db b.db
judge 'hidden rowids may differ' 0 '^the same' --no-rowid h a.db b.db
sqlite3 -batch b.db 'UPDATE h SET v=0 WHERE v=-0.0'
judge 'hidden rowids may differ, values may not' 1 'row number 3, v: ' --no-rowid 'h*' a.db b.db
judge 'ignored table' 0 '^the same' --ignore h a.db b.db
cp a.db b.db
sqlite3 -batch b.db 'DROP INDEX ta; DROP VIEW v'
judge 'ignored objects' 0 '^the same' --ignore ta --ignore 'v*' --ignore 'sqlite_stat*' a.db b.db
cp a.db b.db
sqlite3 -batch b.db 'PRAGMA auto_vacuum=FULL; VACUUM'
judge 'auto_vacuum left alone' 0 '^the same' --no-rowid h a.db b.db
judge 'auto_vacuum' 1 'PRAGMA auto_vacuum' --auto-vacuum --no-rowid h a.db b.db
cp a.db b.db
sqlite3 -batch b.db 'PRAGMA page_size=8192; VACUUM'
judge 'page size' 0 '^the same' --no-rowid h a.db b.db

# encodings
make_db u8.db "CREATE TABLE t(v); INSERT INTO t VALUES('é'),(x'00d8'),('a')"
for encoding in UTF-16le UTF-16be; do
  u="PRAGMA encoding='$encoding'; CREATE TABLE t(v); CREATE TABLE ü(x); CREATE TABLE z(x);
     INSERT INTO t VALUES('é'),(CAST(x'3dd800d8' AS TEXT)),(CAST(x'41004200' AS TEXT)),(1.5),(NULL),(x'00');"
  make_db a16.db "$u"
  make_db b16.db "$u"
  judge "$encoding" 0 '^the same' a16.db b16.db
  judge "$encoding against UTF-8" 1 'PRAGMA encoding' a16.db u8.db
  for change in "CAST(x'3dd801d8' AS TEXT) WHERE rowid=2" "CAST(x'41004300' AS TEXT) WHERE rowid=3" \
    "CAST(x'4100' AS TEXT) WHERE rowid=3" "x'41004200' WHERE rowid=3" "'è' WHERE rowid=1" "'' WHERE rowid=5"; do
    cp a16.db b16.db
    sqlite3 -batch b16.db "UPDATE t SET v=$change"
    judge "$encoding: $change" 1 'table "t": rowid' a16.db b16.db
  done
  cp a16.db b16.db
  sqlite3 -batch b16.db 'DROP TABLE ü; CREATE TABLE ö(x)'
  judge "$encoding: names" 1 'table "ü" is only in A' a16.db b16.db
  judge "$encoding: names, no more than two" 1 '^different: 2 differences' a16.db b16.db
done

# more columns than one SELECT may have
for encoding in UTF-8 UTF-16le; do
  make_db a.db "PRAGMA encoding='$encoding';
    CREATE TABLE wide($(printf 'c%d,' {1..1999}) z); INSERT INTO wide(c5,z) VALUES('x','y'),('p','q');"
  cp a.db b.db
  judge "wide table, $encoding" 0 '^the same.* 2 rows$' a.db b.db
  sqlite3 -batch b.db "UPDATE wide SET z='Q' WHERE rowid=2"
  judge "last of many columns, $encoding" 1 'table "wide": rowid 2, z: ' a.db b.db
done

# a module that is not loaded: the row in sqlite_schema, and no failure
for db in a b; do
  make_db "$db.db" "CREATE TABLE x_data(a); INSERT INTO x_data VALUES(1); PRAGMA writable_schema=ON;
    INSERT INTO sqlite_schema VALUES('table','x','x',0,'CREATE VIRTUAL TABLE x USING nosuchmodule(a)');"
done
judge 'module that is not there' 0 '^the same' a.db b.db
sqlite3 -batch b.db 'UPDATE x_data SET a=2'
judge 'shadow table without its module' 1 'table "x_data"' a.db b.db

# a database that is damaged, none at all, and wrong options
make_db a.db "CREATE TABLE t(a); CREATE INDEX i ON t(a); INSERT INTO t VALUES(1),(2);"
cp a.db b.db
sqlite3 -batch b.db "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql='CREATE INDEX i ON t(a DESC)' WHERE name='i'"
judge 'integrity_check' 1 'PRAGMA integrity_check' a.db b.db
judge 'integrity_check left out' 1 '^different: 1 difference ' --no-integrity a.db b.db
judge 'no such file' 2 'nothing.db: unable to open' a.db nothing.db
echo 'This is a text and no database, whatever its length may be.' >text.db
judge 'no database' 2 'text.db: file is not a database' a.db text.db
judge 'no arguments' 2 '^usage:'
judge 'unknown option' 2 '^usage:' --frobnicate a.db b.db

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
