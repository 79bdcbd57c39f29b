"""A stack from before the index is updated to template.yaml: the table keeps its items, and they are listed."""

import secrets

import pytest

from conftest import BUILT
from deployed_stack import DeployedStack
from support import basic, bearer, record, request
from web import call

NEW_PATHS = ("/apikeys/{id}/jwt", "/apikeys/{id}/key", "/whoami/key")
OLD_ACTIONS = {
    "JwtFunction": ["dynamodb:PutItem"],
    "KeyFunction": ["dynamodb:GetItem", "dynamodb:PutItem"],
    "RotationFunction": ["dynamodb:GetItem", "dynamodb:PutItem"],
}


def before_the_index(template: dict) -> dict:
    """The template without the index, the routes and the permissions that came with it."""
    resources = template["Resources"]
    table = resources["ApiKeysTable"]["Properties"]
    del table["GlobalSecondaryIndexes"]
    table["AttributeDefinitions"] = [one for one in table["AttributeDefinitions"] if one["AttributeName"] == "key"]
    for path in NEW_PATHS:
        del resources["HttpApi"]["Properties"]["DefinitionBody"]["paths"][path]
    for function, actions in OLD_ACTIONS.items():
        [policy] = resources[f"{function}Role"]["Properties"]["Policies"]
        first, *others = policy["PolicyDocument"]["Statement"]
        first["Action"] = actions
        policy["PolicyDocument"]["Statement"] = [first, *(one for one in others if one.get("Sid") != "ListRecords")]
    return template


class OldStack(DeployedStack):
    """The stack from before the index, until `update` deploys template.yaml."""

    is_old = True

    def template(self) -> dict:
        template = super().template()
        return before_the_index(template) if self.is_old else template

    def update(self) -> None:
        self.is_old = False
        self.deploy()


@pytest.fixture(scope="module")
def old():
    with OldStack(BUILT, secrets.token_hex(32)) as deployed:
        yield deployed


@pytest.fixture(scope="module")
def keys(old):
    """Two keys from before the update."""
    parent = old.create_key("jwt", request(4), bearer(old))["apikey"]
    return parent, old.create_key("key", request(0), basic(parent))["apikey"]


@pytest.fixture(scope="module")
def updated(old, keys):
    table = old.outputs["TableName"]
    old.update()
    assert old.outputs["TableName"] == table, "the table is not replaced"
    return old


def indexes(stack):
    described = stack.client("dynamodb").describe_table(TableName=stack.outputs["TableName"])["Table"]
    return [(one["IndexName"], one["IndexStatus"]) for one in described.get("GlobalSecondaryIndexes", [])]


def test_without_the_index_only_the_list_fails(old, keys):
    assert indexes(old) == []
    answer = call("GET", f"{old.api}/apikeys/jwt", None, bearer(old))
    assert (answer.status, answer.json["error"]) == (500, "listApikeysFailed")
    assert old.create_key("key", request(0), basic(keys[0]))


def test_the_update_adds_the_index_and_keeps_the_items(updated, keys):
    assert indexes(updated) == [("byUser", "ACTIVE")]
    for key in keys:
        assert record(updated, key), key["key"]


def test_items_from_before_the_update_are_listed_read_and_revoked(updated, keys):
    parent, child = keys
    listed = call("GET", f"{updated.api}/apikeys/jwt?limit=100", None, bearer(updated)).json["apikeys"]
    assert {parent["key"], child["key"]} <= {one["key"] for one in listed}
    assert call("GET", f"{updated.api}/whoami/key", None, basic(child)).status == 200
    assert call("DELETE", f"{updated.api}/apikeys/{child['key']}/jwt?chain=true", None, bearer(updated)).status == 204
    assert [call("GET", f"{updated.api}/whoami/key", None, basic(key)).status for key in keys] == [403, 403]


def test_a_key_from_after_the_update_is_listed(updated):
    key = updated.create_key("jwt", request(0), bearer(updated))["apikey"]
    listed = call("GET", f"{updated.api}/apikeys/jwt", None, bearer(updated)).json["apikeys"]
    assert key["key"] in {one["key"] for one in listed}


def test_a_changed_variable_reaches_the_alias_and_a_changed_limit_publishes_nothing(updated):
    """Nobody names a ConfigRevision. The values of these parameters are too long for the description of a version."""
    changed = {"RoleLevels": '{"user": 2, "curator": 5}', "DeliveryPrefix": "other/"}
    variables = {
        "JwtFunction": ("ROLE_LEVELS", "RoleLevels"),
        "RotationFunction": ("DELIVERY_PREFIX", "DeliveryPrefix"),
    }
    before = {name: live(updated, name) for name in variables}
    updated.deploy(**changed)
    after = {name: live(updated, name) for name in variables}
    for name, (variable, parameter) in variables.items():
        assert after[name]["Environment"]["Variables"][variable] == changed[parameter]
        assert int(after[name]["Version"]) == int(before[name]["Version"]) + 1, name
    updated.deploy(ThrottlingRateLimit="30", SlowMilliseconds="900")
    assert {name: live(updated, name)["Version"] for name in variables} == {
        name: one["Version"] for name, one in after.items()
    }


def test_a_parameter_that_is_removed_has_its_default_again(updated):
    """`sam deploy` keeps the last value of a parameter that it does not get."""
    updated.deploy(RoleLevels='{"user": 3}')
    assert live(updated, "JwtFunction")["Environment"]["Variables"]["ROLE_LEVELS"] == '{"user": 3}'
    del updated.parameters["RoleLevels"]
    updated.deploy()
    assert "ROLE_LEVELS" not in live(updated, "JwtFunction")["Environment"]["Variables"]


def live(stack, function):
    """The configuration of the alias's version."""
    return stack.client("lambda").get_function_configuration(FunctionName=stack.outputs[f"{function}Arn"])
