# The benchmark; see docs/PERFORMANCE.md. Databases are made below BENCH_DIR when it is given, and
# kept there; else in a folder that is removed afterwards. WRITE=1 puts the figures into docs/.

.PHONY: bench bench-quick bench-stages bench-programs
BENCH_DIR ?=
BENCH_ARGS = $(if $(BENCH_DIR),--folder $(BENCH_DIR)) $(if $(WRITE),--write) $(if $(ONLY),--only '$(ONLY)')

build/bin/measure: tests/bench/measure.c
	$(call say,CC  $@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARN) -O2 -o $@ $<

build/bin/stages: build/static/tests/bench/stages.o libadcp.a
	$(call say,LD  $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LIBS) $(SQLITE) -lm

bench-programs:
	@sh tests/tools/deps.sh build bench
	@$(MAKE) --no-print-directory adcp.so build/bin/dbsame build/bin/measure build/bin/stages

bench-quick: bench-programs ## measure against .dump, gzip and others: 100,000 products
	/usr/bin/python3 tests/bench/bench.py --products 100000 $(BENCH_ARGS)

bench: bench-programs ## the same with 1,000,000 products: half an hour
	/usr/bin/python3 tests/bench/bench.py --products 1000000 $(BENCH_ARGS)

bench-stages: bench-programs ## where the time goes: make bench-stages DB=file
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && db='$(DB)' && \
	  { [ -n "$$db" ] || { db=$$dir/plain.db; \
	    /usr/bin/python3 tests/bench/database.py plain 100000 "$$db"; }; } && \
	  build/bin/stages "$$db" "$$dir"
