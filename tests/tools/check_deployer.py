"""Checks docs/deployer-policy.json against the resources that SAM makes, and docs/github-actions.yaml against make."""

import json
import re
import sys

import tomlkit
import yaml
from stack import EVERYTHING, TEMPLATE, Stack

ROOT = TEMPLATE.parent
POLICY = json.loads((ROOT / "docs/deployer-policy.json").read_text(encoding="utf-8"))
LIMIT = 10240  # IAM's limit for the inline policies of a role, without whitespace
TAGS = "TagResource UntagResource ListTagsForResource"

# What CloudFormation calls to create, read, update and delete each type; from the types' schemas and their reference.
CALLS = {
    "AWS::ApiGatewayV2::Api": "apigateway: DELETE GET PATCH POST PUT TagResource UntagResource",
    "AWS::ApiGatewayV2::ApiMapping": "apigateway: DELETE GET PATCH POST",
    "AWS::ApiGatewayV2::DomainName": "apigateway: DELETE GET PATCH POST PUT TagResource UntagResource",
    # An access log takes a delivery, too.
    "AWS::ApiGatewayV2::Stage": "apigateway: DELETE GET PATCH POST PUT TagResource UntagResource;"
    " logs: CreateLogDelivery GetLogDelivery UpdateLogDelivery DeleteLogDelivery ListLogDeliveries PutResourcePolicy"
    " DescribeResourcePolicies"
    " DescribeLogGroups",
    "AWS::CloudWatch::Alarm": f"cloudwatch: PutMetricAlarm DescribeAlarms DeleteAlarms {TAGS}",
    "AWS::CloudWatch::Dashboard": "cloudwatch: PutDashboard GetDashboard DeleteDashboards",
    "AWS::CodeDeploy::Application": "codedeploy: CreateApplication GetApplication UpdateApplication"
    f" DeleteApplication {TAGS}",
    "AWS::CodeDeploy::DeploymentGroup": "codedeploy: CreateDeploymentGroup GetDeploymentGroup UpdateDeploymentGroup"
    f" DeleteDeploymentGroup {TAGS}; iam: PassRole",
    "AWS::DynamoDB::Table": "dynamodb: CreateTable DescribeTable UpdateTable DeleteTable DescribeTimeToLive"
    " UpdateTimeToLive DescribeContinuousBackups UpdateContinuousBackups DescribeContributorInsights"
    " DescribeKinesisStreamingDestination GetResourcePolicy TagResource UntagResource ListTagsOfResource",
    "AWS::Events::Rule": f"events: PutRule DescribeRule DeleteRule PutTargets RemoveTargets ListTargetsByRule {TAGS}",
    "AWS::IAM::Role": "iam: CreateRole GetRole UpdateRole UpdateAssumeRolePolicy DeleteRole PutRolePolicy GetRolePolicy"
    " DeleteRolePolicy ListRolePolicies AttachRolePolicy DetachRolePolicy ListAttachedRolePolicies"
    " PutRolePermissionsBoundary DeleteRolePermissionsBoundary TagRole UntagRole",
    # UpdatePolicy: CloudFormation shifts the alias with a deployment.
    "AWS::Lambda::Alias": "lambda: CreateAlias GetAlias UpdateAlias DeleteAlias GetProvisionedConcurrencyConfig;"
    " codedeploy: CreateDeployment GetDeployment GetDeploymentConfig StopDeployment RegisterApplicationRevision"
    " GetApplicationRevision",
    "AWS::Lambda::EventInvokeConfig": "lambda: PutFunctionEventInvokeConfig GetFunctionEventInvokeConfig"
    " UpdateFunctionEventInvokeConfig DeleteFunctionEventInvokeConfig",
    "AWS::Lambda::EventSourceMapping": "lambda: CreateEventSourceMapping GetEventSourceMapping UpdateEventSourceMapping"
    " DeleteEventSourceMapping",
    "AWS::Lambda::Function": "lambda: CreateFunction GetFunction GetFunctionConfiguration UpdateFunctionCode"
    " UpdateFunctionConfiguration DeleteFunction PutFunctionConcurrency DeleteFunctionConcurrency TagResource"
    " UntagResource ListTags; iam: PassRole; s3: GetObject",
    "AWS::Lambda::Permission": "lambda: AddPermission GetPolicy RemovePermission",
    "AWS::Lambda::Version": "lambda: PublishVersion GetFunctionConfiguration ListVersionsByFunction DeleteFunction",
    "AWS::Logs::LogGroup": "logs: CreateLogGroup DescribeLogGroups DeleteLogGroup PutRetentionPolicy"
    f" DeleteRetentionPolicy {TAGS}",
    "AWS::Logs::MetricFilter": "logs: PutMetricFilter DescribeMetricFilters DeleteMetricFilter",
    "AWS::Route53::RecordSet": "route53: ChangeResourceRecordSets GetChange GetHostedZone ListResourceRecordSets",
    "AWS::SNS::Subscription": "sns: Subscribe Unsubscribe GetSubscriptionAttributes SetSubscriptionAttributes"
    " ListSubscriptionsByTopic",
    "AWS::SQS::Queue": "sqs: CreateQueue GetQueueUrl GetQueueAttributes SetQueueAttributes DeleteQueue TagQueue"
    " UntagQueue ListQueueTags",
    "AWS::SQS::QueuePolicy": "sqs: SetQueueAttributes GetQueueAttributes",
}
# What `sam deploy`, `sam delete` and their bucket take.
TOOLS = (
    "cloudformation: CreateChangeSet DescribeChangeSet ExecuteChangeSet DeleteChangeSet DeleteStack DescribeStacks"
    " DescribeStackEvents DescribeStackResource DescribeStackResources ListStackResources GetTemplate"
    " GetTemplateSummary ValidateTemplate TagResource UntagResource; s3: CreateBucket GetBucketLocation ListBucket"
    " GetBucketPolicy"
    " PutBucketPolicy PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning PutEncryptionConfiguration"
    " GetEncryptionConfiguration GetObject PutObject DeleteObject"
)


def actions(text: str) -> set:
    """`service: A B; other: C` as actions."""
    services = (one.split(":") for one in text.split(";"))
    return {f"{service.strip()}:{call}" for service, calls in services for call in calls.split()}


def problems_of_the_policy() -> dict:
    """What is missing, not needed or too wide."""
    types = {one["Type"] for one in Stack(EVERYTHING).resources.values()}
    allowed = {action for one in POLICY["Statement"] for action in one["Action"]}
    needed = set().union(*(actions(text) for text in (*CALLS.values(), TOOLS)))
    roles = [one for one in POLICY["Statement"] if any(action.startswith("iam:") for action in one["Action"])]
    size = len(json.dumps(POLICY, separators=(",", ":")))
    return {
        "types without their calls here": types - CALLS.keys(),
        "types that the stack lacks": CALLS.keys() - types,
        "missing": needed - allowed,
        "not needed": allowed - needed,
        "wildcards": {action for action in allowed if "*" in action},
        "roles of others": [one["Sid"] for one in roles for on in one["Resource"] if not on.endswith(":role/apikeys*")],
        "too long": [] if size <= LIMIT else [size],
    }


def problems_of_the_pipeline() -> dict:
    """What does not fit the Makefile and samconfig.toml."""
    jobs = yaml.safe_load((ROOT / "docs/github-actions.yaml").read_text(encoding="utf-8"))["jobs"]
    stages = tomlkit.parse((ROOT / "samconfig.toml").read_text(encoding="utf-8")).unwrap()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    wrong, deployed = [], []
    for name, job in jobs.items():
        for command in (step["run"] for step in job["steps"] if "run" in step):
            make, target, *variables = command.split()
            given = dict(one.split("=") for one in variables)
            known = re.search(rf"(?m)^{target}:", makefile) and all(f"\n{one} ?=" in makefile for one in given)
            if make != "make" or not known:
                wrong.append(command)
            if target == "deploy":
                deployed.append(given["STAGE"])
                stack = stages[given["STAGE"]]["global"]["parameters"]["stack_name"]
                fits = given["CONFIRM"] == stack and job["environment"] == given["STAGE"]
                if not fits or "TOKEN" not in job["steps"][-1]["env"]:
                    wrong.append(command)
        if job.get("needs", "check") not in jobs:
            wrong.append(f"needs of {name}")
        signs_in = any("aws-credentials" in step.get("uses", "") for step in job["steps"])
        if signs_in != (job.get("permissions", {}).get("id-token") == "write"):
            wrong.append(f"permissions of {name}")
    return {"wrong": wrong, "the order of the stages": [] if deployed == ["dev", "prod"] else deployed}


def main() -> int:
    """Prints every problem."""
    found = [
        f"docs/{file}: {problem}: {', '.join(map(str, sorted(things)))}"
        for file, problems in (
            ("deployer-policy.json", problems_of_the_policy()),
            ("github-actions.yaml", problems_of_the_pipeline()),
        )
        for problem, things in problems.items()
        if things
    ]
    print("\n".join(found) or "docs/deployer-policy.json and docs/github-actions.yaml fit the stack")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
