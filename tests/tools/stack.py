"""The stack of template.yaml: transformed by SAM, with conditions evaluated for given parameters."""

import json
import logging
import os
import re
from pathlib import Path
from unittest.mock import patch

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

logging.disable(logging.WARNING)  # SAM's translator logs a lot

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
ACCOUNT, REGION = "123456789012", "us-east-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "stack",
    "AWS::URLSuffix": "amazonaws.com",
}
NO_VALUE = object()

NEEDED = {"JwtIssuer": "issuer", "JwtAudience": "audience"}
PLAIN = {**NEEDED, "JwtSecret": "x" * 32}
ARN = {**NEEDED, "JwtSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:token-AbCdEf"}
KMS = {**ARN, "JwtSecretKmsKeyArn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"}
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:topic"
SOURCES = {
    "DirectFunction": "both",
    "EventBridgeFunction": "jwt",
    "EventBridgeSource": "my.shop",
    "QueueFunction": "key",
    "TopicFunction": "key",
    "TopicArn": TOPIC,
    "Rotation": "true",
    "ProvisionerSecretArn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:provisioner-AbCdEf",
}
AUTHORIZERS = {"Authorizer": "both", "AuthorizerMinLevel": "4", "AuthorizerResponse": "policy"}
DOMAIN = {
    "DomainName": "api.example.org",
    "CertificateArn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1",
    "HostedZoneId": "Z0123456789",
}
CORS = {"CorsOrigins": "https://example.org,https://www.example.org"}
EVERYTHING = {
    **KMS,
    **SOURCES,
    **AUTHORIZERS,
    **DOMAIN,
    **CORS,
    "AlarmTopicArn": TOPIC,
    "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/boundary",
    "Dashboard": "true",
    "ReservedConcurrency": "5",
    "EventsReservedConcurrency": "5",
}


class Stack:
    """The resources and outputs of a deployment with these parameters."""

    def __init__(self, parameters: dict):
        source = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
        self.defaults = {name: spec["Default"] for name, spec in source["Parameters"].items() if "Default" in spec}
        self.parameters = dict.fromkeys(source["Parameters"], "") | self.defaults
        unknown = parameters.keys() - self.parameters.keys()
        assert not unknown, f"no such parameters: {unknown}"
        self.parameters.update(parameters)
        for name, spec in source["Parameters"].items():
            if spec["Type"] == "CommaDelimitedList":
                self.parameters[name] = self.parameters[name].split(",")
        source["Globals"]["Function"]["CodeUri"] = "s3://bucket/key"
        source = json.loads(json.dumps(source))  # as CloudFormation gets it: an alias of YAML is a copy
        with patch.dict(os.environ, {"AWS_DEFAULT_REGION": REGION}):
            made = json.loads(json.dumps(transform(source, dict(parameters), _NoManagedPolicies())))
        self.conditions = made["Conditions"]
        self.rules = made["Rules"]
        self.resources = {
            name: self.value(resource)
            for name, resource in made["Resources"].items()
            if "Condition" not in resource or self.holds(resource["Condition"])
        }
        self.outputs = {
            name: self.value(output["Value"])
            for name, output in made["Outputs"].items()
            if "Condition" not in output or self.holds(output["Condition"])
        }

    def holds(self, condition) -> bool:
        """Evaluates a condition, given by name or by definition."""
        if isinstance(condition, str):
            return self.holds(self.conditions[condition])
        [(function, given)] = condition.items()
        if function == "Condition":
            return self.holds(given)
        if function == "Fn::Equals":
            return str(self.value(given[0])) == str(self.value(given[1]))
        outcomes = [self.holds(one) for one in given]
        return {"Fn::And": all(outcomes), "Fn::Or": any(outcomes), "Fn::Not": not outcomes[0]}[function]

    def value(self, node):
        """Resolves parameters, Fn::If, Fn::Join and Fn::Sub; keeps other intrinsic functions."""
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if "Ref" in node and len(node) == 1:
            name = node["Ref"]
            return NO_VALUE if name == "AWS::NoValue" else {**PSEUDO, **self.parameters}.get(name, node)
        if "Fn::If" in node and len(node) == 1:
            condition, then, otherwise = node["Fn::If"]
            return self.value(then if self.holds(condition) else otherwise)
        if "Fn::Join" in node and len(node) == 1:
            separator, parts = self.value(node["Fn::Join"])
            joined = all(isinstance(part, str) for part in parts)
            return separator.join(parts) if joined else {"Fn::Join": [separator, parts]}
        if "Fn::Sub" in node:
            text, own = node["Fn::Sub"] if isinstance(node["Fn::Sub"], list) else (node["Fn::Sub"], {})
            own = {name: self.value(one) for name, one in own.items()}
            own = {name: f"${{{one['Ref']}}}" if isinstance(one, dict) else one for name, one in own.items()}
            known = {**PSEUDO, **self.parameters, **own}
            text = re.sub(r"\$\{([^}!]+)\}", lambda name: str(known.get(name[1], name[0])), text)
            return {"Fn::Sub": text} if "${" in text else text
        values = {key: self.value(child) for key, child in node.items()}
        return {key: value for key, value in values.items() if value is not NO_VALUE}

    def of(self, kind: str) -> dict:
        """The properties of each resource of that type."""
        found = {name: made for name, made in self.resources.items() if made["Type"] == kind}
        return {name: made.get("Properties", {}) for name, made in found.items()}

    def environment(self, function: str) -> dict:
        """A function's environment variables."""
        return self.of("AWS::Lambda::Function")[function]["Environment"]["Variables"]

    def version(self, function: str) -> dict:
        """The properties of a function's version."""
        [found] = [one for one in self.of("AWS::Lambda::Version").values() if one["FunctionName"]["Ref"] == function]
        return found

    def policies(self, function: str) -> list:
        """A function's inline policies."""
        return self.of("AWS::IAM::Role")[f"{function}Role"]["Policies"]

    def statements(self, function: str) -> list:
        """The statements of a function's inline policies."""
        return [one for policy in self.policies(function) for one in policy["PolicyDocument"]["Statement"]]

    def allowed(self, function: str) -> dict:
        """Each allowed action of a function, with its resources."""
        found = {}
        for statement in self.statements(function):
            actions = statement["Action"]
            for action in actions if isinstance(actions, list) else [actions]:
                found.setdefault(action, []).append(statement["Resource"])
        return found

    def body(self) -> dict:
        """The API's definition."""
        [api] = self.of("AWS::ApiGatewayV2::Api").values()
        return api["Body"]

    def refusals(self) -> list:
        """The failed assertions of the rules."""
        return [
            assertion["AssertDescription"]
            for rule in self.rules.values()
            if "RuleCondition" not in rule or self.holds(rule["RuleCondition"])
            for assertion in rule["Assertions"]
            if not self.holds(assertion["Assert"])
        ]


class _NoManagedPolicies:
    """SAM looks up managed policies by name; this template names none."""

    @staticmethod
    def load() -> dict:
        return {}
