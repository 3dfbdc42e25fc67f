# The front door. `make run` and `make test` are all one needs on a machine with git and make.

PREFIX ?= /usr/local
DESTDIR ?=
TIME ?= 30

.PHONY: help run build test bench lint format fuzz install clean

help:            ## this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z]*\): *[a-z]* *## \(.*\)/  \1\t\2/p' Makefile | expand -t 12

run: build       ## build, then serve mail on loopback ports with everything under ./run
	@exec build/release/veredus serve --dev

build:           ## build/release/veredus, the program
	@tools/setup build
	@tools/build release veredus

test:            ## everything: unit, conformance, simulation, fuzz corpus, threads, interop
	@tools/setup
	@tools/test

bench:           ## micro-benchmarks, then whole-program ones beside other mail servers
	@tools/setup
	@tools/bench

lint:            ## clang-tidy over all sources; unchanged files cost nothing
	@tools/setup
	@tools/lint

format:          ## format the sources and write docs/rfc.md anew
	@tools/setup check
	@tools/format
	@tools/rfc_index

fuzz:            ## fuzz each parser for TIME seconds (default 30); ONLY=name for one of them
	@tools/setup build
	@tools/fuzz $(TIME) $(ONLY)

install: build   ## install under PREFIX (default /usr/local), DESTDIR for packagers
	@DESTDIR=$(DESTDIR) cmake --install build/release --prefix $(PREFIX)

clean:           ## remove what was built; test peers and ./run stay
	@rm -rf build/dev build/release build/tsan build/fuzz build/logs build/lint
