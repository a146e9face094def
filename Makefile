# Lightstick. `make` shows this help; `make run` and `make test` are all a newcomer needs.
SHELL := /bin/bash -o pipefail
GO    ?= go
ADDR  ?= 127.0.0.1:8080
BIN   := build/lightstick
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
FUZZTIME ?= 30s
TF    ?= terraform

.PHONY: help run build test check race bench generate fmt lint image up down test-stack fuzz screenshots cluster cluster-down drill pop lab infra backup-drill clean need-go need-test need-bench need-lab need-backup need-cluster need-terraform
help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build, fill ./data with the demo world when empty, and serve (ADDR=127.0.0.1:8080)
	@mkdir -p data && exec $(BIN) serve --env dev --demo --listen $(ADDR) --log-file data/lightstick.log

build: need-go ## build the one binary into build/
	@mkdir -p build && CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/lightstick

test: need-test build ## run every test: unit, SQLite and PostgreSQL, API contract, browser
	$(GO) test -count=1 -timeout 12m ./...

check: need-test lint ## exactly what CI runs: formatting, vet, staticcheck, stale code, races, all tests, fuzzing
	$(MAKE) test
	$(MAKE) race
	$(MAKE) fuzz
	@command -v $(TF) >/dev/null || echo "$(TF) is not here: deploy/terraform was checked by Go tests only. Its plans need Terraform or OpenTofu (TF=tofu): make infra"

# Packages with state shared between goroutines. Two are slow under the race detector, which makes
# SQLite and argon2 ten times slower: of these the tests that share something.
RACE := ./internal/edge/... ./internal/observe/... ./internal/forum/... ./internal/jobs/... ./internal/media/... ./internal/app/...
race: need-test ## look for data races
	$(GO) test -count=1 -race -timeout 12m $(RACE)
	$(GO) test -count=1 -race -timeout 12m -run 'Once|Tail|Flush|Migrate|Killed|Lock|Group|Disk' ./internal/store
	$(GO) test -count=1 -race -timeout 12m -run 'Hashing|SameMoment|Cache|Session|Seen' ./internal/identity

lint: need-go ## formatting, vet, staticcheck, stale generated code, module file
	@out=$$(gofmt -l cmd internal e2e bench deploy); test -z "$$out" || { echo "gofmt: $$out"; exit 1; }
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(GO) vet -tags stack ./deploy/compose && $(GO) tool staticcheck -tags stack ./deploy/compose
	$(GO) mod verify >/dev/null && $(GO) mod tidy -diff
	@scripts/stale

generate: need-go ## write generated code again (templ, OpenAPI document, schema goldens)
	$(GO) tool templ generate -path internal/web
	@gofmt -w internal/web

fmt: need-go ## format Go and templ sources
	gofmt -w cmd internal e2e bench deploy
	$(GO) tool templ fmt internal/web

image: need-go ## build the container image into build/image, with SBOM and provenance (GOARCH=arm64 for others)
	@scripts/image

STACK := deploy/compose/stack
up: need-go ## start the whole three-tier site in containers on this machine (deploy/compose/stack help)
	@$(STACK) up

down: ## stop it; what it stored stays (deploy/compose/stack destroy removes it)
	@$(STACK) down

test-stack: need-go ## start the site in containers, use it, break each part of it, remove it
	@$(STACK) test

fuzz: need-go ## run each fuzz target for FUZZTIME=30s
	@scripts/fuzz $(FUZZTIME)

bench: need-bench build ## measure against limits of the same run and print ratios
	@scripts/bench

pop: ## a POP on loopback in front of nodes: make pop ORIGIN=127.0.0.1:8080,127.0.0.1:8081
	@scripts/pop -origin $(or $(ORIGIN),$(ADDR)) $(POPFLAGS)

lab: need-lab build ## how long readers far away wait, with and without a POP (root: it makes network namespaces)
	@$(GO) build -trimpath -o build/lab ./bench/lab && exec build/lab $(LABFLAGS)

screenshots: need-test build ## pictures of the main pages at 390 and 1280 px into build/screenshots
	$(GO) test -count=1 -run 'TestScreenshots' ./e2e

CLUSTER := deploy/patroni/cluster
cluster: need-cluster ## start a PostgreSQL of three nodes that fails over, on loopback (CLUSTER_DIR, CLUSTER_PORT)
	@$(CLUSTER) up

cluster-down: ## stop the cluster; its data stays in build/cluster
	@$(CLUSTER) down

backup-drill: need-backup ## bring a PostgreSQL back to a moment with pgBackRest, on a server of its own
	@deploy/backup/drill

# TF=tofu takes OpenTofu; TF_RIG=DIR a stand-in for the provider where its registry is not reached.
infra: need-terraform ## check the AWS modules: formatting, validity, tests, plans of all environments, policies (no account needed)
	@TF=$(TF) GO=$(GO) deploy/terraform/check build/infra

# Each drill starts a system of its own and removes it. All of them run, also after one that fails.
DRILLS := surge disk lag clock deploy failover
drill: need-cluster build ## break things under load and judge what readers saw; reports into build/drills (DRILLS="lag", DRILLFLAGS)
	@scripts/need nginx
	@bad=0; for d in $(DRILLS); do $(BIN) drill $$d --local $(DRILLFLAGS) || bad=1; done; exit $$bad

clean: ## remove build/ (the community in ./data stays)
	@[ ! -d build/cluster ] || $(CLUSTER) destroy
	@[ ! -d build/docker ] || scripts/engine down
	rm -rf build

need-go:
	@command -v $(GO) >/dev/null || { echo "Go 1.26 or newer is needed: https://go.dev/doc/install"; exit 1; }
need-test: need-go
	@scripts/need postgresql-15 chromium fonts-noto-cjk nginx patroni etcd-server python3-etcd curl nftables
need-bench: need-go
	@scripts/need wrk nginx postgresql-15
need-lab: need-go
	@scripts/need nginx iproute2 openssl
need-terraform: need-go
	@command -v $(TF) >/dev/null || { echo "Terraform 1.11 or newer is needed: https://developer.hashicorp.com/terraform/install (or OpenTofu 1.10: TF=tofu)"; exit 1; }
need-backup:
	@scripts/need postgresql-15 pgbackrest
need-cluster: need-go
	@scripts/need postgresql-15 patroni etcd-server python3-etcd curl nftables
