"""The distribution `tap-cloudformation`: wheel and sdist, installed by themselves and used from an empty folder."""

import configparser
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FOLDERS = ("tap", "lambda")
FILES = ("generate.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE")
BROKEN = """\
Resources:
  Archive:
    Type: AWS::S3::Bucket
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Properties:
      LifecycleConfiguration:
        Rules: [{Status: Enabled, Transitions: [{StorageClass: STANDARD_IA, TransitionInDays: 7}]}]
"""
GENERATE = (
    "from tap.template.registry import builder; from tap.template.render import to_text; "
    "print(to_text(builder('tap')()), end='')")
BLOCK = "import sys; sys.modules.update(dict.fromkeys({modules}))\n"


def run(*command: str | Path, cwd: Path, env: Mapping[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(command, cwd=cwd, env=environ | dict(env or {}), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sdist, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("built")
    source = folder / "source"
    source.mkdir()
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, source)
    # Without isolation: the tests install what builds it, and reach no index.
    done = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", source, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder / "dist"


@pytest.fixture(scope="module", params=["*.whl", "*.tar.gz"], ids=["wheel", "sdist"])
def site(request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the distribution installed, to be put before the packages that it requires."""
    folder = tmp_path_factory.mktemp("site")
    distribution, = built.glob(request.param)
    done = run(sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation",
               "--target", folder, distribution, cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def installed(site: Path, tmp_path: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run Python in an empty folder with what is installed there before the checkout."""
    return run(sys.executable, *arguments, cwd=tmp_path, env={"PYTHONPATH": str(site)})


def requirements(extra: str) -> list[str]:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    return [line.split()[0] for line in config["options.extras_require"][extra].splitlines() if line]


def test_the_distribution_is_called_tap_cloudformation(built: Path) -> None:
    assert sorted(path.name for path in built.iterdir()) == [
        "tap_cloudformation-0.1.0-py3-none-any.whl", "tap_cloudformation-0.1.0.tar.gz"]


def test_it_is_the_installed_package_that_is_tested(site: Path, tmp_path: Path) -> None:
    assert installed(site, tmp_path, "-c", "import tap; print(tap.__path__[0])").stdout.strip() == str(site / "tap")


def test_cfn_lint_takes_the_wiring_rules_from_it(site: Path, tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(BROKEN, encoding="utf-8")
    program = Path(sys.executable).parent / "cfn-lint"
    done = installed(site, tmp_path, program, "--append-rules", "tap.wiring", "--", "template.yaml")
    assert done.stdout.startswith("E9404 `Archive` → STANDARD_IA: a transition after 7 days is too early."), done.stderr
    assert done.returncode == 2


def test_the_rules_need_nothing_but_cfn_lint(site: Path, tmp_path: Path) -> None:
    # cfn-lint requires PyYAML itself.
    program = BLOCK.format(modules=[name for name in requirements("cli") if name != "PyYAML"])
    done = installed(site, tmp_path, "-c", f"{program}from tap.wiring.__main__ import main\nmain([])")
    assert done.stdout.startswith("# Wiring rules\n"), done.stderr


def test_tap_shows_its_help(site: Path, tmp_path: Path) -> None:
    done = installed(site, tmp_path, site / "bin" / "tap", "--help")
    assert done.stdout.startswith("Usage: tap "), done.stderr


def test_tap_without_its_requirements_says_what_to_install(site: Path, tmp_path: Path) -> None:
    program = BLOCK.format(modules=["click"]) + "from tap.__main__ import main\nsys.exit(main())"
    done = installed(site, tmp_path, "-c", program)
    assert (done.returncode, done.stderr) == (
        2, "tap: click is not installed: pip install 'tap-cloudformation[cli]'\n")


def test_the_generator_prints_the_committed_template(site: Path, tmp_path: Path) -> None:
    done = installed(site, tmp_path, "-c", GENERATE)
    assert done.stdout == (ROOT / "templates" / "tap.yaml").read_text(encoding="utf-8"), done.stderr


def test_the_sdist_has_the_program_that_generates_templates(built: Path, tmp_path: Path) -> None:
    archive, = built.glob("*.tar.gz")
    shutil.unpack_archive(archive, tmp_path, filter="data")
    folder, = tmp_path.iterdir()
    done = installed(folder, tmp_path, folder / "generate.py", "--template", "bootstrap")
    assert done.stdout == (ROOT / "templates" / "bootstrap.yaml").read_text(encoding="utf-8"), done.stderr


def test_installing_it_alone_requires_nothing(site: Path) -> None:
    metadata, = site.glob("*.dist-info/METADATA")
    required = [line for line in metadata.read_text(encoding="utf-8").splitlines() if line.startswith("Requires-Dist:")]
    assert required
    assert all("; extra == " in line for line in required)
