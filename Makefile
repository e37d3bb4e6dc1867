# Each target is one npm script; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help install dev serve build test test-unit test-e2e test-conformance lint format check bench demo docs services-start services-stop image compose-up compose-down clean

CONTAINER ?= $(shell command -v docker || command -v podman)

help: ## this list
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## (.*)/\1|\2/' | awk -F'|' '{ printf "  %-18s %s\n", $$1, $$2 }'
install: ## exact dependencies, build, git hooks
	npm ci
dev: ## build and restart on every change
	npm run start:dev
serve: ## run what was built
	npm start
build: ## compile to dist/
	npm run build
test: ## unit and in-process tests
	npm test
test-unit: ## unit tests only
	npm run test:unit
test-e2e: ## a real gateway process against well and badly behaved upstreams
	npm run test:e2e
test-conformance: ## the official MCP suite through a virtual server
	npm run test:conformance
lint: ## ESLint
	npm run lint
format: ## Prettier, writing
	npm run format
check: ## every gate: format, lint, types, floors, docs, lock file, unit tests
	npm run check
bench: ## figures as ratios to a bare proxy
	npm run bench
demo: ## the main job on a public MCP server, step by step
	npm run demo
docs: ## write the generated documentation anew
	npm run docs
services-start: ## own PostgreSQL, MariaDB and Redis for tests
	@bash scripts/test-services.sh start
services-stop: ## end them
	@bash scripts/test-services.sh stop
image: ## container image mcpgateway:dev
	$(CONTAINER) build -f docker/Dockerfile -t mcpgateway:dev .
compose-up: ## one gateway in a container, data in a volume
	$(CONTAINER) compose -f docker/compose.yaml up -d --build
compose-down: ## end it; the volume stays
	$(CONTAINER) compose -f docker/compose.yaml down
clean: ## remove what builds and tests wrote
	rm -rf dist coverage bench-results test-results
