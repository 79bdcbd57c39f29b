"""Alarms, metric filters and the dashboard, compared with the deployed resources."""

import json
import re

import pytest

from deployed_stack import STACK
from filter_pattern import matches
from support import (
    LOG_GROUPS,
    basic,
    bearer,
    event,
    eventually,
    fresh,
    invoke,
    logged,
    received,
    request,
    without_policies,
)
from web import call

OWN = f"ApiKeys/{STACK}"
# From AWS's documentation of the Telemetry API; MiniStack does not write this line.
START = {
    "time": "2022-10-12T00:01:15.000Z",
    "type": "platform.initReport",
    "record": {
        "initializationType": "on-demand",
        "status": "success",
        "phase": "init",
        "metrics": {"durationMs": 125.33},
    },
}


@pytest.fixture(scope="module")
def alarms(stack):
    """Every alarm of the stack, by logical id."""
    watch = stack.client("cloudwatch")
    described = [alarm for page in watch.get_paginator("describe_alarms").paginate() for alarm in page["MetricAlarms"]]
    by_name = {alarm["AlarmName"]: alarm for alarm in described}
    logical = {one["PhysicalResourceId"]: one["LogicalResourceId"] for one in resources(stack)}
    return {logical[name]: alarm for name, alarm in by_name.items()}


def resources(stack):
    pages = stack.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    return [one for page in pages for one in page["StackResourceSummaries"]]


def name_of(stack, function):
    return stack.outputs[f"{function}Arn"].split(":")[-2]


def errors_of(stack, function, metric="Errors"):
    name = name_of(stack, function)
    return "AWS/Lambda", metric, {"FunctionName": name, "Resource": f"{name}:live"}


def queue_of(stack, logical, metric="ApproximateNumberOfMessagesVisible"):
    return "AWS/SQS", metric, {"QueueName": stack.physical(logical).rsplit("/", 1)[1]}


def test_every_alarm_watches_a_deployed_resource(stack, alarms):
    expected = {
        "ApiErrorsAlarm": ("AWS/ApiGateway", "5xx", {"ApiId": stack.physical("HttpApi")}),
        "StartFailuresAlarm": (OWN, "StartFailures", {}),
        "RotationErrorsAlarm": errors_of(stack, "RotationFunction"),
        "FailedEventsAlarm": queue_of(stack, "FailedEventsQueue"),
        "EventsDeadLetterAlarm": queue_of(stack, "EventsDeadLetterQueue"),
        "EventsQueueAgeAlarm": queue_of(stack, "EventsQueue", "ApproximateAgeOfOldestMessage"),
    }
    for kind in ("Jwt", "Key"):
        function = f"{kind}Function"
        expected |= {
            f"{kind}FaultsAlarm": (OWN, f"{kind}Faults", {}),
            f"{kind}ThrottlesAlarm": errors_of(stack, function, "Throttles"),
            f"{kind}DurationAlarm": errors_of(stack, function, "Duration"),
            f"{kind}AuthorizerFaultsAlarm": (OWN, f"{kind}AuthorizerFaults", {}),
            f"{kind}AuthorizerThrottlesAlarm": errors_of(stack, f"{kind}Authorizer", "Throttles"),
            f"{kind}EventsFaultsAlarm": (OWN, f"{kind}EventsFaults", {}),
            f"{kind}EventsThrottlesAlarm": errors_of(stack, f"{kind}EventsFunction", "Throttles"),
            f"{kind}EventsLostAlarm": errors_of(stack, f"{kind}EventsFunction", "DestinationDeliveryFailures"),
        }
    found = {
        name: (alarm["Namespace"], alarm["MetricName"], {one["Name"]: one["Value"] for one in alarm["Dimensions"]})
        for name, alarm in alarms.items()
    }
    assert found == expected
    assert {tuple(alarm["AlarmActions"]) for alarm in alarms.values()} == {(stack.alarm_topic,)}


def test_an_alarm_notifies_the_topic(stack):
    """The datum simulates a metric filter; in MiniStack, it triggers every alarm of that metric name."""
    queues = stack.client("sqs")
    url = queues.create_queue(QueueName=fresh("alarms"))["QueueUrl"]
    queue = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
    }
    queues.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [allowed]})}
    )
    stack.client("sns").subscribe(TopicArn=stack.alarm_topic, Protocol="sqs", Endpoint=queue)
    watch = stack.client("cloudwatch")
    watch.put_metric_data(Namespace=OWN, MetricData=[{"MetricName": "StartFailures", "Value": 1}])

    def notifications():
        watch.describe_alarms(AlarmNames=[stack.physical("StartFailuresAlarm")])
        return [json.loads(json.loads(one["Body"])["Message"]) for one in received(stack, url)]

    # MiniStack evaluates an alarm whenever it is described, and may notify more than once.
    states = {(one["AlarmName"], one["NewStateValue"]) for one in eventually(notifications, "the alarm's notification")}
    assert (stack.physical("StartFailuresAlarm"), "ALARM") in states


def metric_filters(stack, metric):
    """The filters of that metric: the logical ids of their log groups, and their patterns."""
    pages = stack.client("logs").get_paginator("describe_metric_filters").paginate()
    logical = {one["PhysicalResourceId"]: one["LogicalResourceId"] for one in resources(stack)}
    return {
        logical[one["logGroupName"]]: one["filterPattern"]
        for page in pages
        for one in page["metricFilters"]
        for made in one["metricTransformations"]
        if (made["metricNamespace"], made["metricName"], made["metricValue"]) == (OWN, metric, "1")
    }


@pytest.mark.parametrize(("kind", "path"), [("Jwt", "jwt"), ("Key", "key")])
def test_only_the_line_of_a_fault_is_counted(stack, kind, path):
    """A function without its permissions answers 500. This also shows that MiniStack enforces IAM."""
    key = stack.create_key("jwt", request(4), bearer(stack))["apikey"]
    caller = bearer(stack) if path == "jwt" else basic(key)
    with without_policies(stack, f"{kind}FunctionRole"):
        answer = call("POST", f"{stack.api}/apikeys/{path}", request(), caller)
    assert (answer.status, answer.json) == (500, {"result": "error", "error": "createApikeyFailed"})
    stack.create_key(path, request(), caller)
    group = f"{kind}LogGroup"
    [(counted, pattern)] = metric_filters(stack, f"{kind}Faults").items()
    assert counted == group
    lines = [line for line in logged(stack, group) if line.startswith("{")]
    faults = [json.loads(line) for line in lines if matches(pattern, line)]
    assert faults and {(one["outcome"], one["outcomeClass"]) for one in faults} == {("createApikeyFailed", "fault")}
    others = {json.loads(line).get("outcomeClass") for line in lines if not matches(pattern, line)}
    assert "success" in others and "fault" not in others


@pytest.mark.parametrize("kind", ["Jwt", "Key"])
def test_a_refused_or_unknown_event_is_no_fault_and_a_failed_one_is(stack, kind):
    output, group = f"{kind}EventsFunctionArn", f"{kind}EventsLogGroup"
    [(counted, pattern)] = metric_filters(stack, f"{kind}EventsFaults").items()
    assert counted == group
    body = {**event(fresh("fault")), "authorization": bearer(stack)["Authorization"]}
    if kind == "Key":
        del body["authorization"]
    assert invoke(stack, output, {**body, "level": 9})[1]["errorType"] == "invalidLevel"
    assert invoke(stack, output, {"warmup": True})[1]["errorType"] == "unknownEvent"
    with without_policies(stack, f"{kind}EventsFunctionRole"):
        assert invoke(stack, output, body)[1]["errorType"] == "createApikeyFailed"
    lines = [line for line in logged(stack, group) if line.startswith("{")]
    faults = {json.loads(line)["outcome"] for line in lines if matches(pattern, line)}
    others = {json.loads(line).get("outcome") for line in lines if not matches(pattern, line)}
    assert faults == {"createApikeyFailed"} and {"invalidLevel", "unknownEvent"} <= others


def test_a_timeout_and_an_ended_process_are_faults_and_a_refusal_is_none(stack):
    """Lambda's report names a refusal `Function.Unknown`, since its error type is no name of Lambda's."""
    for metric in (f"{kind}{of}Faults" for kind in ("Jwt", "Key") for of in ("", "Authorizer", "Events")):
        [pattern] = metric_filters(stack, metric).values()
        for counted, record in (
            (True, {"status": "timeout"}),
            (True, {"status": "failure", "errorType": "Runtime.ExitError"}),
            (True, {"status": "error", "errorType": "Runtime.ExitError"}),
            (False, {"status": "error", "errorType": "Function.Unknown"}),
            (False, {"status": "error"}),
            (False, {"status": "success"}),
        ):
            line = json.dumps({**START, "type": "platform.report", "record": {**record, "metrics": {}}})
            assert matches(pattern, line) == counted, (metric, record)


def test_a_failed_start_of_any_function_is_counted(stack):
    found = metric_filters(stack, "StartFailures")
    assert set(found) == set(LOG_GROUPS)
    for group, pattern in found.items():
        for status in ("error", "failure", "timeout"):
            assert matches(pattern, json.dumps({**START, "record": {**START["record"], "status": status}})), (
                group,
                status,
            )
        assert not matches(pattern, json.dumps(START)), group
        assert not any(matches(pattern, line) for line in logged(stack, group)), group


def test_the_dashboard_shows_the_deployed_resources(stack, alarms):
    shown = stack.client("cloudwatch").get_dashboard(DashboardName=stack.physical("ApiKeysDashboard"))["DashboardBody"]
    widgets = json.loads(shown)["widgets"]
    assert "${" not in shown and len(widgets) == 10
    rung = {arn for one in widgets for arn in one["properties"].get("alarms", [])}
    assert rung and rung <= {alarm["AlarmArn"] for alarm in alarms.values()}
    lines = [line for one in widgets for line in one["properties"].get("metrics", [])]
    values = {(line[2], line[3]) for line in lines if line[0].startswith("AWS/") and len(line) > 3}
    assert values == {
        ("ApiId", stack.physical("HttpApi")),
        ("FunctionName", name_of(stack, "JwtFunction")),
        ("FunctionName", name_of(stack, "KeyFunction")),
        ("TableName", stack.outputs["TableName"]),
    }
    [query] = [one["properties"]["query"] for one in widgets if one["type"] == "log"]
    assert re.findall(r"SOURCE '([^']+)'", query) == [stack.physical("JwtLogGroup"), stack.physical("KeyLogGroup")]


def test_the_dashboard_shows_the_metrics_of_a_request_s_line(stack):
    stack.create_key("jwt", request(), bearer(stack))
    [line] = [json.loads(line) for line in logged(stack, "JwtLogGroup") if '"outcome":"created"' in line][-1:]
    [directive] = line["_aws"]["CloudWatchMetrics"]
    written = {(directive["Namespace"], metric["Name"]) for metric in directive["Metrics"]}
    shown = stack.client("cloudwatch").get_dashboard(DashboardName=stack.physical("ApiKeysDashboard"))["DashboardBody"]
    lines = [one for widget in json.loads(shown)["widgets"] for one in widget["properties"].get("metrics", [])]
    own = [one for one in lines if one[0] == "ApiKeys"]
    assert {(one[0], one[1]) for one in own} == written
    for one in own:
        assert [[one[2], one[4]]] == directive["Dimensions"]
    assert ["jwt", "success"] in [[one[3], one[5]] for one in own] and (line["endpoint"], line["outcomeClass"]) == (
        "jwt",
        "success",
    )
    assert all(isinstance(line[metric["Name"]], (int, float)) for metric in directive["Metrics"])
