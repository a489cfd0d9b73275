# barqgate: run `make help` for the targets.
.DEFAULT_GOAL := help

BIN := .barqgate/bin
# LAB names the lab that the targets use; two names are two labs side by side.
LAB ?= default
export BARQ_LAB = $(LAB)
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
ACTIONLINT := github.com/rhysd/actionlint/cmd/actionlint@v1.7.12

.PHONY: help
help: ## show the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

.PHONY: build
build: ## build barqgate, barqlab and barqapi into .barqgate/bin
	@mkdir -p $(BIN)
	go build -o $(BIN)/ ./cmd/...

.PHONY: demo
demo: LAB = demo
demo: build ## deploy v2.1.0 over v2.0.0 in a fresh lab, by the whole runbook, under live traffic
	$(BIN)/barqgate lab down
	$(BIN)/barqgate deploy -env=local --to=v2.1.0
	@echo 'The lab goes on for a while: kubectl --kubeconfig .barqgate/lab/demo/cluster/kubeconfig get pods -A'
	@echo 'Stop it with: make lab-down LAB=demo'

.PHONY: test
test: LAB = test
test: build ## run every test: units, the suites on a lab, every release of the lab end to end
	go vet ./...
	if testdata/sqlclients/install.sh; then export BARQ_SQL_CLIENTS=all; fi; \
	go test -timeout 20m $$(go list ./... | grep -v -e /harness/ -e /suites/ -e /e2e -e /barqgate/kill)
	$(MAKE) cover
	$(BIN)/barqgate lab down
	trap '$(BIN)/barqgate lab down' EXIT; \
	go test -count=1 -p 1 -timeout 15m ./suites/... -env=local && \
	go test -count=1 -timeout 60m -v ./cmd/barqgate/e2e

.PHONY: sql-clients
sql-clients: ## install the SQL clients that sql-conformance runs
	testdata/sqlclients/install.sh

.PHONY: sql-conformance
sql-conformance: sql-clients ## run testdata/tsql through four clients; DSN=sqlserver://user:password@host:port names the server, else the embedded engine
	@mkdir -p .barqgate
	@BARQ_SQL_CLIENTS=all BARQ_SQL_DSN="$${BARQ_SQL_DSN:-$$DSN}" go test -v -count=1 -timeout 20m ./fixtures/lab/sqlserver/conformance >.barqgate/sql-conformance.log 2>&1; \
	status=$$?; grep '^sql-conformance:' .barqgate/sql-conformance.log; \
	[ $$status = 0 ] || grep -v -e '=== ' -e '--- PASS' .barqgate/sql-conformance.log | tail -n 100; exit $$status

.PHONY: kind-node-image
kind-node-image: ## make a node image for kind where no registry can be reached, from Debian packages and Go modules (Linux and root)
	testdata/docker/kindnode/build.sh install
	testdata/docker/kindnode/build.sh

.PHONY: test-docker
test-docker: kind-node-image ## run the tests that need Docker, on a daemon of their own (Linux and root; testdata/docker/dockerd.sh says why not)
	testdata/docker/dockerd.sh install
	BARQ_DOCKER_TESTS=require testdata/docker/dockerd.sh run sh -ec '\
	BARQ_KIND_NODE_IMAGE=$$(testdata/docker/kindnode/build.sh load); export BARQ_KIND_NODE_IMAGE; \
	go test -count=1 -p 1 -timeout 30m ./fixtures/mssql/container ./fixtures/kube/kind && \
	go test -count=1 -timeout 20m -v -run InDocker ./fixtures/lab'

.PHONY: kill-test
kill-test: LAB = kill
kill-test: build ## kill barqgate at every record of a deployment, and resume it; KILL_POINTS=5 for a sample
	$(BIN)/barqgate lab down
	trap '$(BIN)/barqgate lab down' EXIT; go test -count=1 -timeout 6h -v ./cmd/barqgate/kill

.PHONY: prove
prove: build ## prove that every criterion can fail: each mutant must be caught
	$(BIN)/barqgate prove -env=local

.PHONY: docs
docs: ## make docs/runbook.md and the golden plans again
	UPDATE_GOLDEN=1 go test -count=1 ./phases/...

# What the container image holds: no toolchain, no sources, and the suites compiled.
IMAGE_ROOT ?= .barqgate/image
.PHONY: image-root
image-root: export CGO_ENABLED = 0
image-root: ## make the folder that the container image is made of (see Dockerfile)
	rm -rf $(IMAGE_ROOT) && mkdir -p $(IMAGE_ROOT)/prebuilt $(IMAGE_ROOT)/bin
	go build -trimpath -ldflags='-s -w' -o $(IMAGE_ROOT)/bin/ ./cmd/barqgate
	go build -trimpath -ldflags='-s -w' -o $(IMAGE_ROOT)/prebuilt/ cmd/test2json
	go test -c -trimpath -ldflags='-s -w' -o $(IMAGE_ROOT)/prebuilt/ $$(go list -f '{{if .XTestGoFiles}}{{.ImportPath}}{{end}}' ./suites/...)
	cd $(IMAGE_ROOT)/prebuilt && sha256sum * > ../SHA256SUMS && mv ../SHA256SUMS .
	cp -r go.mod testdata $(IMAGE_ROOT)/
	for suite in $(IMAGE_ROOT)/prebuilt/*.test; do mkdir -p $(IMAGE_ROOT)/suites/$$(basename $$suite .test); done
	mkdir -p $(IMAGE_ROOT)/.barqgate

.PHONY: bench
bench: build ## print the timings and sizes that the project promises
	go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./cmd/barqgate/e2e ./harness/... ./fixtures/lab/sqlserver/...

.PHONY: cover
cover: ## test the harness for races, and print how much of the packages that decide is covered; below 90 % it fails
	@mkdir -p .barqgate
	go test -race -timeout 30m -coverpkg=./harness/verdict,./harness/gotest,./harness/journal,./harness/run -coverprofile=.barqgate/cover.out ./harness/...
	@awk -f .ci/coverage.awk .barqgate/cover.out

.PHONY: lint
lint: ## vet, formatting, the linters of .golangci.yml, and the workflows
	test -z "$$(gofmt -l .)"
	go vet ./...
	go run $(GOLANGCI) run ./...
	go run $(ACTIONLINT)

.PHONY: chromium
chromium: ## install Debian's Chromium, with which suites/frontend opens the page; needs root
	command -v chromium >/dev/null || { apt-get update -q && apt-get install -y -q --no-install-recommends chromium; }

.PHONY: lab-up
lab-up: build ## start the lab, or attach to it
	$(BIN)/barqgate lab up

.PHONY: lab-down
lab-down: build ## stop the lab and remove what it made
	$(BIN)/barqgate lab down

.PHONY: clean
clean: ## stop the lab and remove everything made at run time
	if [ -x $(BIN)/barqgate ]; then $(BIN)/barqgate lab down; fi
	rm -rf .barqgate
