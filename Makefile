# SPDX-License-Identifier: Apache-2.0
#
# A thin front over Meson.
#
#   make            build the release into build/
#   make demo       install what is missing, build, show muster at work;
#                   ARGS="--devices 2000 --seed 7"
#   make check      install what is missing, run every check and test
#   make bench      the benchmarks, one JSON object a line; ROWS=… DEVICES=…
#   make install    prefix=/usr/local (or PREFIX=) DESTDIR=
#   make dist       the release: program, manual, update sets as one archive
#   make deb        the Debian package, in build/
#   make fuzz       run the fuzz targets, FUZZ_SECONDS each
#   make format     clang-format on all C files
#   make api-doc    docs/api.md from what the API says of itself
#   make clean      remove all build folders

prefix = /usr/local
PREFIX = $(prefix)
DESTDIR =
ARGS =
FUZZ_SECONDS = 60
B = build

all: $(B)/build.ninja
	@ninja -C $(B)

$(B)/build.ninja:
	meson setup $(B) --buildtype=release -Db_lto=true -Dtests=false \
		--prefix=$(PREFIX)

$(B)-bench/build.ninja:
	meson setup $(B)-bench --buildtype=release -Db_lto=true

demo:
	@tools/install-deps build
	@$(MAKE) --no-print-directory all
	@exec ./$(B)/src/cli/muster demo $(ARGS)

check:
	@tools/install-deps check
	@exec tools/check

# Only the result lines go to standard output. In a folder of its own, with
# what the tests have to start a PostgreSQL.
bench:
	@tools/install-deps check >&2
	@$(MAKE) --no-print-directory $(B)-bench/build.ninja >&2
	@ninja -C $(B)-bench bench/muster-bench src/cli/muster >&2
	@[ '$(ARGS)' = console ] || \
		ROWS='$(ROWS)' DEVICES='$(DEVICES)' ./$(B)-bench/bench/muster-bench $(ARGS)
	@case '$(ARGS)' in '' | console) \
		tests/browser/browser.sh $(B)-bench/browser $(B)-bench/src/cli/muster view || [ $$? = 77 ] ;; \
	esac

install: all
	@meson configure $(B) --prefix=$(PREFIX)
	@DESTDIR='$(DESTDIR)' meson install -C $(B)

dist: all
	@tools/dist $(B)

deb: all
	@tools/deb $(B)

fuzz:
	@tools/install-deps check
	@exec tools/fuzz $(FUZZ_SECONDS) $(ARGS)

format:
	@find src sim servicenow bench tests -name '*.[ch]' | \
		xargs clang-format -i

# docs/api.md, from what the API says of itself; in the folder that has tests.
api-doc: $(B)-bench/build.ninja
	@ninja -C $(B)-bench tests/api/server
	@$(B)-bench/tests/api/server document | tools/api-doc >$(B)-bench/api.md
	@cp $(B)-bench/api.md docs/api.md

clean:
	rm -rf $(B) build-*

.PHONY: all demo check bench install dist deb fuzz format api-doc clean
