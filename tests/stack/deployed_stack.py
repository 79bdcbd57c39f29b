"""template.yaml, deployed by `sam deploy` to a new MiniStack, for `make stack` and for the tests."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import jwt
import yaml

from emulator import REPOSITORY, Emulator, Unavailable
from ministack_gaps import adapt
from web import call

STACK = "apikeys"
STAGE = "local"  # its stage in samconfig.toml
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
        """Deploys as `make deploy` does, with this template, and reads the stack's outputs."""
        self.parameters |= changed
        template = self.template()
        for resource in template["Resources"].values():
            if "CodeUri" in resource.get("Properties", {}):
                resource["Properties"]["CodeUri"] = str((self.built / resource["Properties"]["CodeUri"]).resolve())
        adapted = self.folder / "template.json"
        adapted.write_text(json.dumps(adapt(template)), encoding="utf-8")
        self.write_stage()
        self.stage("deploy", STAGE)
        self.sam("deploy", "--config-file", self.folder / ".aws-sam/deploy.toml", "--template-file", adapted)
        [stack] = self.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        self.outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def write_stage(self) -> None:
        """Writes the stage of this stack into a samconfig.toml; strings in JSON are strings in TOML."""
        parameters = "\n".join(f"{name} = {json.dumps(value)}" for name, value in self.parameters.items())
        (self.folder / "samconfig.toml").write_text(
            f"""version = 0.1
[{STAGE}.global.parameters]
stack_name = "{STACK}"
[{STAGE}.deploy.parameters]
capabilities = "CAPABILITY_IAM"
confirm_changeset = false
fail_on_empty_changeset = false
resolve_s3 = true
tags = "application=apikeys"
[{STAGE}.deploy.parameters.parameter_overrides]
{parameters}
""",
            encoding="utf-8",
        )

    def stage(self, *arguments, **environment: str) -> subprocess.CompletedProcess:
        """Runs the program behind `make deploy` and `make delete`, with the Python that has `sam`."""
        python = Path(shutil.which("sam") or "sam").with_name("python")
        return self.run(python, REPOSITORY / "tests/tools/stage.py", *arguments, **environment)

    def template(self) -> dict:
        """The built template."""
        return yaml.safe_load((self.built / "template.yaml").read_text(encoding="utf-8"))

    def sam(self, command: str, *arguments) -> None:
        """Runs sam on the stack."""
        self.run("sam", command, "--config-env", STAGE, *arguments)

    def run(self, program, *arguments, **environment: str) -> subprocess.CompletedProcess:
        """Runs a program in the stack's folder; a failure raises an exception with its output."""
        done = subprocess.run(
            [program, *arguments],
            cwd=self.folder,
            env={**self.environment(), **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Unavailable(f"`{' '.join(map(str, (program, *arguments)))}` failed:\n{done.stdout}{done.stderr}")
        return done

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
