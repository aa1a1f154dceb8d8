# adcp: a SQLite extension that backs a database up into one JSON document.
#
#   make help        lists the targets
#   make CC=clang    another compiler; CFLAGS=... and LDFLAGS=... are added to ours
#
# A variant is one way to compile everything; its objects stand below build/<variant>/ in the
# folders of their sources. A unit test test_<layer>_<topic> is linked with the libraries of that
# layer and of those below it only, so it cannot reach upwards.

ifeq ($(origin CC),default)
CC = gcc
endif
CLANG        ?= clang
GCC          ?= gcc
CLANG_FORMAT ?= clang-format
PREFIX       ?= /usr/local
DESTDIR      ?=
T            ?=
# V=1 shows the commands.
Q            := $(if $(V),,@)
say           = $(if $(V),,@echo '  $(1)')

LAYERS  := base codec platform stream archive db ops sql
LIBS    := -lz -ldeflate -lzstd -lnettle -lcjson -lpthread -ldl
# ISA-L, which compresses fastest, where there is one.
ISAL    := $(shell echo '\#include <isa-l/igzip_lib.h>' | $(CC) $(CFLAGS) -E - >/dev/null 2>&1 && echo yes)
SQLITE  := -lsqlite3
# Layers that know nothing of SQLite's int lengths hold to -Wconversion.
STRICT  := base codec platform stream archive

STD     := -std=c11 -D_GNU_SOURCE -Iext -Iinclude -fvisibility=hidden -fPIC $(if $(ISAL),-DADCP_WITH_ISAL)
WARN    := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Werror
HARDEN  := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
LDHARD  := -Wl,-z,relro -Wl,-z,now

SOURCES := $(sort $(wildcard ext/*/*.c))
ifdef ISAL
LIBS    += -lisal
else
SOURCES := $(filter-out ext/stream/compress_isal.c,$(SOURCES))
endif
UNITS   := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/test_*.c)))
TOOLS   := $(patsubst tests/tools/%.c,%,$(sort $(wildcard tests/tools/*.c)))
SLTRUN  := $(sort $(wildcard tests/slt/*.c))
C_FILES := $(sort $(wildcard include/*.h ext/*/*.[ch] tests/*/*.[ch]))

# ---- variants: <name>_CC, <name>_FLAGS, <name>_LD ----

VARIANTS       := so static asan tsan coverage
so_FLAGS       := -O2 -g $(HARDEN)
static_FLAGS   := -O2 -g $(HARDEN) -DSQLITE_CORE
asan_FLAGS     := -O1 -g -DSQLITE_CORE -fsanitize=address,undefined -fno-sanitize-recover=all \
                  -fno-omit-frame-pointer
asan_LD        := -fsanitize=address,undefined
# Kept in the process: a report about a leak is written at the end and names functions.
asan_SO_LD     := -Wl,-z,nodelete
tsan_FLAGS     := -O1 -g -DSQLITE_CORE -fsanitize=thread
tsan_LD        := -fsanitize=thread
coverage_FLAGS := -O0 -g -DSQLITE_CORE --coverage -fprofile-update=atomic
coverage_LD    := --coverage -Wl,-u,__gcov_dump,-u,__gcov_reset

# Compiled, never linked: the two compilers must both be content with every file.
LINTERS          := lint-gcc lint-clang
lint-gcc_CC      := $(GCC)
lint-gcc_FLAGS   := -O2 $(HARDEN)
lint-clang_CC    := $(CLANG)
lint-clang_FLAGS := -O1

# $(call objects,variant,sources)
objects = $(patsubst %.c,build/$(1)/%.o,$(2))
# What a layer is linked with, itself first.
below_base     := base
below_codec    := codec base
below_platform := platform codec base
below_stream   := stream platform codec base
below_archive  := archive stream platform codec base
below_db       := db platform codec base
below_ops      := ops db archive stream platform codec base
below_sql      := sql ops db archive stream platform codec base
# $(call unit_libs,variant,test_<layer>_<topic>)
unit_libs = $(patsubst %,build/$(1)/lib/%.a,$(below_$(word 2,$(subst _, ,$(2)))))
# build/unit and build/bin belong to the everyday variant; the others keep theirs to themselves.
home = $(if $(filter static,$(1)),build,build/$(1))

.PHONY: all static libs install uninstall clean help
.SECONDEXPANSION:
.DELETE_ON_ERROR:
.SUFFIXES:

all: ## build adcp.so (the default)
	@sh tests/tools/deps.sh --check build
	@$(MAKE) --no-print-directory adcp.so

static: libadcp.a ## build libadcp.a, to be linked into a program; see include/adcp.h

libs: ## print what a program with libadcp.a is linked with, besides
	@echo $(SQLITE) $(LIBS)

adcp.so: $(call objects,so,$(SOURCES))
	$(call say,LD  $@)
	$(Q)$(CC) -shared $(LDHARD) -Wl,-z,defs -Wl,--exclude-libs,ALL $(LDFLAGS) -o $@ $^ $(LIBS)

libadcp.a: $(call objects,static,$(SOURCES))
	$(call say,AR  $@)
	@rm -f $@
	$(Q)ar rcs $@ $^

# ---- rules of every variant ----

define compile_rules
build/$(1)/%.o: %.c Makefile
	$$(call say,CC  $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(or $$($(1)_CC),$$(CC)) $$(STD) $$(WARN) \
	  $$(if $$(filter $$(STRICT:%=ext/%/),$$(dir $$<)),-Wconversion) \
	  $$($(1)_FLAGS) $$(CFLAGS) -MMD -MP -c -o $$@ $$<
endef

define link_rules
build/$(1)/lib/%.a: $$$$(call objects,$(1),$$$$(filter $(SOURCES),$$$$(sort $$$$(wildcard ext/$$$$*/*.c))))
	@mkdir -p $$(@D); rm -f $$@
	$$(Q)ar rcs $$@ $$^

$(call home,$(1))/unit/%: build/$(1)/tests/unit/%.o $$$$(call unit_libs,$(1),$$$$*)
	$$(call say,LD  $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(1)_LD) $$(LDFLAGS) -o $$@ $$< -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group \
	  $$(LIBS) $$(SQLITE) -lm

$(call home,$(1))/bin/sltrun: $(call objects,$(1),$(SLTRUN))
	$$(call say,LD  $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(1)_LD) $$(LDFLAGS) -o $$@ $$^ $$(SQLITE) -lnettle

$(call home,$(1))/bin/%: build/$(1)/tests/tools/%.o
	$$(call say,LD  $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(1)_LD) $$(LDFLAGS) -o $$@ $$^ $$(SQLITE)
endef

# The extension as the sanitizers and coverage load it: bound to the program's libsqlite3.
define instrumented_rules
build/$(1)/adcp.so: $(call objects,$(1),$(SOURCES))
	$$(call say,LD  $$@)
	$$(Q)$$(CC) -shared $$($(1)_LD) $$($(1)_SO_LD) $$(LDFLAGS) -o $$@ $$^ $$(LIBS) $$(SQLITE)
endef

$(foreach v,$(VARIANTS) $(LINTERS),$(eval $(call compile_rules,$(v))))
$(foreach v,$(VARIANTS),$(eval $(call link_rules,$(v))))
$(foreach v,asan tsan coverage,$(eval $(call instrumented_rules,$(v))))
.SECONDARY: # keep objects and libraries that only serve a link

# $(call programs,variant): what its tests need besides the extension
programs = $(addprefix $(call home,$(1))/unit/,$(UNITS)) \
           $(addprefix $(call home,$(1))/bin/,$(TOOLS) $(if $(SLTRUN),sltrun))

# ---- tests ----

.PHONY: deps test demo asan tsan valgrind asan-all tsan-all valgrind-all coverage programs instrumented every-program

# $(call run_tests,arguments of make,arguments of run.sh): what cannot be built counts as a failure,
# and does not keep the rest from being tested.
define run_tests
+@$(MAKE) --no-print-directory -k $(1) && broken= || broken=--broken; \
  sh tests/run.sh $(2) --pattern '$(T)' $$broken
endef

deps: ## install the Debian packages that building, testing and linting need
	@sh tests/tools/deps.sh build test lint

test: ## run all tests, or those that match: make test T=pattern
	@sh tests/tools/deps.sh build test
	$(call run_tests,programs)

demo: ## back up, inspect and restore a sample database
	@sh tests/tools/deps.sh build demo
	@$(MAKE) --no-print-directory adcp.so build/bin/dbsame
	@sh sql/demo.sh

programs: adcp.so $(call programs,static)
	@:

# Under a sanitizer or valgrind. The short targets run unit and slt tests; the others everything: our programs, and sqlite3 and
# python3 with the extension in them, into which the sanitizer's library has to be put first. run.sh says what becomes of reports.
#
# Python asks malloc for each object, so that the leak check sees who holds what. Its own leaks are not ours, nor an exit status.
HOSTS_asan = env LD_PRELOAD=$(shell $(CC) -print-file-name=libasan.so) PYTHONMALLOC=malloc LSAN_OPTIONS=exitcode=0 \
             ASAN_OPTIONS="log_path=$${ADCP_HOST_REPORT:-stderr}"
HOSTS_tsan = env LD_PRELOAD=$(shell $(CC) -print-file-name=libtsan.so) \
             TSAN_OPTIONS="ignore_noninstrumented_modules=1:log_path=$${ADCP_HOST_REPORT:-stderr}"
# Definite leaks and every wrong access are failures. What libraries keep until the end is none.
VALGRIND   = valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite \
             --show-leak-kinds=definite --keep-debuginfo=yes --vgdb=no
UNDER_valgrind = $(VALGRIND) $${ADCP_REPORT:+--log-file="$$ADCP_REPORT.%p"}
# adcp is loaded from the start: to read its symbols at every load takes valgrind six times as long as a small backup.
HOSTS_valgrind = env PYTHONMALLOC=malloc LD_PRELOAD="$${ADCP_SO}" $(VALGRIND) --error-exitcode=0 $${ADCP_HOST_REPORT:+--log-file="$$ADCP_HOST_REPORT.%p"} \
                 --trace-children=yes --trace-children-skip=*/hosts/*,*/under/*,*/bin/*sh,*/mount,*/umount,*/unshare

asan: ## unit and slt tests under the address and undefined-behaviour sanitizers
	@sh tests/tools/deps.sh build
	$(call run_tests,VARIANT=asan instrumented,--build build/asan --families 'unit slt')

tsan: ## unit and slt tests under the thread sanitizer
	@sh tests/tools/deps.sh build
	$(call run_tests,VARIANT=tsan instrumented,--build build/tsan --families 'unit slt')

valgrind: ## unit and slt tests under valgrind's memcheck
	@sh tests/tools/deps.sh build valgrind
	$(call run_tests,programs,--under '$(UNDER_valgrind)' --families 'unit slt')

valgrind asan-all tsan-all valgrind-all: export ADCP_SLOW_BUILD = 1
valgrind valgrind-all: export ADCP_TEST_SECONDS ?= 3600
asan-all tsan-all: export ADCP_TEST_SECONDS ?= 1800

asan-all: ## all tests under these sanitizers, faults, sqlite3 and Python among them
	@sh tests/tools/deps.sh build test
	$(call run_tests,VARIANT=asan every-program,--build build/asan --hosts '$(HOSTS_asan)')

tsan-all: ## all tests under the thread sanitizer
	@sh tests/tools/deps.sh build test
	$(call run_tests,VARIANT=tsan every-program,--build build/tsan --hosts '$(HOSTS_tsan)')

valgrind-all: ## all tests under valgrind's memcheck (hours)
	@sh tests/tools/deps.sh build test valgrind
	$(call run_tests,programs,--under '$(UNDER_valgrind)' --hosts '$(HOSTS_valgrind)')

# The processes of all tests add to the same counters, under a lock. Not counted as branches:
#   - what the compiler adds and no source line chose (--exclude-unreachable-branches);
#   - the failing side of assert(): that it is never taken is what it says.
# Tests that fail do not keep the figures from being printed.
GCOVR = gcovr -j 2 --root . --filter ext/ --exclude-unreachable-branches \
  --exclude-branches-by-pattern '\s*assert\(.*' --html-details build/coverage/report.html \
  --txt build/coverage/report.txt --json build/coverage/report.json --print-summary \
  $(if $(T),,--fail-under-line 95 --fail-under-branch 85) build/coverage

coverage: export ADCP_FAULT_POINTS ?= 8
coverage: export ADCP_TEST_SECONDS ?= 900
coverage: export ADCP_SLOW_BUILD = 1
coverage: ## lines and branches that all tests reach, faults among them (gcovr): 10 minutes
	@sh tests/tools/deps.sh build test coverage
	@find build/coverage -name '*.gcda' -delete 2>/dev/null || true
	@find build/coverage -name '*.gcno' 2>/dev/null | while read -r note; do source=$${note#build/coverage/}; \
	  [ -f "$${source%.gcno}.c" ] || rm -f "$$note"; done
	$(call run_tests,VARIANT=coverage every-program,--build build/coverage); \
	  failed=$$?; $(GCOVR) || failed=1; exit $$failed

ifdef VARIANT
instrumented: adcp.so build/$(VARIANT)/adcp.so $(call programs,$(VARIANT))
	@:

# Folders' makefiles add theirs.
every-program: instrumented
	@:
endif

# ---- source checks ----

.PHONY: format lint layers

format: ## lay all C out by .clang-format
	$(Q)$(CLANG_FORMAT) -i $(C_FILES)

lint: layers ## layout, and every file compiled by gcc and clang with warnings as errors
	$(call say,clang-format --dry-run)
	$(Q)$(CLANG_FORMAT) --dry-run -Werror $(C_FILES)
	@$(MAKE) --no-print-directory lint-objects

.PHONY: lint-objects
lint-objects: $(foreach l,$(LINTERS),$(call objects,$(l),$(filter %.c,$(C_FILES))))

layers: ## fail when a file includes what its layer may not
	@sh tests/tools/layers.sh

# ---- the rest ----

INSTALLED = $(DESTDIR)$(PREFIX)

install: adcp.so libadcp.a ## into PREFIX (/usr/local), below DESTDIR
	install -d "$(INSTALLED)/lib" "$(INSTALLED)/include" "$(INSTALLED)/share/adcp"
	install -m 755 adcp.so "$(INSTALLED)/lib/adcp.so"
	install -m 644 libadcp.a "$(INSTALLED)/lib/libadcp.a"
	install -m 644 include/adcp.h "$(INSTALLED)/include/adcp.h"
	install -m 644 $(sort $(wildcard sql/*.sql)) "$(INSTALLED)/share/adcp/"
	install -m 755 sql/before_migration.sh "$(INSTALLED)/share/adcp/"

uninstall: ## remove what install put there
	rm -f "$(INSTALLED)/lib/adcp.so" "$(INSTALLED)/lib/libadcp.a"
	rm -f "$(INSTALLED)/include/adcp.h"
	rm -rf "$(INSTALLED)/share/adcp"

clean: ## remove everything that make made
	rm -rf build adcp.so libadcp.a

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort \
	  | sed -e 's/:[^#]*## /\t/' | awk -F '\t' '{ printf "  %-12s %s\n", $$1, $$2 }'

# Folders with targets of their own (fuzz, bench) bring a makefile along.
-include $(sort $(wildcard tests/*/*.mk))
-include $(shell find build -name '*.d' 2>/dev/null)
