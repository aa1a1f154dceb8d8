/*
** limits.h - every limit of the extension, named, with its reason.
**
** A limit is met with a clear error (ADCP_TOOBIG unless said otherwise), never with a crash.
*/
#ifndef ADCP_BASE_LIMITS_H
#define ADCP_BASE_LIMITS_H

/* Rows nest 3 deep (row, value, tag); documents of ours 6; settings files of people less than 20.
** The reader keeps one bit a level and never recurses, so the limit is about sanity, not stack. */
#define ADCP_MAX_JSON_DEPTH 256

/* A settings file stands one level deeper in a backup than in its file. */
#define ADCP_MAX_SETTINGS_DEPTH (ADCP_MAX_JSON_DEPTH - 1)

/* Raw text of one block. 256 KiB: 64 KiB cost 13 % of the compressed size at level 6, 1 MiB gained
** 4 %, and a block must stay cheap to inflate for one row. Readers accept up to the maximum. */
#define ADCP_BLOCK_BYTES     (256 * 1024)
#define ADCP_MAX_BLOCK_BYTES (4 * 1024 * 1024)

/* A table gets a block of its own from this size on; below it shares one with its neighbours. */
#define ADCP_OWN_BLOCK_BYTES (64 * 1024)

/* A mark of the manifest holds the key of a row; a longer one is left out: a mark a block is to
** stay small beside the block. */
#define ADCP_MAX_MARK_KEY_BYTES 1024

/* Deflate expands at most 1032 times; a block index that claims more is a lie. */
#define ADCP_MAX_INFLATE_RATIO 1040

/* The locator line and a gzip trailer are below 100 bytes; white space added by mail or editors
** still leaves it within one page. */
#define ADCP_TAIL_BYTES 4096

/* SQLite's own compile-time maximum of a string, blob or row is 2^31 - 1 bytes; base64 makes it
** a third longer, plus room for the other columns of the row. */
#define ADCP_MAX_ROW_BYTES ((int64_t)3 * 1024 * 1024 * 1024)

/* All text outside the rows, where it is kept: schema, settings, manifest. A schema of 100,000
** tables is 60 MB; what a file of a few MB could inflate to is not to fill the memory. */
#define ADCP_MAX_HEAD_BYTES ((int64_t)256 * 1024 * 1024)

/* So much of it may stand in front of the rows of a backup that is written. The rest is for the
** manifest, which counts with it where another tool packed the file anew. */
#define ADCP_MAX_WRITTEN_HEAD_BYTES (ADCP_MAX_HEAD_BYTES / 16 * 15)

/* One JSON token outside rows (a key, schema SQL, a setting, a note): no longer than all of them. */
#define ADCP_MAX_TOKEN_BYTES ADCP_MAX_HEAD_BYTES

/* Words, numbers, strings and operators of one text of the schema. SQLite's parser makes some 230
** bytes of each: 4 MB of "a,a,a," took 460 MB. */
#define ADCP_MAX_SQL_TOKENS 1000000

/* The text of a virtual table. Modules copy their arguments: fts5 made 500 MB of 40 MB. */
#define ADCP_MAX_MODULE_SQL_BYTES (16 * 1024 * 1024)

/* Prefix indexes of an fts4 table. fts5 takes 31; fts4, which takes any number, needs time with the square
** of it to be rebuilt: 50,000 of one length, a file of 1.7 KB, took half a minute for 50 rows. */
#define ADCP_MAX_FTS_PREFIXES 100

/* Tables, indexes, views and triggers that a restore makes unless it is told to make more (option
** max_objects). For each of them SQLite reads all of sqlite_schema: 20,000 took it 15 seconds, so
** 50,000 take a minute and a half, and the 1,000,000 that a file of a few MB can ask for half a day. */
#define ADCP_MAX_OBJECTS 50000

/* What one part of a message may be: names, and what SQLite quotes of a schema text, can be 100 MB
** long. */
#define ADCP_MAX_MESSAGE_BYTES 4000

/* The manifest is read an entry after the other; that of 1,000,000 tables is 160 MB. */
#define ADCP_MAX_MANIFEST_BYTES ((int64_t)1024 * 1024 * 1024)

/* Top-level members that are kept as text; a backup has about ten. */
#define ADCP_MAX_SECTIONS 1000

/* A node of an R-Tree. SQLite's have at most 51 entries of 48 bytes (RTREE_MAXCELLS in ext/rtree/rtree.c), and it
** counts entries in 8 bits while it walks through them: of a node that is too large it would read what is
** behind it. 255 entries of 16 bytes, the smallest, fit in here. */
#define ADCP_MAX_RTREE_NODE_BYTES 4096

/* SQLITE_MAX_COLUMN can be raised to 32767 at most. */
#define ADCP_MAX_COLUMNS 32767

/* Symbolic links followed on the way to one file, as Linux has it. */
#define ADCP_MAX_LINKS 40

/* More threads than this only cost memory: each has a block in flight. */
#define ADCP_MAX_THREADS 64

/* An options document is a few lines; 1 MiB leaves room for long lists of table names. */
#define ADCP_MAX_OPTIONS_BYTES (1024 * 1024)

/* A list of backups reads a file without a usable end to its end only when it is as small as this
** (it inflates to 66 MB at most, a tenth of a second); of a larger one it reads this much text to
** find backup_metadata, the first member. */
#define ADCP_PEEK_FILE_BYTES (64 * 1024)
#define ADCP_PEEK_TEXT_BYTES (1024 * 1024)

/* A settings file of people has some KB; it is held in memory, twice while secrets are taken out.
** All of them together must leave room for the schema in ADCP_MAX_HEAD_BYTES. */
#define ADCP_MAX_SETTINGS_BYTES     (16 * 1024 * 1024)
#define ADCP_MAX_ALL_SETTINGS_BYTES (64 * 1024 * 1024)

/* What a backup holds of them, with the paths and digests of secrets, which can be many times as
** large: it has to leave that room too. */
#define ADCP_MAX_SETTINGS_TEXT_BYTES (ADCP_MAX_HEAD_BYTES / 2)

#endif
