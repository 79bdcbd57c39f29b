"""Checks the resources that SAM makes from template.yaml; the linters check only the source."""

import json
import re
import sys

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
    REGION,
    TEMPLATE,
    TOPIC,
    Stack,
)

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
        shared = body["components"]["x-amazon-apigateway-integrations"]
        permissions = stack.of("AWS::Lambda::Permission")
        for path, name in PATHS.items():
            function = f"{name.title()}Function"
            for method, operation in body["paths"][path].items():
                integration = operation["x-amazon-apigateway-integration"]
                if "$ref" in integration:
                    assert integration == {"$ref": f"#/components/x-amazon-apigateway-integrations/{name}"}, path
                    integration = shared[name]
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


TABLE = [{"Fn::GetAtt": ["ApiKeysTable", "Arn"]}]
LISTED = [{"Fn::Sub": f"${{ApiKeysTable.Arn}}/index/{INDEX}"}]
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
}


def http_functions_have_only_the_permissions_they_need():
    jwt, key = TABLE_ACCESS["JwtFunction"], TABLE_ACCESS["KeyFunction"]
    for parameters in (PLAIN, {**EVERYTHING, **PLAIN, "JwtSecretArn": "", "JwtSecretKmsKeyArn": ""}):
        stack = Stack(parameters)
        assert stack.allowed("JwtFunction") == jwt, stack.allowed("JwtFunction")
        assert stack.allowed("KeyFunction") == key, stack.allowed("KeyFunction")
    stack = Stack(EVERYTHING)
    jwt = {
        **jwt,
        "secretsmanager:GetSecretValue": [ARN["JwtSecretArn"]],
        "kms:Decrypt": [KMS["JwtSecretKmsKeyArn"]],
    }
    assert stack.allowed("JwtFunction") == jwt, stack.allowed("JwtFunction")
    assert stack.allowed("KeyFunction") == key, stack.allowed("KeyFunction")
    assert "kms:Decrypt" not in Stack(ARN).allowed("JwtFunction")


def authorizers_have_only_the_permissions_they_need():
    secret = {"secretsmanager:GetSecretValue": [ARN["JwtSecretArn"]]}
    key = {"kms:Decrypt": [KMS["JwtSecretKmsKeyArn"]]}
    for parameters, jwt in ((PLAIN, {}), (ARN, secret), (KMS, {**secret, **key})):
        stack = Stack({**parameters, **AUTHORIZERS})
        assert stack.allowed("JwtAuthorizerFunction") == jwt, stack.allowed("JwtAuthorizerFunction")
        assert stack.allowed("KeyAuthorizerFunction") == TABLE_ACCESS["KeyAuthorizerFunction"]
        # IAM refuses a policy without a statement.
        assert all(one["PolicyDocument"]["Statement"] for one in stack.policies("JwtAuthorizerFunction"))


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
            assert "*" not in action and "*" not in resources, (function, action, resources)


def every_function_has_a_retained_log_group_with_a_retention():
    stack = Stack(EVERYTHING)
    functions = stack.of("AWS::Lambda::Function")
    assert len(functions) == 7, list(functions)
    groups = {name: properties["LoggingConfig"]["LogGroup"]["Ref"] for name, properties in functions.items()}
    assert len(set(groups.values())) == len(groups), groups
    for group in [*groups.values(), "HttpApiLogGroup"]:
        made = stack.resources[group]
        assert made["Properties"]["RetentionInDays"] == 365, group
        assert made["DeletionPolicy"] == "Retain", group
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
    assert set(stack.of("AWS::Lambda::Function")) == set(HTTP)
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
    assert len(alarms) == 24, sorted(alarms)


def every_failed_start_is_counted():
    stack = Stack(EVERYTHING)
    groups = {function["LoggingConfig"]["LogGroup"]["Ref"] for function in stack.of("AWS::Lambda::Function").values()}
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
    assert made == watched == {"JwtFaults", "KeyFaults", "StartFailures"}, (made, watched)


def only_a_gradual_deployment_watches_all_alarms():
    for name in ("Jwt", "Key", "JwtAuthorizer", "KeyAuthorizer"):
        failures = "Errors" if name.endswith("Authorizer") else "Faults"
        watched = {"AllAtOnce": {"NewVersion"}, "Canary10Percent5Minutes": {"NewVersion", failures, "StartFailures"}}
        for kind, expected in watched.items():
            stack = Stack({**PLAIN, "Authorizer": "both", "DeploymentType": kind})
            group = stack.of("AWS::CodeDeploy::DeploymentGroup")[f"{name}FunctionDeploymentGroup"]
            names = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
            own = {f"{name}{one}Alarm" for one in expected - {"StartFailures"}}
            assert names == own | ({"StartFailuresAlarm"} & {f"{one}Alarm" for one in expected}), names


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
    assert dimensions == [("endpoint", "outcomeClass")] and all((line[2], line[4]) in dimensions for line in shown), shown


def the_table_and_the_logs_are_retained():
    stack = Stack(EVERYTHING)
    for name, resource in stack.resources.items():
        # SAM retains a function's versions for rollbacks; they are deleted with the function.
        kept = resource["Type"] in ("AWS::DynamoDB::Table", "AWS::Logs::LogGroup", "AWS::Lambda::Version")
        assert (resource.get("DeletionPolicy") == "Retain") == kept, name


def tracing_is_active_only_if_requested():
    for given, expected in (
        ({}, {"Mode": "PassThrough"}),
        ({"Tracing": "Active"}, {"Mode": "Active"}),
        ({"Tracing": "Disabled"}, None),
    ):
        for name, function in Stack({**PLAIN, **given}).of("AWS::Lambda::Function").items():
            assert function.get("TracingConfig") == expected, name


CHECKS = [check for check in list(globals().values()) if getattr(check, "__module__", None) == __name__]


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
