#!/usr/bin/env python3
"""As much of the AWS CLI as the commands in samconfig.toml use, on botocore, which checks the parameters.

aws_cli.py SERVICE OPERATION [--NAME VALUE]... [--query JMESPATH] [--output text]
"""

import sys
from pathlib import Path

import botocore.session
import jmespath
from botocore import xform_name


def main(service: str, operation: str, *options: str) -> None:
    given = dict(zip(options[::2], options[1::2], strict=True))
    query, output = given.pop("--query", "@"), given.pop("--output", "json")
    client = botocore.session.get_session().create_client(service)
    method = operation.replace("-", "_")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method]).input_shape
    names = {f"--{xform_name(member, '-')}": member for member in shape.members}
    names["--notification-endpoint"] = "Endpoint"  # the one name here that the CLI changes
    values = {names[name]: contents(value) for name, value in given.items()}
    answer = jmespath.search(query, getattr(client, method)(**values))
    assert output == "json" or isinstance(answer, str), "no text"
    print(answer)


def contents(value: str) -> str:
    return Path(value.removeprefix("file://")).read_text() if value.startswith("file://") else value


if __name__ == "__main__":
    main(*sys.argv[1:])
