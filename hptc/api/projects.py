"""`load_project` and the project: what the command line does with specs, as methods.

It is an object because its methods have the names of the commands, and `hptc.diff`, `hptc.cost` and
`hptc.results` are packages already: functions of these names on the module would be replaced by a
package as soon as it is imported. The object also keeps what each call would repeat: the folder and
the environment.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hptc.api.answers import (
    Comparison,
    CompiledSpec,
    Cost,
    Findings,
    compiled_spec,
    findings_of,
)
from hptc.errors import UsageError
from hptc.frozen import frozen

if TYPE_CHECKING:  # each method imports what it needs
    from hptc.api.job_answers import JobResults, SubmissionPlan, Submissions
    from hptc.aws.client import Aws
    from hptc.compiler.outcome import Compiled, Outcome
    from hptc.compiler.workspace import Workspace
    from hptc.diagnostics import Diagnostic
    from hptc.jobs.decisions import NotSubmitted, Submission, Submit
    from hptc.project import project_file
    from hptc.project.project_file import Environment
    from hptc.service.interface import TuningReader

_SECONDS_BETWEEN_COUNTS = 1.0


def load_project(
    path: str | Path = ".",
    *,
    env: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Project:
    """The project of a folder: that of the nearest hptc.yaml in it or above, in its repository.

    A folder without hptc.yaml is a project without environments: specs are passed as files, and
    tuning jobs are found by their names. `env` selects an environment, as `--env` does; the
    variable HPTC_ENV is not read. `progress` is called with lines of text while a method works,
    such as `print`; without it, a project is silent. Raises UsageError for a path that is not a
    folder and for an unknown environment.
    """
    from hptc.compiler.workspace import Workspace
    from hptc.project.project_file import find

    folder = Path(path).absolute()
    if not folder.is_dir():
        raise UsageError(f"{path} is not a folder", help="pass the folder that has hptc.yaml")
    file = find(folder)
    root = file.parent if file is not None else folder
    in_project, _ = Workspace(folder=root).current_project()
    if in_project is not None and env is not None:
        in_project.environment(env)  # raises
    return Project(folder=root, env=env, progress=progress)


@frozen
class Project:
    """The specs of a folder, and the tuning jobs of its environment: see `load_project`.

    Specs are named as on the command line, by their name or file, or by a folder; without any, all
    specs of the project are meant. Relative paths are relative to `folder`. Files are read again by
    each call, so that a project sees what has been edited. Nothing is printed or asked. Every error
    is an HptcError, whose `help` says what to do.
    """

    folder: Path
    """The folder with hptc.yaml; without one, the folder that was passed."""
    env: str | None = None
    """The environment that was selected; None for the default one."""
    progress: Callable[[str], None] | None = field(default=None, repr=False, compare=False)
    """A function that is called with lines of text while a method works."""

    @property
    def name(self) -> str | None:
        """The project's name in hptc.yaml; None without one."""
        project = self._file()
        return project.file.project if project is not None else None

    @property
    def environment(self) -> str | None:
        """The environment that methods use; None if there are none, or several without a default.

        Raises UsageError if hptc.yaml has errors.
        """
        project = self._file()
        if project is None or project.is_unclear(self.env):
            return None
        chosen = project.environment(self.env)
        return chosen.name if chosen is not None else None

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments in hptc.yaml, the default one first."""
        from hptc.compiler.environments import environment_names

        return environment_names(self._file())

    @property
    def specs(self) -> tuple[str, ...]:
        """The names of the project's specs."""
        from hptc.compiler.discovery import spec_files_by_name

        workspace = self._workspace()
        project = self._file()
        return tuple(spec_files_by_name(project, workspace)) if project is not None else ()

    def check(
        self, *specs: str | Path, select: str | None = None, ignore: str | None = None
    ) -> Findings:
        """The findings about specs, as `hptc check` shows them.

        They are checked in every environment, unless one was selected with `env`. `select` and
        `ignore` are prefixes of codes of rules, such as `HPT2,HPT301`. AWS is not called.
        """
        from hptc.api.specs import chosen_rules, sample_log_tests
        from hptc.compiler.environments import merged_diagnostics

        workspace = replace(
            self._workspace(), rules=chosen_rules(select, ignore), rehearse=sample_log_tests()
        )
        outcomes = self._outcomes(specs, workspace, verb="checked", in_all_environments=True)
        return findings_of(outcomes, merged_diagnostics(outcomes))

    def compile(self, *specs: str | Path) -> tuple[CompiledSpec, ...]:
        """The requests of specs. Raises FindingsError if any of them has errors.

        Values that are only known after deployment are references, `${hptc:name}`.
        """
        return tuple(map(compiled_spec, self._valid(specs, verb="compiled")))

    def diff(
        self, *specs: str | Path, against: str | None = None, head: str | None = None
    ) -> Comparison:
        """What has changed in the meaning of specs between two versions, with the costs.

        `against` is the old version, a git ref; by default, where the branch left main. `head` is
        the new version; by default, the working tree. git is only read.
        """
        from hptc.api.offline import compare_versions
        from hptc.compiler.spec_names import spec_path

        workspace = self._workspace()
        review = compare_versions(
            [spec_path(str(spec), workspace) for spec in specs],
            against=against,
            head=head,
            environment=self.env,
            folder=self.folder,
            progress=self._counts("compared"),
        )
        return Comparison(review=review)

    def cost(self, *specs: str | Path, online: bool = False) -> tuple[Cost, ...]:
        """The maximum cost of each spec. With `online`, past runs in AWS add an expected cost.

        A spec over its budget has a cost too. Raises FindingsError for a spec with other errors.
        """
        from hptc.api.offline import costs_of
        from hptc.api.specs import chosen_rules

        workspace = replace(self._workspace(), rules=chosen_rules(None, "HPT8"))
        compiled = self._valid(specs, workspace, verb="compiled")
        if not online:
            return tuple(Cost(detail=detail) for detail in costs_of(compiled))
        from hptc.api.online import expected_costs, only_environment

        aws = self._connect(only_environment(compiled))
        expected = expected_costs(compiled, aws.tuning, progress=self._tell)
        return tuple(Cost(detail=detail) for detail in costs_of(compiled, expected))

    def plan(self, *specs: str | Path) -> SubmissionPlan:
        """What `submit` would do, compared with the tuning jobs in AWS. Nothing is changed."""
        from hptc.api.job_answers import SubmissionPlan
        from hptc.api.online import plan_specs

        compiled = self._submittable(specs)
        environment = next(
            (outcome.environment for outcome in compiled if outcome.environment), None
        )
        plan = plan_specs(compiled, self._connect(environment), progress=self._tell)
        return SubmissionPlan(plan=plan)

    def submit(
        self,
        *specs: str | Path,
        rerun: int | None = None,
        stale_ok: bool = False,
        preflight: bool = True,
    ) -> Submissions:
        """Create the tuning jobs of specs. This costs money, and asks for no confirmation.

        A spec that was already submitted and has not changed is not submitted again. `rerun` is the
        number of a repeated run. `stale_ok` uses stacks that are out of date. `preflight` checks
        the inputs, code, roles and security groups. A tuning job that is refused does not stop the
        others and is part of the answer. Raises FindingsError if a spec has errors; then nothing is
        submitted.
        """
        from hptc.api.job_answers import Submissions
        from hptc.api.online import decide_each, new_jobs, preflight_errors, submit_each
        from hptc.api.specs import chosen_environment
        from hptc.jobs.decisions import AlreadySubmitted, NotSubmitted, Submitted
        from hptc.request.identity import MAX_RERUN

        if rerun is not None and not 1 <= rerun <= MAX_RERUN:
            raise UsageError(f"rerun={rerun}: must be from 1 to {MAX_RERUN}")
        compiled = self._submittable(specs)
        environment = chosen_environment(compiled, self.env, self.folder)
        aws = self._connect(environment)
        decided = decide_each(compiled, aws, rerun=rerun, stale_ok=stale_ok)
        new = new_jobs(compiled, decided)
        findings = self._preflight(new, environment, aws.region) if preflight and new else {}
        refused = preflight_errors(findings, skip="preflight=False")
        outcomes = []
        for outcome in submit_each(compiled, decided, refused, aws, progress=self._tell):
            outcomes.append(outcome)
            self._tell(_progress_line(outcome))
        return Submissions(
            submitted=tuple(outcome for outcome in outcomes if isinstance(outcome, Submitted)),
            unchanged=tuple(
                outcome for outcome in outcomes if isinstance(outcome, AlreadySubmitted)
            ),
            refused=tuple(outcome for outcome in outcomes if isinstance(outcome, NotSubmitted)),
            findings=tuple(
                dict.fromkeys(finding for in_file in findings.values() for finding in in_file)
            ),
        )

    def results(self, name: str | Path, *, local: bool = False) -> JobResults:
        """The results of a tuning job. It may still be running.

        With managed spot training, the billed time of each training job is one call to AWS.
        `name` is the name or ARN of a tuning job, or a spec, whose newest tuning job is meant. With
        `local`, it is one that `hptc local run` ran in the project.
        """
        from hptc.api.job_answers import JobResults
        from hptc.api.online import job_results
        from hptc.api.targets import find_job, read_target, require_same_region
        from hptc.catalog.prices import load_prices
        from hptc.results.training_results import without_secret_values

        project = self._file()
        prices = load_prices(project.root if project is not None else None)
        tuning: TuningReader
        statement = ""
        if local:
            from hptc.api.local_target import find_local_job

            job = find_local_job(str(name), self.env, None, project=self.folder)
            tuning, job_name, statement = job.tuning, job.name, job.facts.statement
        else:
            target = read_target(str(name), self.env, None, folder=self.folder)
            aws = self._connect(target.place)
            require_same_region(target, aws.region)
            tuning, job_name = aws.tuning, find_job(target, aws.tuning)
        results = job_results(tuning, job_name, prices, progress=self._items())
        return JobResults(results=replace(without_secret_values(results), statement=statement))

    def _repr_html_(self) -> str:
        from hptc.render.notebooks import fragment, table

        rows = [
            ("folder", str(self.folder)),
            ("environment", self.environment or "-"),
            ("environments", ", ".join(self.environments) or "-"),
            ("specs", ", ".join(self.specs) or "-"),
        ]
        return fragment(f"project {self.name or '-'}", table(("", ""), rows))

    def _file(self) -> project_file.Project | None:
        """What hptc.yaml says; None without one. Raises UsageError if it has errors."""
        from hptc.api.specs import current_project

        return current_project(self.folder)

    def _workspace(self) -> Workspace:
        from hptc.compiler.workspace import Workspace

        return Workspace(environment=self.env, folder=self.folder)

    def _outcomes(
        self,
        specs: Sequence[str | Path],
        workspace: Workspace,
        *,
        verb: str,
        in_all_environments: bool = False,
    ) -> list[Outcome]:
        from hptc.api.specs import compile_specs

        return compile_specs(
            [str(spec) for spec in specs],
            workspace,
            in_all_environments=in_all_environments,
            progress=self._counts(verb),
        )

    def _valid(
        self, specs: Sequence[str | Path], workspace: Workspace | None = None, *, verb: str
    ) -> list[Compiled]:
        from hptc.api.specs import require_valid

        return require_valid(self._outcomes(specs, workspace or self._workspace(), verb=verb))

    def _submittable(self, specs: Sequence[str | Path]) -> list[Compiled]:
        """Specs that the policy lets be submitted."""
        from hptc.api.specs import require_projects

        compiled = self._valid(specs, verb="compiled")
        for file in require_projects(compiled):
            self._tell(f"note: {file} is not in a project, so no policy applies")
        return compiled

    def _connect(self, environment: Environment | None) -> Aws:
        from hptc.aws.client import connect
        from hptc.aws.retry import Retry

        return connect(environment, retry=Retry(progress=self._tell))

    def _preflight(
        self,
        new: Sequence[tuple[Compiled, Submit]],
        environment: Environment | None,
        region: str,
    ) -> Mapping[str, tuple[Diagnostic, ...]]:
        from hptc.account_checks.cached_queries import CachedQueries
        from hptc.api.online import preflight_findings
        from hptc.aws.account import connect
        from hptc.aws.retry import Retry

        account = connect(environment, region=region, retry=Retry(progress=self._tell))
        queries = CachedQueries(account=account, progress=self._tell)
        return preflight_findings(new, queries, progress=self._counts("preflight:"))

    def _tell(self, text: str) -> None:
        if self.progress is not None:
            self.progress(text)

    def _counts(self, verb: str) -> Callable[[int, int], None]:
        """Progress on files, reported at most once a second."""
        item = self._items()
        return lambda done, total: item(verb, "files", done, total)

    def _items(self) -> Callable[[str, str, int, int], None]:
        last = time.monotonic()

        def tell(verb: str, nouns: str, done: int, total: int) -> None:
            nonlocal last
            if time.monotonic() - last >= _SECONDS_BETWEEN_COUNTS:
                last = time.monotonic()
                self._tell(f"{verb} {done:,} of {total:,} {nouns}")

        return tell


def _progress_line(outcome: Submission | NotSubmitted) -> str:
    """The outcome of one submission, as a line of progress."""
    from hptc.jobs.decisions import NotSubmitted
    from hptc.render.jobs import render_submission

    if isinstance(outcome, NotSubmitted):
        return f"not submitted: {outcome.name}: {outcome.error.message}"
    return render_submission(outcome).splitlines()[0]
