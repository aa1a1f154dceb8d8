# Random databases, more of them than `make test` runs: make prop N=1000 FIRST=1

.PHONY: prop
N     ?= 1000
FIRST ?= 1

prop: ## random databases round: make prop N=1000 FIRST=1
	@$(MAKE) --no-print-directory adcp.so build/bin/dbsame
	@ADCP_SO=$(CURDIR)/adcp.so ADCP_BIN=$(CURDIR)/build/bin \
	  /usr/bin/python3 tests/prop/test_prop.py --seeds $(N) --first $(FIRST)
	@ADCP_SO=$(CURDIR)/adcp.so ADCP_BIN=$(CURDIR)/build/bin \
	  /usr/bin/python3 tests/prop/test_foresee.py --seeds $(N) --first $(FIRST)
