"""A project of several specs, and a service that has some of its jobs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hptc.compiler.outcome import Compiled
from hptc.compiler.pipeline import compile_paths
from hptc.compiler.workspace import Workspace
from hptc.jobs.plan import is_whole_project, plan
from hptc.jobs.plan_costs import BoundOf
from hptc.jobs.planned import Plan
from hptc.jobs.provenance import Provenance
from hptc.request.identity import scheduled_stem
from hptc.service.tuning_jobs import JobSummary
from tests.support.fake_service import FakeStacks, FakeTuning, NoWrites
from tests.support.outcomes import all_succeeded
from tests.support.specs import PROJECT, SPEC
from tests.support.submissions import submit

PAGE = 100

FOUNDATION = {
    "ArtifactBucket": "artifacts-dev",
    "DataBucket": "data-dev",
    "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "LauncherPolicyArn": "arn:aws:iam::123456789012:policy/launcher",
}


def spec(name: str, change: tuple[str, str] = ("", "")) -> str:
    return SPEC.replace("name: churn", f"name: {name}").replace(*change)


WIDER = ("max: 10}", "max: 12}")


def project(folder: Path, specs: Mapping[str, str], env: str = "dev") -> list[Compiled]:
    """Write specs by the name of their file, and compile them together."""
    (folder / ".git").mkdir(parents=True, exist_ok=True)
    (folder / "hptc.yaml").write_text(PROJECT, encoding="utf-8")
    for file in folder.glob("specs/*"):
        file.unlink()
    for name, text in specs.items():
        (folder / "specs").mkdir(exist_ok=True)
        (folder / "specs" / f"{name}.yaml").write_text(text, encoding="utf-8")
    outcomes = compile_paths([str(folder)], Workspace(environment=env))
    return all_succeeded(outcomes)


def origin(spec: Compiled) -> Provenance:
    return Provenance(spec=f"specs/{Path(spec.file).name}", commit="abc1234")


def deployed(*names: str, env: str = "dev") -> FakeStacks:
    """The foundation and the stacks of these specs, deployed."""
    role = "arn:aws:iam::123456789012:role/hptc"
    return FakeStacks(
        {
            f"hptc-churn-{env}": FOUNDATION,
            **{
                f"hptc-churn-{env}-{name}": {"ExecutionRoleArn": f"{role}/{name}"} for name in names
            },
        },
        tags={
            f"hptc-churn-{env}-{name}": {"hptc:project": "churn", "hptc:environment": env}
            for name in names
        },
    )


def run(tuning: FakeTuning, compiled: list[Compiled], status: str = "Completed") -> list[str]:
    """Submit specs, and set the status of their jobs; return the names."""
    names = []
    for spec in compiled:
        env = spec.environment.name if spec.environment else ""
        sent = submit(spec, tuning, deployed(spec.name, env=env), provenance=origin)
        tuning.jobs[sent.name]["HyperParameterTuningJobStatus"] = status
        names.append(sent.name)
    tuning.calls.clear()
    return names


def by_schedule(spec: Compiled, moment: str) -> str:
    """The name of the job that a schedule starts at a time, given as YYYYMMDDhhmm."""
    assert spec.environment is not None
    return f"{scheduled_stem(spec.name, spec.environment.project, spec.environment.name)}-{moment}"


def renamed(tuning: FakeTuning, old: str, new: str) -> str:
    """Rename a job, as if it had been created with the new name."""
    job = tuning.jobs.pop(old)
    tuning.jobs[new] = job | {
        "HyperParameterTuningJobName": new,
        "HyperParameterTuningJobArn": job["HyperParameterTuningJobArn"].replace(old, new),
    }
    tuning.tags[tuning.jobs[new]["HyperParameterTuningJobArn"]] = tuning.tags.pop(
        job["HyperParameterTuningJobArn"]
    )
    tuning.training_jobs[new] = tuning.training_jobs.pop(old, [])
    return new


def read_only(tuning: FakeTuning) -> NoWrites:
    return NoWrites(region=tuning.region, jobs=tuning.jobs, tags=tuning.tags)


def planned(
    compiled: list[Compiled],
    tuning: FakeTuning | None = None,
    stacks: FakeStacks | None = None,
    bound_of: BoundOf | None = None,
) -> Plan:
    """Plan with a service that fails the test on any write."""
    return plan(
        compiled,
        read_only(tuning or FakeTuning()),
        deployed(*(spec.name for spec in compiled)) if stacks is None else stacks,
        provenance=origin,
        is_whole_project=is_whole_project(compiled),
        bound_of=bound_of,
    )


@dataclass
class Paged(NoWrites):
    """Records a List call for each page that is read."""

    def list_jobs(
        self, *, name_contains: str = "", status: str = "", limit: int | None = None
    ) -> Iterator[JobSummary]:
        jobs = super().list_jobs(name_contains=name_contains, status=status, limit=limit)
        for index, job in enumerate(jobs):
            if index and index % PAGE == 0:
                self.calls.append("list_jobs")
            yield job


def old_jobs(tuning: FakeTuning, count: int, like: Compiled, **tags: str) -> None:
    """Add completed jobs of earlier versions of a spec."""
    shared: dict[str, Any] = {"project": "churn", "environment": "dev", "spec": "specs/gone.yaml"}
    for number in range(count):
        job_tags = {**shared, "digest": f"{number:064x}", **tags}
        tuning.add(
            {
                **like.request,
                "HyperParameterTuningJobName": f"churn-{number:08x}",
                "Tags": [{"Key": f"hptc:{key}", "Value": value} for key, value in job_tags.items()],
            },
            status="Completed",
        )
