"""The program behind `make deploy` and `make delete`; DeployedStack deploys with it too."""

import json
import re
import sys
from pathlib import Path

import pytest

from deployed_stack import STACK, STAGE
from emulator import REGION, REPOSITORY, Unavailable
from support import fresh

NOBODY = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.mark.parametrize("action", ["deploy", "delete"])
def test_the_account_and_the_region_are_shown_first(stack, action):
    shown = stack.stage(action, STAGE, CONFIRM=STACK).stderr.splitlines()
    account = stack.client("sts").get_caller_identity()["Account"]
    assert shown[0].startswith(f"Account {account}, region {REGION}, as arn:aws:"), shown


@pytest.mark.parametrize("action", ["deploy", "delete"])
def test_without_credentials_it_fails_with_one_line(stack, action):
    with pytest.raises(Unavailable) as failed:
        stack.stage(action, STAGE, CONFIRM=STACK, **NOBODY)
    [_, shown] = str(failed.value).splitlines()
    assert shown.startswith("no valid AWS credentials: sign in, or set AWS_PROFILE")


@pytest.mark.parametrize("action", ["deploy", "delete"])
@pytest.mark.parametrize("typed", ["another", "y"])
def test_another_name_confirms_nothing(stack, action, typed):
    with pytest.raises(Unavailable, match=f"CONFIRM is not the stack's name, {STACK}$"):
        stack.stage(action, STAGE, CONFIRM=typed)


def test_nothing_typed_confirms_no_deletion(stack):
    with pytest.raises(Unavailable, match=f"CONFIRM is not the stack's name, {STACK}$"):
        stack.stage("delete", STAGE)


def test_a_confirmed_deployment_asks_nothing(stack):
    stack.stage("deploy", STAGE, CONFIRM=STACK)
    ready = (stack.folder / ".aws-sam/deploy.toml").read_text(encoding="utf-8")
    assert "confirm_changeset = false" in ready and "ConfigRevision = " in ready


def test_the_address_for_the_smoke_is_the_api_s(stack):
    assert stack.stage("url", STAGE).stdout.strip() == stack.outputs["ApiUrl"]


def test_a_stage_that_the_template_refuses_is_refused_before_the_build(stack):
    config = stack.folder / "samconfig.toml"
    written = config.read_text(encoding="utf-8")
    for line, message in (
        ('JwtPublicKey = "pem"', "Set one of JwtSecretArn and JwtPublicKey, not both"),
        ('NoParameter = "1"', "no such parameters: {'NoParameter'}"),
        ('HostedZoneId = ""', "fill in or remove HostedZoneId"),
        (f"JwtSecret = {json.dumps('x' * 32)}", "must not contain JwtSecret"),
    ):
        config.write_text(f"{written}{line}\n", encoding="utf-8")
        try:
            with pytest.raises(Unavailable) as refused:
                stack.stage("deploy", STAGE)
        finally:
            config.write_text(written, encoding="utf-8")
        assert message in str(refused.value), line


def test_the_commands_of_samconfig_make_a_secret_and_a_topic(stack):
    config = (REPOSITORY / "samconfig.toml").read_text(encoding="utf-8")
    commands = "\n".join(re.findall(r"(?m)^#   (.*)$", config))
    called = f'aws() {{ "{sys.executable}" "{Path(__file__).with_name("aws_cli.py")}" "$@"; }}\n'
    shown = stack.run("bash", "-euo", "pipefail", "-c", called + commands).stdout
    secret, topic = shown.splitlines()[:2]
    parameters = stack.template()["Parameters"]
    assert re.fullmatch(parameters["JwtSecretArn"]["AllowedPattern"], secret), secret
    assert re.fullmatch(parameters["AlarmTopicArn"]["AllowedPattern"], topic), topic
    value = stack.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"]
    assert re.fullmatch(r"[A-Za-z0-9+/]{64}", value), "48 random bytes, without a newline"
    [subscribed] = stack.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (subscribed["Protocol"], subscribed["Endpoint"]) == ("email", "you@example.org")


@pytest.fixture(scope="module")
def deployer(stack):
    """The credentials of a user who has exactly docs/deployer-policy.json."""
    users, name = stack.client("iam"), fresh("deployer")
    policy = (REPOSITORY / "docs/deployer-policy.json").read_text(encoding="utf-8")
    users.create_user(UserName=name)
    users.put_user_policy(UserName=name, PolicyName="deployer", PolicyDocument=policy)
    key = users.create_access_key(UserName=name)["AccessKey"]
    return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}


def test_the_deployer_s_policy_is_enough_to_deploy_and_not_for_more(stack, deployer):
    """MiniStack asks the policy for the calls of `sam`, not for CloudFormation's, which check_deployer.py lists."""
    stack.parameters["SlowMilliseconds"] = "999"
    stack.write_stage()
    stack.stage("deploy", STAGE, **deployer)
    command = ("sam", "deploy", "--config-env", STAGE, "--config-file", stack.folder / ".aws-sam/deploy.toml")
    stack.run(*command, "--template-file", stack.folder / "template.json", **deployer)
    name = stack.physical("JwtDurationAlarm")
    [alarm] = stack.client("cloudwatch").describe_alarms(AlarmNames=[name])["MetricAlarms"]
    assert alarm["Threshold"] == 999
    assert stack.stage("url", STAGE, **deployer).stdout.strip() == stack.outputs["ApiUrl"]
    with pytest.raises(Unavailable, match=r"AccessDenied|not authorized"):
        stack.run(*command, "--template-file", stack.folder / "template.json", "--stack-name", "another", **deployer)
