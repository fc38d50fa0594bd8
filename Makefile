# The front door. Everything is built by CMake; this file only forwards to it.
#
#     make            build
#     make lab3       the verdict on lab 3: see tools/labs.mk for hint3, watch3, reset3, solution3, progress, doctor
#     make models     fetch a COCO model for photographs
# not in a handout:
#     make demo       detect, stream, draw: the main job   (LIVE=1: watch it; PHOTO=FILE: a photograph of yours)
#     make check      all tests             make check ONLY=lab3   those of one part: grader, weave, slides, harness, ...
#     make mutate LAB=4 N=60 SEED=7   would mistakes keep full marks? tests/mutation/README.md
#     make coverage   which lines of the C sources the tests run
#     make fuzz SECONDS=300   feed random bytes to what reads strangers' bytes: tests/fuzz/README.md
#     make bench      measure shared memory against everything else
#     make slides     the decks as HTML and PDF; slides-serve while writing
#     make site      every page, deck and figure as one site without a network, in build/site/
#     make format     clang-format       make wire-formats   write the table of offsets again
# end
BUILD ?= build
JOBS ?= $(shell nproc)
MAKEFLAGS += --no-print-directory
# Under make -j the processors are shared with whatever else that make runs: its jobserver gives them out, to recipes that
# begin with "+".
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,--parallel $(JOBS))

all: $(BUILD)/CMakeCache.txt
	+@cmake --build $(BUILD) $(PARALLEL)

$(BUILD)/CMakeCache.txt:
	@cmake -S . -B $(BUILD) $(CMAKE_FLAGS)

# not in a handout:
demo: all
	@bash tools/demo $(BUILD) $(if $(LIVE),--live,$(if $(PHOTO),--photo "$$PHOTO"))

bench: all
	+@cmake --build $(BUILD) --target bench_run

slides:
	@sh slides/build

slides-serve:
	@sh slides/build --serve

site: all
	@sh slides/build --html
	@SHMLAB_BUILD=$(abspath $(BUILD)) node slides/tools/site.mjs $(BUILD)/site
	@node slides/tools/site.mjs --students $(BUILD)/site-students

check:
	@bash tests/check $(BUILD) $(ONLY)

coverage:
	@python3 tests/coverage.py $(if $(ONLY),--only $(ONLY))

mutate: all
	@python3 tests/mutation/mutate.py $(LAB) --count $(or $(N),40) --seed $(or $(SEED),1) --jobs $(JOBS) --build $(BUILD)

SECONDS ?= 60
fuzz:
	@cmake -S . -B $(BUILD)-clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DSHMLAB_SANITIZE=address,undefined \
		-DSHMLAB_FUZZ_SECONDS=$(SECONDS)
	+@cmake --build $(BUILD)-clang $(PARALLEL)
	@ctest --test-dir $(BUILD)-clang --label-regex fuzz --output-on-failure

wire-formats: all
	$(BUILD)/bin/wire_formats > common/python/shmlab/wire_formats.json

format:
	@bash tools/format

.PHONY: demo bench slides slides-serve site check coverage fuzz mutate wire-formats format
# end

models:
	@python3 common/tools/fetch_models.py

include tools/labs.mk

clean:
	rm -rf $(BUILD)

.PHONY: all models clean
