"""Workarounds for all differences between MiniStack and AWS, except the settings in emulator.py.

`adapt` changes the built template before the deployment; `patch_server` changes the server before its start.
"""

import json


def adapt(template: dict) -> dict:
    """Changes the parts of the template that MiniStack would refuse or ignore."""
    resources = template["Resources"]
    for resource in resources.values():
        # MiniStack has no CodeDeploy: an alias switches to a new version immediately.
        resource.get("Properties", {}).pop("DeploymentPreference", None)
    # MiniStack keeps the parameter as text and compares it with a number. 2 is the parameter's default.
    resources["EventsQueueMapping"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] = 2
    return template


def resolve(document: dict, integration: dict) -> dict:
    """An integration, after resolving a reference."""
    if "$ref" not in integration:
        return integration
    node = document
    for part in integration["$ref"].removeprefix("#/").split("/"):
        node = node[part]
    return node


def import_document(api: str, document: dict, create) -> None:
    """Makes the authorizers, integrations and routes of an HTTP API's OpenAPI document."""
    authorizers = {}
    for name, scheme in document.get("components", {}).get("securitySchemes", {}).items():
        extension = scheme["x-amazon-apigateway-authorizer"]
        given = {key[0].upper() + key[1:]: value for key, value in extension.items() if key != "type"}
        given["AuthorizerType"] = extension["type"].upper()
        authorizers[name] = create("Authorizer", {**given, "Name": name, "ApiId": api})
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            integration = resolve(document, operation["x-amazon-apigateway-integration"])
            target = create(
                "Integration",
                {
                    "ApiId": api,
                    "IntegrationType": integration["type"].upper(),
                    "IntegrationMethod": integration["httpMethod"],
                    "IntegrationUri": integration["uri"],
                    "PayloadFormatVersion": integration["payloadFormatVersion"],
                },
            )
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            route = {"ApiId": api, "RouteKey": f"{verb} {path}", "Target": f"integrations/{target}"}
            for name in next(iter(operation.get("security", [])), {}):
                route |= {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizers[name]}
            create("Route", route)


def patch_server() -> None:
    """Corrects behaviour of the server that the functions or their events depend on."""
    from ministack.core.responses import error_response_json
    from ministack.services import apigateway, lambda_svc, secretsmanager, stepfunctions
    from ministack.services.cloudformation.provisioners import _RESOURCE_HANDLERS

    create_secret, get_secret_value = secretsmanager._create_secret, secretsmanager._get_secret_value
    invoke_asynchronously, invoke_for_task = lambda_svc.invoke_async_with_retry, stepfunctions._call_lambda

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

    def invoke_for_task_with_token(function, event):
        """MiniStack ignores the error of a function that a state with `.waitForTaskToken` invokes."""
        try:
            return invoke_for_task(function, event)
        except stepfunctions._ExecutionError as failed:
            waiting = stepfunctions._task_tokens.get(event.get("taskToken"))
            if waiting:
                waiting["error"] = {"Error": failed.error, "Cause": failed.cause}
                waiting["event"].set()
            raise

    api_handler = _RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create_api, update_api = api_handler["create"], api_handler["update"]

    def create_part(kind, properties):
        return _RESOURCE_HANDLERS[f"AWS::ApiGatewayV2::{kind}"]["create"](kind, properties, "")[0]

    def create_api_with_document(logical_id, properties, stack_name):
        """MiniStack ignores the OpenAPI document of an HTTP API."""
        api, attributes = create_api(logical_id, properties, stack_name)
        import_document(api, properties.get("Body", {}), create_part)
        return api, attributes

    def update_api_with_document(physical_id, old, new, stack_name, logical_id=None):
        api, attributes = update_api(physical_id, old, new, stack_name, logical_id)
        for parts in (apigateway._routes, apigateway._integrations, apigateway._authorizers):
            parts.get(api, {}).clear()
        import_document(api, new.get("Body", {}), create_part)
        return api, attributes

    api_handler |= {"create": create_api_with_document, "update": update_api_with_document}
    secretsmanager._create_secret = create_secret_with_token
    secretsmanager._get_secret_value = get_value_that_is_there
    lambda_svc.invoke_async_with_retry = invoke_with_config
    stepfunctions._call_lambda = invoke_for_task_with_token


def over_tls(app):
    """Marks every request as HTTPS, since the queues refuse requests without TLS and the server has none."""

    async def serve(scope, receive, send):
        headers = scope.get("headers", [])
        if scope["type"] == "http" and not any(name == b"x-forwarded-proto" for name, _ in headers):
            scope = {**scope, "headers": [*headers, (b"x-forwarded-proto", b"https")]}
        await app(scope, receive, send)

    return serve
