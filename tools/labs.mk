# What a student runs: make lab3, and its friends. Everything is done by the program build/bin/lab.
#
#     make lab3                 the verdict on labs/lab3_...
#     make lab3 CHECK=name      of one check, and those that it needs
#     make lab3 VERBOSE=1       every check, and all of what was found
#     make lab3 REPEAT=50       each fifty times, or until its outcome changes
#     make hint3 [CHECK=name]   a hint; again: the next step
#     make watch3               the verdict after each change
#     make replay3              the steps of the last race, one by one
#     make replay3 HTML=1       the same as a page for a browser
#     make reset3               back to the starter, with a backup
#     make solution3            where to compare
#     make progress             points so far
#     make doctor               what this machine offers
#
# make has nothing to say of a verdict that is not perfect: its status is 0 then. Scripts ask build/bin/lab check 3.
CHECK ?=
REPEAT ?=
VERBOSE ?=
HTML ?=
lab_only = $(if $(CHECK),--check $(CHECK))

# `lab` itself and the libraries; its messages are of interest only when it fails.
lab_ready = +@test -x $(BUILD)/bin/lab || echo "Building the checks, once: this takes a minute or two"; \
	cmake --build $(BUILD) --target lab $(PARALLEL) >$(BUILD)/lab.log 2>&1 || { cat $(BUILD)/lab.log; exit 1; }

LAB_NUMBERS := $(sort $(patsubst lab%,%,$(foreach folder,$(wildcard labs/lab*_* starters/lab*_*),$(firstword $(subst _, ,$(notdir $(folder)))))))

$(LAB_NUMBERS:%=lab%): lab%: $(BUILD)/CMakeCache.txt
	$(lab_ready)
	@$(BUILD)/bin/lab check $* $(lab_only) $(if $(REPEAT),--repeat $(REPEAT)) $(if $(VERBOSE),--verbose) || test $$? -eq 1

$(LAB_NUMBERS:%=hint%): hint%: $(BUILD)/CMakeCache.txt
	$(lab_ready)
	@$(BUILD)/bin/lab hint $* $(lab_only)

$(LAB_NUMBERS:%=watch%): watch%: $(BUILD)/CMakeCache.txt
	$(lab_ready)
	@$(BUILD)/bin/lab watch $* $(lab_only) $(if $(VERBOSE),--verbose)

$(LAB_NUMBERS:%=replay%): replay%: $(BUILD)/CMakeCache.txt
	$(lab_ready)
	@$(BUILD)/bin/lab replay $* $(if $(HTML),--html) || test $$? -eq 1

$(LAB_NUMBERS:%=reset%): reset%: $(BUILD)/CMakeCache.txt
	$(lab_ready)
	@$(BUILD)/bin/lab reset $* $(if $(YES),--yes)

$(LAB_NUMBERS:%=solution%): solution%: $(BUILD)/CMakeCache.txt
	$(lab_ready)
	@$(BUILD)/bin/lab solution $* $(if $(YES),--yes)

progress doctor: $(BUILD)/CMakeCache.txt
	$(lab_ready)
	@$(BUILD)/bin/lab $@

lab_words = lab hint watch replay reset solution

help $(lab_words):
	@sed -n '/^#     make /s/^#    //p' tools/labs.mk
	@echo "  labs: $(LAB_NUMBERS)"

lab_wrong := $(filter-out $(foreach word,$(lab_words),$(word) $(LAB_NUMBERS:%=$(word)%)),$(filter $(lab_words:%=%%),$(MAKECMDGOALS)))
$(if $(lab_wrong),$(error there is no $(firstword $(lab_wrong)): the labs are $(LAB_NUMBERS), and "make help" tells what there is))

.PHONY: help $(lab_words) progress doctor $(foreach word,lab hint watch replay reset solution,$(LAB_NUMBERS:%=$(word)%))

# not in a handout:
# For instructors: the archive that a class receives, the starters again from the solutions, and the checks checked.
handout:
	@python3 tools/handout.py $(BUILD)/shmlab-handout.tar.gz

# The autograders of sites: make gradescope LABS=2 (all when it is not given). See tools/grader/exports.md.
gradescope: $(BUILD)/CMakeCache.txt
	@python3 tools/grader/hooks/pack.py gradescope $(BUILD)/gradescope.zip $(if $(LABS),--labs $(LABS))

autolab: $(BUILD)/CMakeCache.txt
	@python3 tools/grader/hooks/pack.py autolab $(BUILD)/autolab $(if $(LABS),--labs $(LABS))

starters:
	@python3 tools/starters.py

selfcheck: all
	@ctest --test-dir $(BUILD) --tests-regex 'selfcheck.(drift|handout)|harness' --output-on-failure
	@python3 tests/selfcheck.py --lab $(BUILD)/bin/lab

.PHONY: handout gradescope autolab starters selfcheck
# end
