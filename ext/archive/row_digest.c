/*
** row_digest.c - the SHA-256 over the row lines of a table (contract in row_digest.h).
**
** Lines are copied into one of a few pieces. A full piece is digested here or, when a thread was
** asked for, put to a serial queue, so that the caller goes on with the next piece:
**
**     pieces   [in the queue] [in the queue] [being filled] [free]
**
** A table that fits into one piece never meets the queue, so a small backup starts no thread.
*/
#include "archive/row_digest.h"

#include <string.h>

#include "base/mem.h"
#include "platform/work_queue.h"

/* With 32 KiB a thread was woken four times as often, which cost a restore a tenth of its processor
** time. */
#define PIECE_BYTES ((size_t)128 * 1024)
#define PIECES      4

typedef struct Piece {
  AdcpDigest *sha256; /* borrowed from the row digest; only the job that is running uses it */
  size_t size;
  uint8_t bytes[PIECE_BYTES];
} Piece;

struct AdcpRowDigest {
  AdcpDigest sha256;
  AdcpWorkQueue *queue; /* NULL: pieces are digested at once */
  int64_t bytes;
  size_t filling;        /* the piece being filled */
  Piece *pieces[PIECES]; /* owned; one only without a queue */
};

/* Runs on any thread, one piece after the other. */
static void digest_piece(void *argument) {
  Piece *piece = argument;
  adcp_digest_add(piece->sha256, piece->bytes, piece->size);
  piece->size = 0;
}

static Piece *make_piece(AdcpRowDigest *digest, AdcpError *err) {
  Piece *piece = adcp_malloc(sizeof *piece);
  if( piece == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  piece->sha256 = &digest->sha256;
  piece->size = 0;
  return piece;
}

AdcpRowDigest *adcp_row_digest_open_threaded(bool threaded, AdcpError *err) {
  if( err->rc ) return NULL;
  AdcpRowDigest *digest = adcp_calloc(1, sizeof *digest);
  if( digest == NULL ) {
    adcp_error_nomem(err);
    return NULL;
  }
  adcp_digest_reset(&digest->sha256);
  for( size_t i = 0; i < (threaded ? PIECES : 1); i++ ) digest->pieces[i] = make_piece(digest, err);
  if( threaded ) digest->queue = adcp_work_queue_open_serial(true, PIECES, digest_piece, err);
  if( err->rc == ADCP_OK ) return digest;
  adcp_row_digest_close(digest);
  return NULL;
}

AdcpRowDigest *adcp_row_digest_open(AdcpError *err) {
  return adcp_row_digest_open_threaded(false, err);
}

/* Digests what is in the queue and in the piece being filled. */
static void finish(AdcpRowDigest *digest) {
  while( digest->queue && !adcp_work_queue_empty(digest->queue) ) {
    adcp_work_queue_take(digest->queue);
  }
  digest_piece(digest->pieces[digest->filling]);
}

void adcp_row_digest_reset(AdcpRowDigest *digest) {
  finish(digest);
  adcp_digest_reset(&digest->sha256);
  digest->bytes = 0;
}

/* Passes on the full piece and goes to the next one, which is free once the oldest is done. */
static Piece *next_piece(AdcpRowDigest *digest) {
  if( digest->queue == NULL ) {
    digest_piece(digest->pieces[0]);
    return digest->pieces[0];
  }
  adcp_work_queue_put(digest->queue, digest->pieces[digest->filling]);
  if( adcp_work_queue_full(digest->queue) ) adcp_work_queue_take(digest->queue);
  digest->filling = (digest->filling + 1) % PIECES;
  return digest->pieces[digest->filling];
}

void adcp_row_digest_add(AdcpRowDigest *digest, const void *bytes, size_t n) {
  const uint8_t *from = bytes;
  Piece *piece = digest->pieces[digest->filling];
  digest->bytes += (int64_t)n;
  while( n > PIECE_BYTES - piece->size ) {
    size_t room = PIECE_BYTES - piece->size;
    memcpy(piece->bytes + piece->size, from, room);
    piece->size = PIECE_BYTES;
    from += room;
    n -= room;
    piece = next_piece(digest);
  }
  memcpy(piece->bytes + piece->size, from, n);
  piece->size += n;
}

void adcp_row_digest_end_row(AdcpRowDigest *digest) {
  adcp_row_digest_add(digest, "\n", 1);
}

int64_t adcp_row_digest_bytes(const AdcpRowDigest *digest) {
  return digest->bytes;
}

void adcp_row_digest_hex(AdcpRowDigest *digest, char hex[ADCP_SHA256_HEX + 1]) {
  finish(digest);
  adcp_digest_hex(&digest->sha256, hex);
}

void adcp_row_digest_close(AdcpRowDigest *digest) {
  if( digest == NULL ) return;
  adcp_work_queue_close(digest->queue);
  for( size_t i = 0; i < PIECES; i++ ) adcp_free(digest->pieces[i]);
  adcp_free(digest);
}
