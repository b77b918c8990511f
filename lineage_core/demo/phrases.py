"""The words of the simulated cortex: who works there, on what, in which steps, and how it goes wrong."""

from __future__ import annotations

from typing import NamedTuple

COORDINATOR = "coordinator-master"
USERS = ("user-kim", "user-amara", "user-jonas", "user-li", "user-sofia")
DAEMONS = ("task-orchestrator-daemon", "nightly-scan-daemon", "dependency-watch-daemon", "worker-daemon")
CLEANER = "zombie-cleanup-daemon"
PRINCIPALS = {
    "user-kim": "kim",
    "user-amara": "amara",
    "user-jonas": "jonas",
    "user-li": "li",
    "user-sofia": "sofia",
}
REPOSITORIES = ("cortex-core", "cortex-api", "billing-service", "web-dashboard", "infra-modules")
PRIORITY_WEIGHTS = {"critical": 1, "high": 4, "medium": 8, "low": 3}


class Line(NamedTuple):
    """The trade of one master: the type of its tasks, what they are about, the workers it spawns, in order."""

    task_type: str
    subjects: tuple[str, ...]
    workers: tuple[str, ...]


MASTERS: dict[str, Line] = {
    "development-master": Line(
        "development",
        (
            "auth-token-rotation", "checkout-retry-queue", "dark-mode-settings", "invoice-pdf-export",
            "search-pagination", "webhook-signatures", "profile-avatar-upload", "rate-limit-headers",
            "session-store-migration", "csv-import-validation", "audit-log-endpoint", "feature-flag-cache",
            "email-template-editor", "graphql-error-codes", "timezone-aware-reports", "bulk-user-invite",
        ),
        ("implementation-worker", "test-worker", "review-worker"),
    ),
    "security-master": Line(
        "security",
        (
            "deps-audit", "cve-2026-31847-triage", "container-image-scan", "secret-leak-sweep",
            "tls-cipher-review", "iam-policy-diff", "sql-injection-probe", "openssl-upgrade-check",
            "csrf-token-coverage", "s3-bucket-exposure", "license-compliance-scan", "ssh-key-age-report",
        ),
        ("scan-worker", "analysis-worker", "fix-worker"),
    ),
    "inventory-master": Line(
        "inventory",
        (
            "repo-catalog-refresh", "stale-branch-report", "service-owner-map", "api-surface-index",
            "dependency-graph-rebuild", "dead-code-census", "dashboard-inventory", "runbook-coverage",
            "dataset-lineage-map", "unused-secrets-list",
        ),
        ("analysis-worker", "documentation-worker"),
    ),
    "cicd-master": Line(
        "cicd",
        (
            "release-2.14-rollout", "canary-billing-service", "flaky-test-hunt", "pipeline-cache-warmup",
            "staging-db-snapshot", "helm-chart-bump", "rollback-drill", "nightly-build-matrix",
            "artifact-retention", "blue-green-switch", "preview-environments",
        ),
        ("test-worker", "deployment-worker"),
    ),
}  # fmt: skip

SUBTASKS = (
    ("schema-change", "write-tests"),
    ("backend", "frontend"),
    ("collect-findings", "open-pull-requests"),
    ("prepare-staging", "smoke-tests"),
)

STEPS: dict[str, tuple[str, ...]] = {
    "scan-worker": (
        "cloning repository", "reading lock files", "matching 1,284 packages against advisories",
        "scanning image layers", "writing findings",
    ),
    "fix-worker": (
        "reproducing the finding", "bumping openssl to 3.0.19", "patching the handler", "running unit tests",
        "opening pull request",
    ),
    "implementation-worker": (
        "reading the ticket", "sketching the interface", "writing code", "making the tests pass",
        "updating the changelog", "pushing the branch",
    ),
    "test-worker": (
        "building test image", "running unit tests (412/1,130)", "running integration tests",
        "re-running 3 flaky tests", "collecting coverage",
    ),
    "review-worker": (
        "reading the diff (+418 −97)", "checking error paths", "comparing with the style guide",
        "writing review comments",
    ),
    "deployment-worker": (
        "building the image", "pushing to the registry", "draining node 3 of 6", "rolling out 50 %",
        "watching error rates", "switching traffic",
    ),
    "documentation-worker": ("collecting sources", "drafting pages", "checking links", "rendering diagrams"),
    "analysis-worker": (
        "loading 90 days of metrics", "building the graph", "ranking candidates", "writing the report",
    ),
}  # fmt: skip

DELIVERABLES: dict[str, tuple[str, ...]] = {
    "scan-worker": ("reports/findings.sarif", "reports/summary.md"),
    "fix-worker": ("patches/fix.diff", "pull/4127"),
    "implementation-worker": (
        "src/service/handler.py",
        "src/service/models.py",
        "migrations/0093_add_index.sql",
    ),
    "test-worker": ("reports/junit.xml", "reports/coverage.html"),
    "review-worker": ("reviews/comments.md",),
    "deployment-worker": ("releases/manifest.yaml", "releases/rollout.log"),
    "documentation-worker": ("docs/overview.md", "docs/architecture.svg"),
    "analysis-worker": ("analysis/report.md", "analysis/graph.json"),
}

ERRORS: dict[str, tuple[tuple[str, str], ...]] = {
    "scan-worker": (
        ("network_error", "advisory database: connection reset by peer after 3 retries"),
        ("parse_error", "package-lock.json: unexpected token '<' at line 18 (merge conflict left in file)"),
        ("timeout", "layer sha256:9f3c… not scanned within 300 s"),
    ),
    "fix-worker": (
        ("merge_conflict", "cannot rebase onto main: conflict in requirements.txt"),
        ("test_failure", "4 tests fail after the bump: ssl.SSLError: [SSL: DH_KEY_TOO_SMALL]"),
    ),
    "implementation-worker": (
        ("compile_error", "src/service/handler.py:212: NameError: name 'retry_budget' is not defined"),
        ("token_budget_exceeded", "token budget used up at 71 % of the work"),
        ("git_error", "push rejected: branch is 14 commits behind main (non-fast-forward)"),
    ),
    "test-worker": (
        ("test_failure", "AssertionError: expected 200, got 502 in tests/api/test_checkout.py::test_retry"),
        ("out_of_memory", "pytest killed by signal 9: container limit of 2 GiB reached"),
        ("timeout", "integration tests hung in test_queue_drain for 600 s"),
    ),
    "review-worker": (
        ("token_budget_exceeded", "diff of 11,902 lines does not fit into the token budget"),
        ("api_error", "HTTP 429 from the code host: secondary rate limit, retry after 60 s"),
    ),
    "deployment-worker": (
        ("health_check_failed", "readiness probe of billing-service-7d9f failed 5 times: HTTP 503"),
        ("permission_denied", "deploy role may not ecs:UpdateService in eu-central-1"),
        ("disk_full", "no space left on device while unpacking image (node-3: /var 100 %)"),
    ),
    "documentation-worker": (
        ("link_check_failed", "7 dead links, first: docs/runbooks/failover.md#quorum"),
        ("render_error", "mermaid: parse error on line 33: got 'NEWLINE'"),
    ),
    "analysis-worker": (
        ("data_error", "metrics for 2026-10-25 02:00–03:00 are missing (DST gap in the exporter)"),
        ("out_of_memory", "graph with 2,310,554 edges does not fit into 4 GiB"),
    ),
}

TASK_FAILURES = (
    "gave up after {attempts}: {error}",
    "acceptance criteria not met: {error}",
    "no worker could finish: {error}",
)
ESCALATIONS = (
    "Requires manual review: change touches payment code",
    "Two workers disagree on the fix; needs a human decision",
    "Production credentials needed; not allowed for workers",
    "Confidence of the router is 0.41, below 0.60",
)
CANCELLATIONS = (
    "User requested cancellation",
    "Superseded by a newer task",
    "Repository was archived while the task was queued",
    "Duplicate of an existing task",
)
REASSIGNMENTS = (
    "findings need code changes",
    "development-master is at its worker limit (8/8)",
    "deployment problem, not a code problem",
    "wrong specialist: router confidence was 0.52",
)
TRACE = (
    'Traceback (most recent call last):\n  File "worker/run.py", line 88, in main\n    step(context)\n'
    '  File "worker/steps.py", line {line}, in step\n{type}: {message}'
)
