# Bombs above every limit take minutes to make and to refuse.

.PHONY: hostile
hostile: adcp.so ## backups made to harm, with bombs above every limit
	@ADCP_SO=$(CURDIR)/adcp.so /usr/bin/python3 tests/hostile/test_hostile.py --all
	@ADCP_SO=$(CURDIR)/adcp.so /usr/bin/python3 tests/hostile/test_restored.py --all
	@ADCP_SO=$(CURDIR)/adcp.so /usr/bin/python3 tests/hostile/test_functions.py
