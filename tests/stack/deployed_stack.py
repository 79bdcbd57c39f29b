"""template.yaml, deployed by `sam deploy` to a new MiniStack, for `make stack` and for the tests."""

import json
import os
import subprocess
import time
from pathlib import Path

import jwt
import yaml

from emulator import REGION, Emulator, Unavailable
from ministack_gaps import adapt
from web import call

STACK = "apikeys"
# The values of `make run`, so that `make token` makes tokens for both.
ISSUER = "http://localhost:9000"
AUDIENCE = ISSUER
SOURCE = "my.shop"


class DeployedStack(Emulator):
    """The deployed stack and its parameters."""

    def __init__(self, built: Path, secret: str, port: int = 0):
        self.built = built
        self.secret = secret
        self.outputs = {}
        super().__init__(port)
        try:
            self.create_parameter_resources()
            self.deploy()
            self.create_provisioner_key()
        except BaseException:
            self.stop()
            raise

    def create_parameter_resources(self) -> None:
        """Creates the resources that the parameters name: the token secret, the provisioner's secret and two topics."""
        manager, topics = self.client("secretsmanager"), self.client("sns")
        self.topic = topics.create_topic(Name="key-requests")["TopicArn"]
        self.alarm_topic = topics.create_topic(Name="alarms")["TopicArn"]
        token = manager.create_secret(Name="token-secret", SecretString=self.secret)
        self.provisioner = manager.create_secret(Name="apikeys-provisioner", SecretString="{}")["ARN"]
        self.parameters = {
            "JwtIssuer": ISSUER,
            "JwtAudience": AUDIENCE,
            "JwtSecretArn": token["ARN"],
            "Architecture": "arm64" if os.uname().machine == "aarch64" else "x86_64",
            "AlarmTopicArn": self.alarm_topic,
            "Dashboard": "true",
            "DeletionProtection": "false",
            "Authorizer": "both",
            "DirectFunction": "both",
            "EventBridgeFunction": "jwt",
            "EventBridgeSource": SOURCE,
            "QueueFunction": "key",
            "TopicFunction": "key",
            "TopicArn": self.topic,
            "Rotation": "true",
            "ProvisionerSecretArn": self.provisioner,
        }

    def deploy(self, **changed: str) -> None:
        """Runs `sam deploy` and reads the stack's outputs."""
        self.parameters |= changed
        template = self.template()
        for resource in template["Resources"].values():
            if "CodeUri" in resource.get("Properties", {}):
                resource["Properties"]["CodeUri"] = str((self.built / resource["Properties"]["CodeUri"]).resolve())
        adapted = self.folder / "template.json"
        adapted.write_text(json.dumps(adapt(template)), encoding="utf-8")
        given = [f"{name}={value}" for name, value in self.parameters.items()]
        self.sam(
            "deploy",
            "--template-file",
            adapted,
            "--resolve-s3",
            "--no-confirm-changeset",
            "--no-fail-on-empty-changeset",
            "--capabilities",
            "CAPABILITY_IAM",
            "--tags",
            "application=apikeys",
            "--parameter-overrides",
            *given,
        )
        [stack] = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def template(self) -> dict:
        """The built template."""
        return yaml.safe_load((self.built / "template.yaml").read_text(encoding="utf-8"))

    def sam(self, command: str, *arguments) -> None:
        """Runs sam on the stack, without the repository's samconfig.toml."""
        done = subprocess.run(
            ["sam", command, "--stack-name", STACK, "--region", REGION, "--config-env", "none", *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if done.returncode:
            raise Unavailable(f"`sam {command}` failed:\n{done.stdout}")

    def create_provisioner_key(self) -> None:
        """Creates the provisioner's key with the deployed function, as in docs/events.md."""
        body = {"name": "Provisioner", "level": 4, "expiresIn": 31536000}
        answer = self.create_key("jwt", body, {"Authorization": f"Bearer {self.token('curator')}"})
        self.client("secretsmanager").put_secret_value(
            SecretId=self.provisioner, SecretString=json.dumps(answer["apikey"])
        )

    # --- For callers

    @property
    def api(self) -> str:
        """The API's local address; not every resolver knows the host name in the stack's output."""
        identity = self.outputs["ApiUrl"].split("//")[1].split(".")[0]
        return f"{self.url}/_aws/execute-api/{identity}"

    def create_key(self, function: str, body: dict, headers: dict) -> dict:
        """Creates a key. Any answer other than 201 raises an exception."""
        answer = call("POST", f"{self.api}/apikeys/{function}", body, headers)
        if answer.status != 201:
            raise Unavailable(
                f"POST /apikeys/{function} answers {answer.status}: {answer.body.decode(errors='replace')}"
            )
        return json.loads(answer.body)

    def token(self, role: str = "user", user: int = 61, seconds: int = 3600) -> str:
        """A token that the jwt function accepts for that many seconds."""
        now = int(time.time())
        claims = {"_id": user, "username": f"user-{user}", "role": role, "status": 1, "aud": AUDIENCE, "iss": ISSUER}
        return jwt.encode({**claims, "iat": now, "exp": now + seconds}, self.secret, "HS256")

    def physical(self, logical: str) -> str:
        """The physical id of a resource."""
        described = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical)
        return described["StackResourceDetail"]["PhysicalResourceId"]
