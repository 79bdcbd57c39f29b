"""What MiniStack can't do of template.yaml, and what it gets in its place.

`adapt` changes the built template before it is deployed; it is the only difference from a deployment on AWS.
"""


def adapt(template: dict) -> dict:
    """Changes the template where MiniStack would refuse or overlook something."""
    resources = template["Resources"]
    for resource in resources.values():
        # MiniStack has no CodeDeploy: the alias moves to a new version at once.
        resource.get("Properties", {}).pop("DeploymentPreference", None)
    # It keeps a number as the text that a parameter is, and compares that with a number; this is the parameter's default.
    resources["EventsQueueMapping"]["Properties"]["ScalingConfig"]["MaximumConcurrency"] = 2
    # It reads no OpenAPI document of an HTTP API: each of its paths becomes a route and an integration.
    template["Conditions"]["HasNoCors"] = {"Fn::Not": [{"Condition": "HasCors"}]}
    resources.update(routes(resources["HttpApi"]["Properties"]["DefinitionBody"]))
    return template


def routes(document: dict) -> dict:
    """The routes and integrations of the API's OpenAPI document, each with the condition that it stands under."""
    found = {}
    for path, item in document["paths"].items():
        condition, with_cors, without = item["Fn::If"]
        for holds, methods in ((condition, with_cors), (f"HasNo{condition[3:]}", without)):
            for method, operation in methods.items():
                integration = resolve(document, operation["x-amazon-apigateway-integration"])
                verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
                name = "".join(part.capitalize() for part in (*path.strip("/").split("/"), verb))
                found |= route(f"{name}", holds, f"{verb} {path}", integration)
    return found


def resolve(document: dict, integration: dict) -> dict:
    """An integration, also where the document refers to it."""
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
