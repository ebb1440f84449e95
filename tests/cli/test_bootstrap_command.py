"""`tap bootstrap`: what it deploys, what it writes, what it refuses, over an account in memory."""

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from memory_aws import MemoryAws
from memory_service import refusal

from tap.bootstrap.settings import Settings
from tap.bootstrap.template import build
from tap.cli import main as cli
from tap.cli.app import App
from tap.deploy.aws import AwsClient
from tap.deploy.cloudformation import CloudFormation
from tap.deploy.models import InputError
from tap.deploy.template import Rendered

DOCUMENT: dict[str, Any] = build().to_dict()
MAIN = {"Parameters": {"PermissionsBoundary": {"Type": "String", "Default": ""}}, "Resources": {}}
TARGETS = """\
# Where things go.
[default]
artifact_bucket = "tap-artifacts-{account}-{region}"  # filled in

[dev]
stack_name = "tap-dev"
"""
PARAMETERS = '{\n  "Parameters": {\n    "Environment": "dev"\n  },\n  "StackPolicy": {"Statement": []}\n}\n'
ROLE = "arn:aws:iam::123456789012:role/bootstrap/ExecutionRole"
BOUNDARY = "arn:aws:iam::123456789012:policy/bootstrap/Boundary"
OUTPUTS = {"ArtifactBucketName": "tap-artifacts-123456789012-eu-west-1", "ExecutionRoleArn": ROLE,
           "PermissionsBoundaryArn": BOUNDARY}
PROVIDER = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"


class Account(MemoryAws):
    """An account whose stacks have outputs, and which may have OIDC providers."""

    def __init__(self) -> None:
        super().__init__()
        self.given = dict(OUTPUTS)
        self.providers: list[str] = []
        self.buckets: set[str] = set()

    def do_describe_stacks(self, StackName: str) -> Any:
        answer = super().do_describe_stacks(StackName)
        answer["Stacks"][0]["Outputs"] = [
            {"OutputKey": key, "OutputValue": value} for key, value in self.given.items()]
        return answer

    def do_head_bucket(self, Bucket: str) -> Any:
        if Bucket not in self.buckets:
            raise refusal("404", "Not Found", status=404)
        return {}

    def do_list_open_id_connect_providers(self) -> Any:
        return {"OpenIDConnectProviderList": [{"Arn": each} for each in self.providers]}


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "parameters").mkdir()
    (tmp_path / "parameters/dev.json").write_text(PARAMETERS)
    (tmp_path / "parameters/targets.toml").write_text(TARGETS)
    return tmp_path


@pytest.fixture
def bootstrap(account: Account, root: Path) -> Callable[..., int]:
    def run(*arguments: str, main: dict[str, Any] = MAIN) -> int:
        wiring = App(
            template=lambda: Rendered(main, json.dumps(main)),
            bootstrap=lambda: Rendered(DOCUMENT, json.dumps(DOCUMENT)), lint=lambda *_: [], clock=lambda: 0.0,
            cloud=lambda _env: CloudFormation(AwsClient(
                lambda _service: account, lambda _seconds: None, unique=lambda: f"{next(account.numbers)}")))
        return cli.main(["bootstrap", "dev", "--root", str(root), *arguments], wiring)

    return run


Run = Callable[..., int]


def given(account: Account) -> dict[str, str]:
    """The parameters of the latest change set."""
    request = [request for method, request in account.requests if method == "create_change_set"][-1]
    return {each["ParameterKey"]: each.get("ParameterValue", "") for each in request["Parameters"]}


def test_it_is_deployed_protected_and_written_where_the_stacks_find_it(
        account: Account, bootstrap: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert bootstrap("--yes") == 0

    stack = account.stacks["bootstrap-tap"]
    assert (stack.status, stack.protected) == ("CREATE_COMPLETE", True)
    assert (root / "parameters/targets.toml").read_text() == TARGETS + f'role_arn = "{ROLE}"\n'
    assert json.loads((root / "parameters/dev.json").read_text())["Parameters"] == {
        "PermissionsBoundary": BOUNDARY, "Environment": "dev"}
    assert '"StackPolicy": {"Statement": []}' in (root / "parameters/dev.json").read_text()
    out = capsys.readouterr().out
    assert f'Written: parameters/targets.toml: [dev] role_arn = "{ROLE}"\n' in out
    assert out.endswith("Applied: stack bootstrap-tap is up to date.\n")


def test_a_bucket_of_the_same_name_that_was_made_by_hand_is_told_before_the_stack_fails(
        account: Account, bootstrap: Run, capsys: pytest.CaptureFixture[str]) -> None:
    account.buckets.add("tap-artifacts-123456789012-eu-west-1")

    assert bootstrap("--yes") == 2

    assert "tap-artifacts-123456789012-eu-west-1 already exists" in capsys.readouterr().err
    assert account.stacks == {}


def test_the_stacks_own_bucket_is_not_in_its_way(account: Account, bootstrap: Run) -> None:
    bootstrap("--yes")
    account.buckets.add("tap-artifacts-123456789012-eu-west-1")

    assert bootstrap("--yes", "--parameter", "Team=payments") == 0


def test_again_it_changes_nothing_and_writes_nothing(
        account: Account, bootstrap: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap("--yes")
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in root.glob("parameters/*")}
    capsys.readouterr()

    assert bootstrap("--yes") == 0

    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in root.glob("parameters/*")} == before
    assert "No changes: stack bootstrap-tap" in capsys.readouterr().out
    assert len(account.executed) == 1


def test_what_was_given_once_is_kept(account: Account, bootstrap: Run) -> None:
    bootstrap("--yes", "--parameter", "FailureEmail=ops@payments.test")

    bootstrap("--yes", "--parameter", "Team=payments")

    assert given(account)["FailureEmail"] == "ops@payments.test"
    assert given(account)["Team"] == "payments"


def test_a_repository_may_deploy_the_environment_in_addition_to_those_that_may(
        account: Account, bootstrap: Run) -> None:
    bootstrap("--yes", "--parameter", "GitHubSubjects=repo:payments/tap:environment:prod")

    bootstrap("--yes", "--github", "payments/tap", "--github", "payments/tools")

    assert given(account)["GitHubSubjects"].split(",") == [
        "repo:payments/tap:environment:dev", "repo:payments/tap:environment:prod",
        "repo:payments/tools:environment:dev"]
    assert given(account)["GitHubPlanSubjects"].split(",") == [
        "repo:payments/tap:environment:dev-plan", "repo:payments/tools:environment:dev-plan"]


def test_a_repository_whose_tokens_have_ids_is_trusted_by_them(
        account: Account, bootstrap: Run, capsys: pytest.CaptureFixture[str]) -> None:
    # https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
    bootstrap("--yes", "--github", "payments@123456/tap@456789")

    assert given(account)["GitHubSubjects"] == "repo:payments@123456/tap@456789:environment:dev"
    assert given(account)["GitHubPlanSubjects"] == "repo:payments@123456/tap@456789:environment:dev-plan"
    assert "gh variable set AWS_REGION --repo payments/tap --env dev " in capsys.readouterr().out


def test_an_account_that_has_githubs_provider_gets_no_second_one(account: Account, bootstrap: Run) -> None:
    account.providers = ["arn:aws:iam::123456789012:oidc-provider/elsewhere", PROVIDER]

    bootstrap("--yes", "--github", "payments/tap")

    assert given(account)["GitHubProviderArn"] == PROVIDER


def test_a_provider_that_the_stack_has_made_stays_its_own(account: Account, bootstrap: Run) -> None:
    bootstrap("--yes", "--github", "payments/tap")
    account.providers = [PROVIDER]
    account.do_list_stack_resources = lambda **_request: {  # type: ignore[method-assign]
        "StackResourceSummaries": [{"LogicalResourceId": "GitHubProvider", "PhysicalResourceId": PROVIDER}]}

    bootstrap("--yes", "--parameter", "Team=payments")

    assert given(account)["GitHubProviderArn"] == ""


def test_the_next_step_for_github_is_told(
        account: Account, bootstrap: Run, capsys: pytest.CaptureFixture[str]) -> None:
    account.given |= {"DeployerRoleArn": "arn:deployer", "PlannerRoleArn": "arn:planner"}

    bootstrap("--yes", "--github", "payments/tap")

    assert capsys.readouterr().out.splitlines()[-4:] == [
        "To do: gh variable set AWS_ROLE_ARN --repo payments/tap --env dev --body arn:deployer",
        "To do: gh variable set AWS_REGION --repo payments/tap --env dev --body eu-west-1",
        "To do: gh variable set AWS_ROLE_ARN --repo payments/tap --env dev-plan --body arn:planner",
        "To do: gh variable set AWS_REGION --repo payments/tap --env dev-plan --body eu-west-1"]


def test_another_bucket_is_written_and_comments_stay(bootstrap: Run, root: Path) -> None:
    (root / "parameters/targets.toml").write_text(TARGETS.replace("tap-artifacts-", "other-"))

    bootstrap("--yes")

    text = (root / "parameters/targets.toml").read_text()
    assert 'artifact_bucket = "tap-artifacts-123456789012-eu-west-1"\n' in text
    assert text.startswith("# Where things go.\n")
    assert "# filled in" in text


def test_a_bucket_of_another_account_stays(bootstrap: Run, root: Path) -> None:
    targets = 'artifact_bucket = "shared"\nartifact_bucket_owner = "210987654321"\n'
    (root / "parameters/targets.toml").write_text(f"[default]\n{targets}")

    bootstrap("--yes")

    assert (root / "parameters/targets.toml").read_text().count("artifact_bucket =") == 1


def test_an_environment_without_a_table_gets_one(bootstrap: Run, root: Path) -> None:
    (root / "parameters/targets.toml").write_text("[default]\n")

    assert bootstrap("--yes") == 0

    assert f'[dev]\nartifact_bucket = "{OUTPUTS["ArtifactBucketName"]}"\nrole_arn = "{ROLE}"\n' in (
        root / "parameters/targets.toml").read_text()


def test_a_boundary_that_is_there_is_replaced(bootstrap: Run, root: Path) -> None:
    (root / "parameters/dev.json").write_text(PARAMETERS.replace(
        '"Environment"', '"PermissionsBoundary": "arn:old", "Environment"'))

    bootstrap("--yes")

    assert (root / "parameters/dev.json").read_text() == PARAMETERS.replace(
        '"Environment"', f'"PermissionsBoundary": "{BOUNDARY}", "Environment"')


def test_a_template_that_takes_path_and_name_gets_these(bootstrap: Run, root: Path) -> None:
    declaration = {"Type": "String", "Default": "", "AllowedPattern": r"[\w+=,.@/-]{0,512}"}

    bootstrap("--yes", main={"Parameters": {"PermissionsBoundary": declaration}, "Resources": {}})

    assert json.loads((root / "parameters/dev.json").read_text())["Parameters"]["PermissionsBoundary"] == (
        "bootstrap/Boundary")


def test_a_template_without_a_boundary_leaves_the_parameters_alone(bootstrap: Run, root: Path) -> None:
    assert bootstrap("--yes", main={"Resources": {}}) == 0

    assert (root / "parameters/dev.json").read_text() == PARAMETERS


def test_declined_nothing_is_left_and_nothing_written(
        account: Account, bootstrap: Run, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))

    assert bootstrap() == 3

    assert (account.executed, account.change_sets) == ([], {})
    assert (root / "parameters/targets.toml").read_text() == TARGETS


def refused(run: Run, account: Account, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """The exit code and the line of a run that must not have made anything."""
    code = run("--yes", *arguments)
    line, = capsys.readouterr().err.splitlines()
    assert account.stacks == {}
    return code, line


def test_a_stack_that_the_roles_are_not_for_is_refused(
        account: Account, bootstrap: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "parameters/targets.toml").write_text(TARGETS.replace("tap-dev", "payments"))

    code, line = refused(bootstrap, account, capsys)

    assert code == 2
    assert line.startswith("tap: stack payments does not start with tap-, which the bootstrap stack's roles require")


def test_a_file_that_cannot_be_written_is_an_input_error(root: Path) -> None:
    # Whoever runs the tests may be root, whom no permission stops.
    settings = Settings(root, "dev", MAIN, access=lambda path, _mode: path.suffix != ".toml")

    with pytest.raises(InputError, match=r"^cannot write parameters/targets\.toml, which bootstrap updates"):
        settings.check()


def test_without_targets_there_is_nowhere_to_write(
        account: Account, bootstrap: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "parameters/targets.toml").unlink()

    assert refused(bootstrap, account, capsys) == (
        2, "tap: parameters/targets.toml cannot be read: No such file or directory")


@pytest.mark.parametrize(("text", "told"), [
    ('{"Parameters": }', "tap: parameters/dev.json:1:16: Expecting value"),
    ("[]", 'tap: parameters/dev.json must have this shape: {"Parameters": {}, "Tags": {}, "StackPolicy": {}}'),
    ("[" * 100_000, "tap: parameters/dev.json: it is nested too deeply")], ids=["broken", "list", "deep"])
def test_parameters_that_could_not_be_written_back_are_refused_before_anything_is_made(
        account: Account, bootstrap: Run, root: Path, capsys: pytest.CaptureFixture[str], text: str,
        told: str) -> None:
    (root / "parameters/dev.json").write_text(text)

    assert refused(bootstrap, account, capsys) == (2, told)


def test_what_a_link_leads_to_is_written_and_not_the_link(bootstrap: Run, root: Path) -> None:
    (root / "parameters/dev.json").rename(root / "shared.json")
    (root / "parameters/dev.json").symlink_to("../shared.json")

    assert bootstrap("--yes") == 0

    assert (root / "parameters/dev.json").is_symlink()
    assert BOUNDARY in (root / "shared.json").read_text()


def test_the_ends_of_lines_stay_as_they_are(bootstrap: Run, root: Path) -> None:
    (root / "parameters/targets.toml").write_bytes(TARGETS.replace("\n", "\r\n").encode())

    bootstrap("--yes")

    assert (root / "parameters/targets.toml").read_bytes() == (TARGETS + f'role_arn = "{ROLE}"\n').replace(
        "\n", "\r\n").encode()


def test_another_account_is_refused(
        account: Account, bootstrap: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "parameters/targets.toml").write_text(TARGETS + 'accounts = ["999999999999"]\n')

    code, line = refused(bootstrap, account, capsys)

    assert code == 4
    assert "the credentials belong to account 123456789012" in line


def test_a_subject_with_a_wildcard_is_refused(
        account: Account, bootstrap: Run, capsys: pytest.CaptureFixture[str]) -> None:
    code, line = refused(bootstrap, account, capsys, "--parameter", "GitHubSubjects=repo:payments/*:environment:dev")

    assert code == 2
    assert "without wildcards" in line


@pytest.mark.parametrize("given_name", [
    "payments", "payments/*", "https://github.com/payments/tap", "payments@1/tap", "payments/tap@1",
    "payments@x/tap@y"])
def test_what_is_no_repository_is_a_usage_error(
        account: Account, bootstrap: Run, capsys: pytest.CaptureFixture[str], given_name: str) -> None:
    assert bootstrap("--yes", "--github", given_name) == 2

    assert "Error: --github takes OWNER/NAME or OWNER@ID/NAME@ID, as in --github payments/tap; " in (
        capsys.readouterr().err)
    assert account.stacks == {}


def test_a_parameter_that_there_is_not_is_refused(
        account: Account, bootstrap: Run, capsys: pytest.CaptureFixture[str]) -> None:
    code, line = refused(bootstrap, account, capsys, "--parameter", "FailureMail=a@b.test")

    assert code == 2
    assert "FailureMail is not a parameter of the template: did you mean FailureEmail?" in line


def test_a_failed_creation_is_deleted_so_that_the_next_one_can_be_tried(account: Account, bootstrap: Run) -> None:
    bootstrap("--yes")

    request = [request for method, request in account.requests if method == "create_change_set"][-1]
    assert request["OnStackFailure"] == "DELETE"


def test_a_stuck_stack_is_not_sent_to_the_command_for_another_one(
        account: Account, bootstrap: Run, capsys: pytest.CaptureFixture[str]) -> None:
    account.add("bootstrap-tap", "UPDATE_ROLLBACK_FAILED")

    assert bootstrap("--yes") == 6

    err = capsys.readouterr().err
    assert "tap recover" not in err
    assert "aws cloudformation describe-stack-events --stack-name bootstrap-tap" in err


def test_files_keep_their_permissions(bootstrap: Run, root: Path) -> None:
    (root / "parameters/targets.toml").chmod(0o640)

    bootstrap("--yes")

    assert stat.S_IMODE((root / "parameters/targets.toml").stat().st_mode) == 0o640
    assert [path.name for path in (root / "parameters").iterdir() if path.name.startswith(".")] == []


def test_without_rights_it_is_one_line_and_nothing_is_written(
        account: Account, bootstrap: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    account.always["create_change_set"] = refusal("AccessDenied", "not you", operation="CreateChangeSet")

    assert bootstrap("--yes") == 1

    assert "tap: AWS does not allow CreateChangeSet: not you" in capsys.readouterr().err
    assert (root / "parameters/targets.toml").read_text() == TARGETS


def test_an_interruption_while_the_stack_is_protected_is_called_so(
        account: Account, bootstrap: Run, capsys: pytest.CaptureFixture[str]) -> None:
    account.faults["update_termination_protection"] = [("before", KeyboardInterrupt())]

    assert bootstrap("--yes") == 1

    assert "its protection is not set: interrupted. Run this command again" in capsys.readouterr().err


def test_credentials_that_expire_in_the_end_do_not_let_it_look_as_if_nothing_was_done(
        account: Account, bootstrap: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def expire() -> None:
        account.always["describe_stacks"] = refusal("ExpiredToken", "expired")
        account.always["get_caller_identity"] = refusal("ExpiredToken", "expired")

    account.hooks["update_termination_protection"] = expire

    assert bootstrap("--yes") == 1

    assert "the bootstrap stack is deployed, but its outputs cannot be read: AWS does" in capsys.readouterr().err
    account.always.clear()
    assert bootstrap("--yes") == 0
    assert ROLE in (root / "parameters/targets.toml").read_text()


def test_an_emulator_that_gives_no_outputs_is_told_of(
        account: Account, bootstrap: Run, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    del account.given["ExecutionRoleArn"]

    assert bootstrap("--yes") == 1

    assert "is deployed, but its outputs lack ExecutionRoleArn" in capsys.readouterr().err
    assert (root / "parameters/targets.toml").read_text() == TARGETS
