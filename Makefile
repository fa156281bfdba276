# What a newcomer can ask for. What is missing on the machine, scripts/ensure.sh installs or names.
.PHONY: demo test bench lint schema fmt build playground conformance soak soak-ready

demo: build
	cargo run --release --quiet -- demo

build: playground
	cargo build --release

# Only when it has changed: the binary holds its pages, and to link it again takes minutes.
playground: playground/dist/index.html

# Folders are named as well, which change when a file in them is taken away.
playground/dist/index.html: $(shell find playground -mindepth 1 \( -name node_modules -o -name dist \) -prune -o -print)
	scripts/ensure.sh npm:playground
	cd playground && npm run build

# The audits ask a server that they start themselves from the binary that `cargo test` has built.
test: playground
	scripts/ensure.sh postgresql chromium npm:tests/audits
	cargo test
	scripts/with-server.sh "$${CARGO_TARGET_DIR:-target}/debug/baton" npm --prefix tests/audits test

lint:
	cargo fmt --check
	cargo clippy --all-targets --quiet -- --deny warnings
	cargo test --quiet --test tidy

bench: build
	scripts/ensure.sh postgresql
	cargo bench

# The CEL suite's files as JSON are not part of the repository: name the folder that they lie in.
conformance:
	cargo run --quiet --example conformance -- "$(CEL)"

# Random rules against the interpreter, the engine and both databases, an operation that is killed again and again, then damaged texts
# against the checker for so many minutes.
SOAK_MINUTES ?= 60
soak:
	scripts/ensure.sh postgresql
	PROPTEST_CASES=100000 BATON_GENERATED_CASES=100000 BATON_RULE_PAIRS=20000 BATON_OPERATION_LEADS=20000 BATON_OPERATION_KILLS=100 \
		cargo test --release --lib --test it -- rules_ generated typed operations_killed
	cargo run --release --example fuzz_rules -- $$(($(SOAK_MINUTES) * 60))

schema:
	cargo run --quiet -- schema > schema/schema.graphql.new
	mv schema/schema.graphql.new schema/schema.graphql

fmt:
	cargo fmt

# The release binary and a PostgreSQL for it, so that a run of hours can begin without the network.
soak-ready: build
	scripts/ensure.sh postgresql
