"""The wheel: its contents, that it works where it is installed, and what it works without."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping
from email import message_from_string
from pathlib import Path
from zipfile import ZipFile

import pytest
from trove_classifiers import classifiers

from tests.support.paths import ROOT

XGBOOST = "specs/direct-marketing-xgboost.yaml"

PROVIDED = {
    "artifact_bucket": "artifacts-of-ours",
    "data_bucket": "data-of-ours",
    "execution_role_arn": "arn:aws:iam::123456789012:role/tuning",
    "kms_key_arn": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
    "security_group_id": "sg-0a1b2c3d4e5f60718",
    "subnet_id_1": "subnet-0a1b2c3d4e5f60718",
    "subnet_id_2": "subnet-0b1c2d3e4f5061728",
}

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]


def run(
    command: list[str | Path], folder: Path, environment: Mapping[str, str], *, code: int = 0
) -> subprocess.CompletedProcess[str]:
    program = shutil.which(command[0], path=environment["PATH"])
    assert program is not None, f"no {command[0]}: run `make setup`"
    done = subprocess.run(
        [program, *(str(part) for part in command[1:])],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of its sources, without a network."""
    source = tmp_path_factory.mktemp("a clone")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", ".gitignore"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "hptc", source / "hptc")
    shutil.copytree(ROOT / "specs", source / "specs")
    shutil.copytree(ROOT / "src", source / "src")
    run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", "dist"],
        source,
        os.environ,
    )
    (result,) = (source / "dist").glob("*.whl")
    return result


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into an empty environment, and return its bin folder.

    Dependencies are those of this environment, without its editable hptc: nothing is downloaded.
    """
    home = tmp_path_factory.mktemp("an environment")
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    install = ("-m", "uv", "pip", "install", "--offline", "--no-deps", "--quiet")
    run(
        [sys.executable, *install, "--python", scripts / "python", wheel],
        home,
        os.environ,
    )
    # A .pth inside the folder that a .pth names is not read, and an editable install is one.
    packages = sysconfig.get_path("purelib", vars={"base": str(home)})
    Path(packages, "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return scripts


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    """A request without references: it needs no project and no stack."""
    golden = ROOT / "tests" / "golden" / "requests" / "dev" / "direct-marketing-xgboost.json"
    text = golden.read_text("utf-8")
    for name, value in PROVIDED.items():
        text = text.replace(f"${{hptc:{name}}}", value)
    assert "${hptc:" not in text
    path = tmp_path / "request.json"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A folder of someone else's."""
    folder = tmp_path / "some folder"
    folder.mkdir()
    return folder


def test_the_wheel_contains_only_the_package(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = set(archive.namelist())
    inside = {name for name in names if ".dist-info/" not in name}
    source = wheel.parents[1]
    ours = {
        path.relative_to(source).as_posix()
        for path in (source / "hptc").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert inside == ours
    assert {
        "hptc/py.typed",
        "hptc/catalog/data/instances.json",
        "hptc/reference/scaffold_files/gitignore",
    } <= inside
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_metadata_say_what_it_needs(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = message_from_string(archive.read(name).decode())
        (scripts,) = (name for name in archive.namelist() if name.endswith("entry_points.txt"))
        assert "hptc = hptc.cli:main" in archive.read(scripts).decode()
    assert metadata["Requires-Python"] == ">=3.11"
    extras = {
        "cdk",
        "dev",
        "docs",
        "local",
        "lsp",
        "optuna",
        "pandas",
        "plot",
        "sandbox",
        "stand-ins",
    }
    assert set(metadata.get_all("Provides-Extra") or ()) == extras
    assert metadata["Description-Content-Type"] == "text/markdown"
    description = metadata.get_payload()
    assert isinstance(description, str)
    assert description.startswith("# hptc\n")
    links = re.findall(r"\]\(([^)]*)\)", description)
    assert len(links) > 20
    assert [link for link in links if not link.startswith("https://")] == []
    urls = dict(url.split(", ") for url in metadata.get_all("Project-URL") or ())
    assert set(urls) == {"Homepage", "Documentation", "Changelog", "Issues"}
    assert set(metadata.get_all("Classifier") or ()) <= classifiers
    core = [need for need in metadata.get_all("Requires-Dist") or () if "extra ==" not in need]
    assert not any("aws-cdk" in need or "moto" in need for need in core)


def test_the_installed_command_is_the_wheels(installed: Path, foreign: Path) -> None:
    answer = run([installed / "hptc", "--version"], foreign, os.environ)
    assert answer.stdout.startswith("hptc, version ")
    where = run(
        [installed / "python", "-c", "import hptc; print(hptc.__file__)"], foreign, os.environ
    )
    assert Path(where.stdout.strip()).is_relative_to(installed.parent)


def test_it_checks_and_compiles_a_spec_elsewhere(
    installed: Path, foreign: Path, request_file: Path
) -> None:
    spec = foreign / "churn.yaml"
    imported = run(
        [installed / "hptc", "import", request_file, "--name", "churn", "-o", spec],
        foreign,
        os.environ,
    )
    assert imported.stdout == ""
    run([installed / "hptc", "check", spec], foreign, os.environ)
    compiled = json.loads(run([installed / "hptc", "compile", spec], foreign, os.environ).stdout)
    assert compiled == json.loads(request_file.read_text("utf-8"))
    spec.write_text(spec.read_text("utf-8") + "strategie: Random\n", encoding="utf-8")
    process = run([installed / "hptc", "check", spec], foreign, os.environ, code=1)
    assert "strategie" in process.stdout


def test_a_new_project_is_checked_and_synthesized(installed: Path, foreign: Path) -> None:
    run([installed / "hptc", "init", "churn"], foreign, os.environ)
    project = foreign / "churn"
    checked = run([installed / "hptc", "check"], project, os.environ)
    assert "checked 1 file" in checked.stderr
    # As `uv tool install` and pipx do: a link to `hptc` is on PATH, and its Python is not.
    links = foreign / "links"
    links.mkdir()
    (links / "hptc").symlink_to(installed / "hptc")
    node = shutil.which("node")
    assert node is not None
    tools = (links, ROOT / "node_modules" / ".bin", Path(node).parent, "/usr/bin", "/bin")
    path = os.pathsep.join(map(str, tools))
    environment = {**os.environ, "PATH": path, "CDK_HOME": str(foreign)}
    run(["cdk", "synth", "--quiet"], project, environment)
    written = {path.name for path in (project / "cdk.out").glob("*.template.json")}
    assert len(written) == 2
    assert any(name.endswith("-direct-marketing-xgboost.template.json") for name in written)


WITHOUT = """\
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

BLOCKED = frozenset(sys.argv.pop(1).split(","))
sys.meta_path.insert(0, Blocked())
from hptc.cli import run
sys.exit(run(sys.argv[1:]))
"""
HEAVY = "boto3,botocore.session,aws_cdk,constructs,jsii,moto,numpy,scipy"


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("check", "specs"), "", id="check"),
        pytest.param(("compile", XGBOOST), '"Strategy": "Bayesian"', id="compile"),
        pytest.param(("compile", "--skeleton"), "strategy:", id="skeleton"),
        pytest.param(("import", "{request}"), "strategy:", id="import"),
        pytest.param(("schema",), '"$schema"', id="schema"),
        pytest.param(("explain", "HPT203"), "HPT203", id="explain"),
        pytest.param(("explain", "--all"), "HPT203", id="explain-all"),
    ],
)
def test_the_core_needs_no_aws_no_cdk_no_node(
    tmp_path: Path, request_file: Path, arguments: tuple[str, ...], expected: str
) -> None:
    git = shutil.which("git")  # to pack the code of a spec
    assert git is not None
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(git)
    environment = {**os.environ, "PATH": str(tools)}
    filled = [argument.format(request=request_file) for argument in arguments]
    done = run([sys.executable, "-c", WITHOUT, HEAVY, *filled], ROOT, environment)
    assert expected in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "blocked", "extra"),
    [
        pytest.param(("deploy",), "aws_cdk", "cdk", id="deploy"),
        pytest.param(("sandbox",), "moto", "sandbox", id="sandbox"),
    ],
)
def test_a_missing_extra_is_named(arguments: tuple[str, ...], blocked: str, extra: str) -> None:
    # As a module that is not there, rather than one that fails: None in sys.modules.
    absent = f"import sys; sys.modules[{blocked!r}] = None; from hptc.cli import run; "
    done = run(
        [sys.executable, "-c", absent + f"sys.exit(run({list(arguments)!r}))"],
        ROOT,
        os.environ,
        code=2,
    )
    assert f"pip install 'hptc[{extra}]'" in done.stderr
    assert done.stdout == ""
