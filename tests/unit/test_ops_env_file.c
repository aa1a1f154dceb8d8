/*
** test_ops_env_file.c - nothing of a .env file is lost, whatever it is, and once more changes
** nothing.
*/
#include "ops/env_file.h"

#include <stdlib.h>

#include "unit.h"

#define TEXTS 100000

/* What gives a line, or half a text, another meaning. */
static const char *const parts[] = {"A",
                                    "A=",
                                    "B=",
                                    "=",
                                    "'",
                                    "\"",
                                    "\\",
                                    "\n",
                                    "\n",
                                    "\r",
                                    "\r\n",
                                    " ",
                                    "\t",
                                    "#",
                                    ";",
                                    "x",
                                    "1",
                                    "export ",
                                    "A=1 B=2",
                                    "\nA=",
                                    "\xef\xbb\xbf",
                                    "# A was not set",
                                    "\n# A was left out of the backup\n"};

static unsigned next(unsigned below) {
  static uint64_t state = 1;
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (unsigned)(state >> 33) % below;
}

static AdcpBuf copy_of(const AdcpBuf *text) {
  AdcpBuf copy = {0};
  adcp_buf_append(&copy, text->data, text->size);
  return copy;
}

static bool same(const AdcpBuf *a, const AdcpBuf *b) {
  return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static bool has(AdcpBuf *text, const char *part) {
  return strstr(adcp_buf_text(text), part) != NULL;
}

/* Puts the variable twice; false when the second time changes something. */
static bool put_twice(AdcpBuf *text, const AdcpEnvVariable *variable) {
  AdcpTextList warnings = {0};
  AdcpError err = ADCP_ERROR_INIT;
  adcp_env_file_edit(text, variable, 1, &warnings, &err);
  AdcpBuf once = copy_of(text);
  adcp_env_file_edit(text, variable, 1, &warnings, &err);
  bool stays = same(&once, text);
  adcp_buf_free(&once);
  adcp_text_list_free(&warnings);
  return stays;
}

static void test_text(AdcpBuf *text) {
  static const AdcpEnvVariable left_out = {"A", NULL, true}, quoted = {"B", "it's \n x", false},
                               plain = {"A", "v", false};
  AdcpBuf before = copy_of(text);
  CHECK_CASE(put_twice(text, &left_out), "left out: %s", adcp_buf_text(&before));
  bool kept = text->size >= before.size &&
              (before.size == 0 || memcmp(text->data, before.data, before.size) == 0);
  CHECK_CASE(kept || has(&before, "# A was not set"), "lost: %s", adcp_buf_text(&before));
  CHECK_CASE(put_twice(text, &quoted), "quoted: %s", adcp_buf_text(&before));
  CHECK_CASE(has(text, "B=\"it's \n x\""), "not there: %s", adcp_buf_text(&before));
  CHECK_CASE(put_twice(text, &plain), "plain: %s", adcp_buf_text(&before));
  CHECK_CASE(has(text, "A=v"), "not there: %s", adcp_buf_text(&before));
  adcp_buf_free(&before);
}

static void edit(AdcpBuf *text, const AdcpEnvVariable *variables, size_t count) {
  AdcpTextList warnings = {0};
  AdcpError err = ADCP_ERROR_INIT;
  adcp_env_file_edit(text, variables, count, &warnings, &err);
  CHECK(err.rc == ADCP_OK);
  adcp_text_list_free(&warnings);
}

/* All at once is as one after the other. */
static void test_together(const AdcpBuf *text) {
  static const AdcpEnvVariable variables[] = {
      {"B", "1", false}, {"A", NULL, true}, {"C", "x y", false}, {"D", NULL, false}};
  AdcpBuf together = copy_of(text), singly = copy_of(text);
  edit(&together, variables, 4);
  for( int i = 0; i < 4; i++ ) edit(&singly, &variables[i], 1);
  CHECK_CASE(same(&together, &singly), "%s: %s, %s", text->size ? (char *)text->data : "",
             adcp_buf_text(&together), adcp_buf_text(&singly));
  adcp_buf_free(&together);
  adcp_buf_free(&singly);
}

static void test_twice_named(void) {
  static const AdcpEnvVariable variables[] = {
      {"A", "1", false}, {"B", "1", false}, {"A", "2", false}};
  AdcpBuf text = {0};
  adcp_buf_append_str(&text, "B=0\nA=0\n");
  edit(&text, variables, 3);
  CHECK(strcmp(adcp_buf_text(&text), "B=1\nA=2\n") == 0);
  adcp_buf_free(&text);
}

static void check_edited(const char *before, const char *after) {
  static const AdcpEnvVariable variable = {"A", "v", false};
  AdcpBuf text = {0};
  adcp_buf_append_str(&text, before);
  edit(&text, &variable, 1);
  CHECK_CASE(strcmp(adcp_buf_text(&text), after) == 0, "%s: %s", before, adcp_buf_text(&text));
  adcp_buf_free(&text);
}

/* What is not replaced whole stays whole, and the line in force is the new one. */
static void test_places(void) {
  check_edited("A=\"1\n2\"\nB=1\n", "A=v\nB=1\n");
  check_edited("A=\"1\n2\"; export A\n", "A=\"1\n2\"; export A\nA=v\n");
  check_edited("A=\"1\n2\"#no comment\n", "A=\"1\n2\"#no comment\nA=v\n");
  check_edited("A='1\n2''3'\n", "A='1\n2''3'\nA=v\n");
  check_edited("A='1'\"2\n3\"\n", "A='1'\"2\n3\"\nA=v\n");
  check_edited("A='1'2\nB=3\n", "A=v\nB=3\n");
  check_edited("A='tis\nB=3\n", "A=v\nB=3\n");

  check_edited("A=1\nB=1 A=2\n", "A=1\nB=1 A=2\nA=v\n");
  check_edited("A=1\nB=1; A=2\n", "A=1\nB=1; A=2\nA=v\n");
  check_edited("A=1\ntrue && A=2\n", "A=1\ntrue && A=2\nA=v\n");
  check_edited("# A was not set\nB=1 A=2\n", "# A was not set\nB=1 A=2\nA=v\n");
  check_edited("A=1\nB=1 A=2\nA=3\n", "A=1\nB=1 A=2\nA=v\n");
  check_edited("A=1\nB=\"1 A=2\" # or A=3\n# A=4\n", "A=v\nB=\"1 A=2\" # or A=3\n# A=4\n");
}

int main(void) {
  for( int i = 0; i < TEXTS; i++ ) {
    AdcpBuf text = {0};
    for( unsigned n = next(14); n > 0; n-- ) {
      adcp_buf_append_str(&text, parts[next(sizeof parts / sizeof *parts)]);
    }
    test_together(&text);
    test_text(&text);
    adcp_buf_free(&text);
  }
  test_twice_named();
  test_places();
  return unit_done();
}
