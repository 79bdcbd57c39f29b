"""Workarounds for all differences between MiniStack and AWS, except the settings in emulator.py.

`adapt` changes the built template before the deployment; `patch_server` changes the server before its start.
"""

import json
import re


def adapt(template: dict) -> dict:
    """Changes the parts of the template that MiniStack would refuse or ignore."""
    resources = template["Resources"]
    for resource in resources.values():
        # MiniStack has no CodeDeploy: an alias switches to a new version immediately.
        resource.get("Properties", {}).pop("DeploymentPreference", None)
    # MiniStack keeps the parameter as text and compares it with a number. 2 is the parameter's default.
    resources["EventsQueueMapping"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] = 2
    # MiniStack ignores the OpenAPI document of an HTTP API, so each path becomes a route and an integration.
    template["Conditions"]["HasNoCors"] = {"Fn::Not": [{"Condition": "HasCors"}]}
    resources.update(routes(resources["HttpApi"]["Properties"]["DefinitionBody"]))
    return template


def routes(document: dict) -> dict:
    """The routes and integrations of the API's OpenAPI document, each with its condition."""
    found = {}
    for path, item in document["paths"].items():
        condition, with_cors, without = item["Fn::If"]
        for holds, methods in ((condition, with_cors), (f"HasNo{condition[3:]}", without)):
            for method, operation in methods.items():
                integration = resolve(document, operation["x-amazon-apigateway-integration"])
                verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                name = "".join(re.findall("[A-Za-z]+", f"{path}/{verb}".title()))
                found |= route(name, holds, f"{verb} {path}", integration)
    return found


def resolve(document: dict, integration: dict) -> dict:
    """An integration, after resolving a reference."""
    if "$ref" not in integration:
        return integration
    node = document
    for part in integration["$ref"].removeprefix("#/").split("/"):
        node = node[part]
    return node


def route(name: str, condition: str, key: str, integration: dict) -> dict:
    """A route and its integration, as resources."""
    api = {"Ref": "HttpApi"}
    return {
        f"{name}Integration": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Condition": condition,
            "Properties": {
                "ApiId": api,
                "IntegrationType": integration["type"].upper(),
                "IntegrationMethod": integration["httpMethod"],
                "IntegrationUri": integration["uri"],
                "PayloadFormatVersion": integration["payloadFormatVersion"],
            },
        },
        f"{name}Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Condition": condition,
            "Properties": {
                "ApiId": api,
                "RouteKey": key,
                "Target": {"Fn::Join": ["/", ["integrations", {"Ref": f"{name}Integration"}]]},
            },
        },
    }


def patch_server() -> None:
    """Corrects behaviour of the server that the functions or their events depend on."""
    from ministack.core.responses import error_response_json
    from ministack.services import lambda_svc, secretsmanager

    create_secret, get_secret_value = secretsmanager._create_secret, secretsmanager._get_secret_value
    invoke_asynchronously = lambda_svc.invoke_async_with_retry

    def create_secret_with_token(data):
        """MiniStack ignores ClientRequestToken. On AWS, it is the first version's id, which a repeated event uses."""
        status, headers, body = create_secret(data)
        token = data.get("ClientRequestToken")
        if status == 200 and token:
            secret = secretsmanager._secrets[data["Name"]]
            [version] = secret["Versions"].values()
            secret["Versions"] = {token: version}
            body = json.dumps({**json.loads(body), "VersionId": token}).encode()
        return status, headers, body

    def get_value_that_is_there(data):
        """MiniStack returns a staged version without a value; AWS answers ResourceNotFoundException."""
        status, headers, body = get_secret_value(data)
        if status == 200 and not {"SecretString", "SecretBinary"} & json.loads(body).keys():
            return error_response_json("ResourceNotFoundException", "There is no such value.", 400)
        return status, headers, body

    def invoke_with_config(function, event):
        """MiniStack ignores the EventInvokeConfig of an invoked alias."""
        configs = lambda_svc._functions[function["config"]["FunctionName"]]["event_invoke_configs"]
        invoke_asynchronously({**function, "event_invoke_config": next(iter(configs.values()), None)}, event)

    secretsmanager._create_secret = create_secret_with_token
    secretsmanager._get_secret_value = get_value_that_is_there
    lambda_svc.invoke_async_with_retry = invoke_with_config


def over_tls(app):
    """Marks every request as HTTPS, since the queues refuse requests without TLS and the server has none."""

    async def serve(scope, receive, send):
        headers = scope.get("headers", [])
        if scope["type"] == "http" and not any(name == b"x-forwarded-proto" for name, _ in headers):
            scope = {**scope, "headers": [*headers, (b"x-forwarded-proto", b"https")]}
        await app(scope, receive, send)

    return serve
