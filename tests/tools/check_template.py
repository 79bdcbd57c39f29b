"""Checks the resources that SAM makes from template.yaml; the linters check only the source."""

import contextlib
import io
import json
import os
import re
import sys
import types
from unittest.mock import patch

from stack import (
    ACCOUNT,
    ARN,
    AUTHORIZERS,
    CORS,
    DOMAIN,
    EVERYTHING,
    KMS,
    NEEDED,
    PLAIN,
    PSEUDO,
    REGION,
    SOURCES,
    TEMPLATE,
    TOPIC,
    Stack,
)
from stage import revision

HTTP = ("JwtFunction", "KeyFunction")
JWT = ("JwtFunction", "JwtEventsFunction", "JwtAuthorizerFunction")
# The paths of the API, each with the integration of its function.
PATHS = {
    "/apikeys/jwt": "jwt",
    "/apikeys/key": "key",
    "/apikeys/{id}/jwt": "jwt",
    "/apikeys/{id}/key": "key",
    "/whoami/key": "key",
}
INDEX = "byUser"


def cors_is_off_by_default():
    body = Stack(PLAIN).body()
    assert "x-amazon-apigateway-cors" not in body
    for path, methods in body["paths"].items():
        assert list(methods) == ["x-amazon-apigateway-any-method"], path


def cors_has_its_origins_and_api_gateway_answers_preflights():
    body = Stack({**PLAIN, **CORS}).body()
    cors = body["x-amazon-apigateway-cors"]
    assert cors["allowOrigins"] == ["https://example.org", "https://www.example.org"], cors
    assert cors["allowCredentials"] is False and cors["allowMethods"] == ["GET", "POST", "DELETE"], cors
    for path, methods in body["paths"].items():
        assert set(methods) == {"delete", "get", "head", "patch", "post", "put"}, (path, set(methods))


def the_api_has_exactly_the_paths_of_the_contract():
    assert set(Stack(PLAIN).body()["paths"]) == set(PATHS)


def each_path_invokes_its_function_and_has_permission():
    for parameters in (PLAIN, {**PLAIN, **CORS}):
        stack = Stack(parameters)
        body = stack.body()
        permissions = stack.of("AWS::Lambda::Permission")
        for path, name in PATHS.items():
            function = f"{name.title()}Function"
            for method, operation in body["paths"][path].items():
                integration = operation["x-amazon-apigateway-integration"]
                assert f"/${{{function}.Arn}}:live/" in json.dumps(integration["uri"]), (path, method)
                assert integration["payloadFormatVersion"] == "2.0", (path, method)
            permission = permissions[f"{name.title()}Permission"]
            assert permission["FunctionName"] == {"Ref": f"{function}Aliaslive"}, permission
            source = permission["SourceArn"]["Fn::Sub"]
            allowed = source.split("${HttpApi}")[1].split("/")[1:]
            # The stage, the method, and the path, whose last part is literal.
            assert allowed == ["*", "*", "*", name], source


def exactly_one_verification_key_is_accepted():
    keys = {"JwtSecretArn": ARN["JwtSecretArn"], "JwtPublicKey": "pem", "JwtSecret": "x" * 32}
    for chosen in range(8):
        given = {name: value for bit, (name, value) in enumerate(keys.items()) if chosen >> bit & 1}
        assert (len(given) == 1) == (not Stack({**NEEDED, **given}).refusals()), given
    assert Stack({**PLAIN, "JwtSecretKmsKeyArn": KMS["JwtSecretKmsKeyArn"]}).refusals()
    assert not Stack(KMS).refusals()


def a_domain_requires_all_its_parameters():
    assert not Stack({**PLAIN, **DOMAIN}).refusals()
    assert not Stack({**PLAIN, **DOMAIN, "HostedZoneId": ""}).refusals()
    for name in ("DomainName", "CertificateArn"):
        assert Stack({**PLAIN, **DOMAIN, name: ""}).refusals(), name
    assert Stack({**PLAIN, "HostedZoneId": "Z1"}).refusals()
    stack = Stack({**PLAIN, **DOMAIN})
    assert stack.outputs["JwtUrl"] == "https://api.example.org/apikeys/jwt", stack.outputs["JwtUrl"]
    assert not any("Domain" in name for name in Stack(PLAIN).resources)


def with_an_arn_no_environment_holds_a_secret():
    stack = Stack({**EVERYTHING, **ARN})
    for function in stack.of("AWS::Lambda::Function"):
        variables = stack.environment(function)
        assert not {"JWT_SECRET", "JWT_PUBLIC_KEY"} & variables.keys(), function
        assert ("JWT_SECRET_ARN" in variables) == (function in JWT), function
        assert ("JWT_PREVIOUS_SECONDS" in variables) == (function in JWT), function
    plain = Stack(PLAIN).environment("JwtFunction")
    assert not {"JWT_SECRET_ARN", "JWT_PREVIOUS_SECONDS"} & plain.keys() and "JWT_SECRET" in plain


TABLE_ARN = f"arn:aws:dynamodb:{REGION}:{ACCOUNT}:table/"
TABLE = [{"Fn::Sub": f"{TABLE_ARN}${{ApiKeysTable}}"}]
LISTED = [{"Fn::Sub": f"{TABLE_ARN}${{ApiKeysTable}}/index/{INDEX}"}]
# The operations of each function on the table. A transaction takes the permissions of its writes, and
# ConditionCheckItem for a check.
TABLE_ACCESS = {
    **dict.fromkeys(
        HTTP,
        {
            "dynamodb:GetItem": TABLE,
            "dynamodb:BatchGetItem": TABLE,
            "dynamodb:PutItem": TABLE,
            "dynamodb:UpdateItem": TABLE,
            "dynamodb:Query": LISTED,
        },
    ),
    "JwtAuthorizerFunction": {},
    "KeyAuthorizerFunction": {"dynamodb:GetItem": TABLE},
    "JwtEventsFunction": {"dynamodb:PutItem": TABLE},
    "KeyEventsFunction": {"dynamodb:GetItem": TABLE, "dynamodb:PutItem": TABLE},
    "RotationFunction": {
        "dynamodb:GetItem": TABLE,
        "dynamodb:ConditionCheckItem": TABLE,
        "dynamodb:PutItem": TABLE,
    },
    "NewVersionCheck": {},
}


def without_logs(stack: Stack, function: str) -> dict:
    """What a function may do besides logging and tracing."""
    return {
        action: on for action, on in stack.allowed(function).items() if action.split(":")[0] not in ("logs", "xray")
    }


def a_function_writes_only_its_own_log_and_traces_only_if_requested():
    for tracing in ("Active", "PassThrough", "Disabled"):
        stack = Stack({**EVERYTHING, "Tracing": tracing})
        for name, function in stack.of("AWS::Lambda::Function").items():
            found = {action: on for action, on in stack.allowed(name).items() if action.startswith(("logs:", "xray:"))}
            group = [{"Fn::GetAtt": [function["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}]
            expected = {"logs:CreateLogStream": group, "logs:PutLogEvents": group}
            if tracing != "Disabled" and name != "NewVersionCheck":
                expected |= {"xray:PutTraceSegments": ["*"], "xray:PutTelemetryRecords": ["*"]}
            assert found == expected, (tracing, name, found)


def every_role_is_written_out_and_has_the_permissions_boundary():
    stack = Stack(EVERYTHING)
    roles = stack.of("AWS::IAM::Role")
    functions = stack.of("AWS::Lambda::Function")
    assert set(roles) == {f"{name}Role" for name in functions} | {"CodeDeployServiceRole"}, set(roles)
    for name, role in roles.items():
        assert role["PermissionsBoundary"] == EVERYTHING["PermissionsBoundary"], name
        assert ("ManagedPolicyArns" in role) == (name == "CodeDeployServiceRole"), name
    for name, function in functions.items():
        assert function["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}, name
    assert not any("PermissionsBoundary" in role for role in Stack(PLAIN).of("AWS::IAM::Role").values())


def http_functions_have_only_the_permissions_they_need():
    jwt, key = TABLE_ACCESS["JwtFunction"], TABLE_ACCESS["KeyFunction"]
    for parameters in (PLAIN, {**EVERYTHING, **PLAIN, "JwtSecretArn": "", "JwtSecretKmsKeyArn": ""}):
        stack = Stack(parameters)
        assert without_logs(stack, "JwtFunction") == jwt, stack.allowed("JwtFunction")
        assert without_logs(stack, "KeyFunction") == key, stack.allowed("KeyFunction")
    stack = Stack(EVERYTHING)
    jwt = {
        **jwt,
        "secretsmanager:GetSecretValue": [ARN["JwtSecretArn"]],
        "kms:Decrypt": [KMS["JwtSecretKmsKeyArn"]],
    }
    assert without_logs(stack, "JwtFunction") == jwt, stack.allowed("JwtFunction")
    assert without_logs(stack, "KeyFunction") == key, stack.allowed("KeyFunction")
    assert "kms:Decrypt" not in Stack(ARN).allowed("JwtFunction")


def authorizers_have_only_the_permissions_they_need():
    secret = {"secretsmanager:GetSecretValue": [ARN["JwtSecretArn"]]}
    key = {"kms:Decrypt": [KMS["JwtSecretKmsKeyArn"]]}
    for parameters, jwt in ((PLAIN, {}), (ARN, secret), (KMS, {**secret, **key})):
        stack = Stack({**parameters, **AUTHORIZERS})
        assert without_logs(stack, "JwtAuthorizerFunction") == jwt, stack.allowed("JwtAuthorizerFunction")
        assert without_logs(stack, "KeyAuthorizerFunction") == TABLE_ACCESS["KeyAuthorizerFunction"]


def only_the_authorizers_of_this_account_s_apis_may_invoke_an_authorizer():
    permissions = Stack(EVERYTHING).of("AWS::Lambda::Permission")
    for name in ("Jwt", "Key"):
        function = f"{name}AuthorizerFunction"
        found = [one for one in permissions.values() if function in json.dumps(one["FunctionName"])]
        assert found == [
            {
                "FunctionName": {"Ref": f"{function}Aliaslive"},
                "Action": "lambda:InvokeFunction",
                "Principal": "apigateway.amazonaws.com",
                "SourceArn": f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/authorizers/*",
            }
        ], found


def an_authorizer_is_made_only_if_requested():
    both = {"JwtAuthorizer", "KeyAuthorizer"}
    for value, expected in (("none", set()), ("jwt", {"JwtAuthorizer"}), ("key", {"KeyAuthorizer"}), ("both", both)):
        stack = Stack({**PLAIN, "Authorizer": value})
        named = {match[0] for name in stack.resources if (match := re.match("(Jwt|Key)Authorizer", name))}
        assert named == expected, (value, named)
        assert {name for name in stack.outputs if "Authorizer" in name} == {f"{name}Arn" for name in expected}, value


def authorizers_get_their_settings_and_a_new_version_for_each():
    changed = {"AuthorizerMinLevel": "7", "AuthorizerResponse": "policy"}
    for name in ("Jwt", "Key"):
        plain, other = (Stack({**PLAIN, "Authorizer": "both", **given}) for given in ({}, changed))
        variables = other.environment(f"{name}AuthorizerFunction")
        assert (variables["AUTHORIZER_MIN_LEVEL"], variables["AUTHORIZER_RESPONSE"]) == ("7", "policy"), variables
        # SAM publishes a version only if a text in the version's properties changes.
        one, two = (stack.version(f"{name}AuthorizerFunction")["Description"] for stack in (plain, other))
        assert one.replace("0 simple", "7 policy") == two != one, (one, two)
    assert Stack({**PLAIN, "Authorizer": "jwt"}).environment("JwtAuthorizerFunction")["WARM_CONNECTION"] == "false"


def each_function_has_exactly_its_operations_on_the_table():
    stack = Stack(EVERYTHING)
    assert set(TABLE_ACCESS) == set(stack.of("AWS::Lambda::Function"))
    for function, expected in TABLE_ACCESS.items():
        allowed = {action: on for action, on in stack.allowed(function).items() if action.startswith("dynamodb:")}
        assert allowed == expected, (function, allowed)
        assert all(one["Effect"] == "Allow" for one in stack.statements(function)), function


def the_index_has_what_a_list_shows():
    [table] = Stack(PLAIN).of("AWS::DynamoDB::Table").values()
    types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
    assert types == {"key": "S", "userId": "N", "createdAt": "N"}, types
    [index] = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == INDEX and [(one["AttributeName"], one["KeyType"]) for one in index["KeySchema"]] == [
        ("userId", "HASH"),
        ("createdAt", "RANGE"),
    ], index
    source = (TEMPLATE.parent / "shared/src/outbound/dynamodb/list.rs").read_text(encoding="utf-8")
    assert f'const INDEX: &str = "{INDEX}";' in source
    # A projection can't be changed later: CloudFormation would need another index. No hash is in it.
    assert index["Projection"] == {
        "ProjectionType": "INCLUDE",
        "NonKeyAttributes": ["name", "level", "expiresAt", "createdBy", "chain", "revokedAt"],
    }, index["Projection"]


def no_policy_has_a_wildcard():
    stack = Stack(EVERYTHING)
    for function in stack.of("AWS::Lambda::Function"):
        for action, resources in stack.allowed(function).items():
            assert "*" not in action, (function, action)
            # X-Ray has no resources.
            assert "*" not in resources or action.startswith("xray:"), (function, action, resources)


def every_function_has_a_retained_log_group_with_a_retention():
    stack = Stack(EVERYTHING)
    functions = stack.of("AWS::Lambda::Function")
    assert len(functions) == 8, list(functions)
    groups = {name: properties["LoggingConfig"]["LogGroup"]["Ref"] for name, properties in functions.items()}
    assert len(set(groups.values())) == len(groups), groups
    for group in [*groups.values(), "HttpApiLogGroup"]:
        made = stack.resources[group]
        assert made["Properties"]["RetentionInDays"] == 365, group
        assert made["DeletionPolicy"] == "RetainExceptOnCreate", group
    for properties in functions.values():
        assert properties["LoggingConfig"]["LogFormat"] == "JSON", properties["LoggingConfig"]


def access_logs_hold_no_credential():
    [stage] = Stack(PLAIN).of("AWS::ApiGatewayV2::Stage").values()
    fields = set(re.findall(r"\$context\.([A-Za-z.]+)", stage["AccessLogSettings"]["Format"]))
    assert fields == {
        "requestId",
        "requestTimeEpoch",
        "routeKey",
        "status",
        "identity.sourceIp",
        "responseLatency",
        "integration.status",
        "error.message",
    }, fields
    assert stage["DefaultRouteSettings"] == {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}


def sources_and_paid_features_are_off_by_default():
    stack = Stack(PLAIN)
    assert set(stack.of("AWS::Lambda::Function")) == {*HTTP, "NewVersionCheck"}
    for kind in (
        "AWS::Events::Rule",
        "AWS::SNS::Subscription",
        "AWS::SQS::Queue",
        "AWS::Lambda::EventSourceMapping",
        "AWS::CloudWatch::Dashboard",
        "AWS::ApiGatewayV2::DomainName",
        "AWS::Route53::RecordSet",
    ):
        assert not stack.of(kind), kind
    assert "secretsmanager" not in json.dumps(stack.resources)
    for function in stack.of("AWS::Lambda::Function").values():
        assert "ReservedConcurrentExecutions" not in function


def every_alarm_notifies_the_topic():
    for parameters, actions in ((EVERYTHING, [TOPIC]), ({**EVERYTHING, "AlarmTopicArn": ""}, None)):
        alarms = Stack(parameters).of("AWS::CloudWatch::Alarm")
        for name, alarm in alarms.items():
            assert alarm.get("AlarmActions") == actions, name
    assert len(alarms) == 22, sorted(alarms)


def every_failed_start_is_counted():
    stack = Stack(EVERYTHING)
    functions = stack.of("AWS::Lambda::Function").items()
    groups = {one["LoggingConfig"]["LogGroup"]["Ref"] for name, one in functions if name != "NewVersionCheck"}
    filters = stack.of("AWS::Logs::MetricFilter").values()
    starts = [one for one in filters if one["MetricTransformations"][0]["MetricName"] == "StartFailures"]
    counted = {one["LogGroupName"]["Ref"] for one in starts}
    assert counted == groups, counted
    for one in filters:
        [metric] = one["MetricTransformations"]
        assert metric["MetricNamespace"] == "ApiKeys/stack" and "DefaultValue" not in metric, metric


def every_metric_has_an_alarm_and_every_alarm_a_metric():
    stack = Stack(EVERYTHING)
    namespace = "ApiKeys/stack"
    made = {one["MetricTransformations"][0]["MetricName"] for one in stack.of("AWS::Logs::MetricFilter").values()}
    alarms = stack.of("AWS::CloudWatch::Alarm").values()
    watched = {alarm["MetricName"] for alarm in alarms if alarm["Namespace"] == namespace}
    faults = {f"{name}{kind}Faults" for name in ("Jwt", "Key") for kind in ("", "Authorizer", "Events")}
    assert made == watched == faults | {"StartFailures"}, (made, watched)


def no_refused_request_sets_off_an_alarm_or_rolls_back():
    """Lambda's metric Errors counts refused events too; only a refused step of a rotation ends something."""
    alarms = Stack(EVERYTHING).of("AWS::CloudWatch::Alarm")
    assert {name for name, one in alarms.items() if one["MetricName"] == "Errors"} == {"RotationErrorsAlarm"}


def lost_and_throttled_events_have_an_alarm():
    alarms = Stack(EVERYTHING).of("AWS::CloudWatch::Alarm")
    for name in ("JwtEvents", "KeyEvents"):
        for alarm, metric in (("Lost", "DestinationDeliveryFailures"), ("Throttles", "Throttles")):
            found = alarms[f"{name}{alarm}Alarm"]
            assert (found["Namespace"], found["MetricName"]) == ("AWS/Lambda", metric), found
            assert found["Dimensions"][0] == {"Name": "FunctionName", "Value": {"Ref": f"{name}Function"}}, found


def only_a_gradual_deployment_watches_alarms_and_every_one_has_the_check():
    for kind in ("AllAtOnce", "Canary10Percent5Minutes"):
        stack = Stack({**PLAIN, "Authorizer": "both", "DeploymentType": kind})
        for name in ("Jwt", "Key", "JwtAuthorizer", "KeyAuthorizer"):
            group = stack.of("AWS::CodeDeploy::DeploymentGroup")[f"{name}FunctionDeploymentGroup"]
            names = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"].get("Alarms", [])}
            assert names == (set() if kind == "AllAtOnce" else {f"{name}FaultsAlarm", "StartFailuresAlarm"}), names
            policy = stack.resources[f"{name}FunctionAliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
            assert policy["BeforeAllowTrafficHook"] == {"Ref": "NewVersionCheck"}, policy


class Answers:
    """Both clients of NewVersionCheck: what the new versions answer, and the verdict."""

    class exceptions:  # noqa: N801 - boto3's name
        class ClientError(Exception):
            def __init__(self, code: str):
                self.response = {"Error": {"Code": code}}

    def __init__(self, answers: dict):
        self.answers, self.asked, self.verdicts = answers, [], []

    def invoke(self, FunctionName: str, Payload: str) -> dict:  # noqa: N803
        self.asked.append((FunctionName, json.loads(Payload)))
        answer = self.answers[FunctionName]
        if isinstance(answer, Exception):
            raise answer
        return {"Payload": io.StringIO(json.dumps(answer))}

    def put_lifecycle_event_hook_execution_status(self, **verdict):
        self.verdicts.append(verdict)


def verdict_of(answers: dict, reserved: str = "") -> Answers:
    """Runs the code of NewVersionCheck for versions that answer so, with this ReservedConcurrency."""
    clients = Answers(answers)
    boto3 = types.ModuleType("boto3")
    boto3.client = lambda service: clients
    code = Stack(PLAIN).of("AWS::Lambda::Function")["NewVersionCheck"]["Code"]["ZipFile"]
    variables = {"JWT": "jwt1 jwt2", "KEY": "key1", "RESERVED": reserved}
    with patch.dict(sys.modules, {"boto3": boto3}), patch.dict(os.environ, variables), patch("time.sleep"):
        made = {}
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(code, "NewVersionCheck", "exec"), made)  # noqa: S102 - our own template
            made["check"]({"DeploymentId": "d-1", "LifecycleEventHookExecutionId": "e-1"}, None)
    return clients


def a_new_version_that_does_not_answer_403_gets_no_traffic():
    refused = {"statusCode": 403}
    fine = {"jwt1": refused, "jwt2": refused, "key1": refused}
    throttled = Answers.exceptions.ClientError("TooManyRequestsException")
    for changed, reserved, status in (
        ({}, "", "Succeeded"),
        ({}, "5", "Succeeded"),
        ({"jwt2": throttled}, "0", "Succeeded"),
        ({"jwt2": throttled}, "", "Failed"),
        ({"jwt2": throttled}, "10", "Failed"),
        ({"jwt2": {"statusCode": 500}}, "", "Failed"),
        ({"jwt2": {"statusCode": 500}}, "0", "Failed"),
        ({"key1": {"errorType": "Runtime.ExitError", "errorMessage": "exit status 1"}}, "", "Failed"),
        ({"jwt1": Answers.exceptions.ClientError("AccessDeniedException")}, "", "Failed"),
        ({"jwt1": TimeoutError("no answer")}, "", "Failed"),
    ):
        clients = verdict_of({**fine, **changed}, reserved)
        expected = {"deploymentId": "d-1", "lifecycleEventHookExecutionId": "e-1", "status": status}
        assert clients.verdicts == [expected], (changed, clients.verdicts)
        if status == "Succeeded":
            assert {version for version, _ in clients.asked} == set(fine), clients.asked


def the_check_asks_every_version_with_a_deployment_group():
    stack = Stack(EVERYTHING)
    variables = stack.environment("NewVersionCheck")
    asked = {ref["Ref"] for name in ("JWT", "KEY") for ref in variables[name]["Fn::Join"][1]}
    groups = {name.removesuffix("DeploymentGroup") for name in stack.of("AWS::CodeDeploy::DeploymentGroup")}
    versions = stack.of("AWS::Lambda::Version")
    assert asked == {name for name, one in versions.items() if one["FunctionName"]["Ref"] in groups}, asked
    invoked = {one["Fn::Sub"] for one in stack.allowed("NewVersionCheck")["lambda:InvokeFunction"][0]}
    assert invoked == {f"${{{name}.Arn}}:*" for name in groups}, invoked


def an_existing_table_replaces_the_stack_s_table():
    existing = Stack({**EVERYTHING, "ExistingTableName": "restored"})
    own = Stack(EVERYTHING)
    assert own.outputs["TableName"] == {"Ref": "ApiKeysTable"} and existing.outputs["TableName"] == "restored"
    assert not existing.of("AWS::DynamoDB::Table") and "ApiKeysTable" not in json.dumps(existing.resources)
    for function in existing.of("AWS::Lambda::Function"):
        if function != "NewVersionCheck":
            assert existing.environment(function)["TABLE_NAME"] == "restored", function
        tables = {action: on for action, on in existing.allowed(function).items() if action.startswith("dynamodb:")}
        expected = {
            action: [one["Fn::Sub"].replace("${ApiKeysTable}", "restored") for one in on]
            for action, on in TABLE_ACCESS[function].items()
        }
        assert tables == expected, (function, tables)


def a_domain_of_its_own_is_the_api_s_only_address():
    for given, expected in (({}, False), (DOMAIN, True)):
        [server] = Stack({**PLAIN, **given}).body()["servers"]
        endpoint = server["x-amazon-apigateway-endpoint-configuration"]
        assert endpoint == {"disableExecuteApiEndpoint": expected}, endpoint


def every_variable_of_a_function_is_in_the_revision():
    """`make deploy` publishes a version for a changed variable, and for nothing that the functions do not see."""
    long = {
        "JwtSecretArn": f"{ARN['JwtSecretArn'][:-1]}x",
        "RoleLevels": "{}",
        "DeliveryPrefix": "other/",
        "ProvisionerSecretArn": f"{EVERYTHING['ProvisionerSecretArn'][:-1]}x",
        "ExistingTableName": "restored",
        "JwtUserClaim": "sub",
        "JwtRoleClaim": "role",
        "ConfigRevision": "2",
    }
    before = revision(Stack(EVERYTHING))
    for name, value in long.items():
        assert revision(Stack({**EVERYTHING, name: value})) != before, name
    pem = {**NEEDED, "JwtPublicKey": "one"}
    revisions = {revision(Stack({**pem, **one})) for one in ({}, {"JwtPublicKey": "two"}, {"JwtPublicKeyNext": "two"})}
    assert len(revisions) == 3, revisions
    for name, value in {"ThrottlingRateLimit": "1", "ReservedConcurrency": "0", "DeploymentType": "AllAtOnce"}.items():
        assert revision(Stack({**EVERYTHING, name: value})) == before, name


def the_dashboard_s_address_is_right_in_each_partition():
    for partition, console in (
        ("aws", "us-east-1.console.aws.amazon.com"),
        ("aws-cn", "us-east-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-east-1.console.amazonaws-us-gov.com"),
        ("aws-iso", None),
    ):
        with patch.dict(PSEUDO, {"AWS::Partition": partition}):
            url = Stack(EVERYTHING).outputs.get("DashboardUrl")
        assert url is None if console is None else url["Fn::Sub"].startswith(f"https://{console}/cloudwatch/"), url


def the_jwt_functions_get_the_names_of_claims_and_both_public_keys():
    given = {"JwtPublicKey": "one", "JwtPublicKeyNext": "two", "JwtUserClaim": "sub", "JwtRoleClaim": "role"}
    variables = ("JWT_PUBLIC_KEY", "JWT_PUBLIC_KEY_NEXT", "JWT_USER_CLAIM", "JWT_ROLE_CLAIM")
    expected = dict(zip(variables, given.values()))
    stack = Stack({**NEEDED, **given, **SOURCES, **AUTHORIZERS})
    assert not stack.refusals()
    for function in stack.of("AWS::Lambda::Function"):
        found = {name: value for name, value in stack.environment(function).items() if name in expected}
        assert found == (expected if function in JWT else {}), (function, found)
    assert not expected.keys() & Stack(PLAIN).environment("JwtFunction").keys()
    assert Stack({**PLAIN, "JwtPublicKeyNext": "two"}).refusals() == ["JwtPublicKeyNext requires JwtPublicKey"]


def a_version_s_description_fits():
    longest = {name: "x" * 80 for name in ("JwtIssuer", "JwtAudience")}
    longest |= {"ConfigRevision": "x" * 32, "MemorySize": "10240", "LogLevel": "DEBUG", "Tracing": "PassThrough"}
    longest |= {"MaxExpiresIn": "3153600000", "JwtPreviousSeconds": "999999999", "AllowPlaintextResult": "false"}
    stack = Stack({**EVERYTHING, **longest})
    versions = stack.of("AWS::Lambda::Version")
    assert len(versions) == 7, list(versions)
    for name, version in versions.items():
        description = version["Description"]
        assert isinstance(description, str) and len(description) <= 256, (name, description)
        assert description.startswith("x" * 32), (name, description)


def the_dashboard_is_json_and_shows_existing_resources():
    stack = Stack(EVERYTHING)
    [dashboard] = stack.of("AWS::CloudWatch::Dashboard").values()
    text = dashboard["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(text)["widgets"]
    assert len(widgets) == 10, len(widgets)
    for name in re.findall(r"\$\{([A-Za-z0-9]+)(?:\.Arn)?\}", text):
        assert name in stack.resources, name
    for y in {one["y"] for one in widgets}:
        assert sum(one["width"] for one in widgets if one["y"] == y) == 24, y
    # The metrics of the log lines, read from the functions' source.
    source = (TEMPLATE.parent / "shared/src/platform/log/metrics.rs").read_text(encoding="utf-8")
    written = set(re.findall(r'Metric \{ name: "(\w+)"', source))
    shown = [line for one in widgets for line in one["properties"].get("metrics", []) if line[0] == "ApiKeys"]
    assert written == {line[1] for line in shown}, written
    dimensions = re.findall(r'dimensions: \[\["(\w+)", "(\w+)"\]\]', source)
    assert dimensions == [("endpoint", "outcomeClass")]
    assert all((line[2], line[4]) in dimensions for line in shown), shown


def the_table_and_the_logs_are_retained():
    stack = Stack(EVERYTHING)
    for name, resource in stack.resources.items():
        # SAM retains a function's versions for rollbacks; they are deleted with the function.
        kept = {"AWS::DynamoDB::Table": "Retain", "AWS::Lambda::Version": "Retain"}
        kept["AWS::Logs::LogGroup"] = "RetainExceptOnCreate"  # a failed creation leaves no log group
        expected = kept.get(resource["Type"], "Delete")
        assert resource.get("DeletionPolicy", "Delete") == expected, name


def tracing_is_active_only_if_requested():
    for given, expected in (
        ({}, {"Mode": "PassThrough"}),
        ({"Tracing": "Active"}, {"Mode": "Active"}),
        ({"Tracing": "Disabled"}, None),
    ):
        for name, function in Stack({**PLAIN, **given}).of("AWS::Lambda::Function").items():
            assert function.get("TracingConfig") == (None if name == "NewVersionCheck" else expected), name


CHECKS = [
    check
    for check in list(globals().values())
    if isinstance(check, types.FunctionType) and check.__module__ == __name__ and not check.__code__.co_argcount
]


def main() -> int:
    """Runs every check and prints the failures."""
    failed = 0
    for check in CHECKS:
        try:
            check()
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            failed += 1
            print(f"FAILED  {check.__name__.replace('_', ' ')}: {type(error).__name__}: {error}")
    print(f"template.yaml: {len(CHECKS) - failed} of {len(CHECKS)} checks passed")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
