# Fuzzing: libFuzzer where clang has it; the kept cases are replayed by every `make test`.
#
#   make fuzz SECONDS=60 TARGETS='json vet'

FUZZ_LIB     := $(wildcard tests/fuzz/targets.c)
FUZZ_ALL     := json number utf8 container archive options vet sort restore manifest roundtrip
TARGETS      ?= $(FUZZ_ALL)
SECONDS      ?= 60

VARIANT_FUZZ := fuzz
fuzz_CC      := $(CLANG)
fuzz_FLAGS   := -O1 -g -DSQLITE_CORE -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
fuzz_LD      := -fsanitize=fuzzer,address,undefined

$(eval $(call compile_rules,fuzz))

define replay_rules
$(call home,$(1))/bin/replay: $(call objects,$(1),tests/fuzz/targets.c tests/fuzz/judge.c tests/fuzz/replay.c) \
    $(patsubst %,build/$(1)/lib/%.a,$(below_sql))
	$$(call say,LD  $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$($(1)_LD) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) \
	  -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group $$(LIBS) $$(SQLITE) -lm
endef
$(foreach v,$(VARIANTS),$(eval $(call replay_rules,$(v))))

build/fuzz/fuzz: $(call objects,fuzz,$(SOURCES) tests/fuzz/targets.c tests/fuzz/judge.c)
	$(call say,LD  $@)
	$(Q)$(CLANG) $(fuzz_LD) $(LDFLAGS) -o $@ $^ $(LIBS) $(SQLITE) -lm

programs: build/bin/replay
every-program: build/$(VARIANT)/bin/replay

.PHONY: fuzz
fuzz: build/fuzz/fuzz ## fuzz every target for SECONDS=60 (TARGETS='json vet ...'); finds stay in build/fuzz
	@for t in $(TARGETS); do \
	  echo "== $$t"; mkdir -p build/fuzz/corpus/$$t build/fuzz/finds; \
	  ADCP_FUZZ=$$t build/fuzz/fuzz -max_total_time=$(SECONDS) -timeout=20 -rss_limit_mb=3000 \
	    -print_final_stats=1 -verbosity=0 -artifact_prefix=build/fuzz/finds/$$t- \
	    $$([ -f tests/fuzz/$$t.dict ] && echo -dict=tests/fuzz/$$t.dict) \
	    build/fuzz/corpus/$$t tests/fuzz/cases/$$t 2>&1 | grep -E 'number_of_executed|ERROR|SUMMARY|hold|Test unit' ; \
	done; ! ls build/fuzz/finds/* 2>/dev/null
