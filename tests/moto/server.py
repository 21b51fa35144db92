#!/usr/bin/env python3
"""moto as an AWS organization that current SDKs can talk to.

An AWS emulator that this project did not write, so that the tests do not only
ask `orgsim` for its own opinion. moto answers Organizations, STS, CloudTrail,
CloudWatch Logs, CloudWatch and SNS for as many accounts as an organization
has, but lacks a few things that the SDKs for Rust need, which this file adds:

* CloudWatch over Smithy RPC v2 CBOR, the only protocol that aws-sdk-cloudwatch
  speaks: such a request is handed to moto as the same operation over its query
  protocol, and the answer is turned back into CBOR.
* ListRegions of Account Management.
* Organization trails as member accounts see them (DescribeTrails with shadow trails).
* The organization as a delegated administrator sees it: the management account's.
* The subscription counts in SNS GetTopicAttributes, which moto leaves at 0.

Listens on a free port of 127.0.0.1 and prints its URL. Every request becomes
one line of `--log FILE`: service, operation, Region, access key, tab-separated.
"""
import argparse
import datetime
import io
import json
import re
from urllib.parse import urlencode

import boto3
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.serialize
import cbor2
from moto.cloudtrail.models import CloudTrailBackend, cloudtrail_backends
from moto.organizations.models import organizations_backends
from moto.organizations.responses import OrganizationsResponse
from moto.server import DomainDispatcherApplication, create_backend_app
from moto.sns.models import SNSBackend
from werkzeug.serving import make_server, WSGIRequestHandler

CBOR_PATH = re.compile(r"^/service/GraniteServiceVersion20100801/operation/(\w+)$")
_model = botocore.model.ServiceModel(
    botocore.loaders.Loader().load_service_model("cloudwatch", "service-2"), "cloudwatch"
)
REGIONS = sorted(boto3.session.Session().get_available_regions("cloudtrail"))
OPT_IN = {
    "af-south-1", "ap-east-1", "ap-south-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-7", "ca-west-1", "eu-central-2", "eu-south-1", "eu-south-2", "il-central-1",
    "me-central-1", "me-south-1", "mx-central-1", "ap-east-2", "ap-southeast-6",
}


_own_trails = CloudTrailBackend.describe_trails
_get_topic = SNSBackend.get_topic


def _describe_trails(self, include_shadow_trails):
    """A member also sees the multi-Region organization trails of the account that owns them."""
    trails = list(_own_trails(self, include_shadow_trails))
    if include_shadow_trails:
        for account, regions in list(cloudtrail_backends.items()):
            if account != self.account_id:
                trails += [
                    t for backend in list(regions.values()) for t in backend.trails.values()
                    if t.is_org_trail and (t.is_multi_region or t.region_name == self.region_name)
                ]
    return trails


def _counted_topic(self, arn):
    topic = _get_topic(self, arn)
    topic.subscriptions_confimed = len(self._get_topic_subscriptions(topic))
    return topic


def _organizations_backend(self):
    """A delegated administrator asks about the organization that it belongs to."""
    master, partition = organizations_backends.master_accounts.get(self.current_account, (None, None))
    if master:
        organization = organizations_backends[master][partition]
        if any(admin.account.id == self.current_account for admin in organization.admins):
            return organization
    return organizations_backends[self.current_account][self.partition]


CloudTrailBackend.describe_trails = _describe_trails
OrganizationsResponse.organizations_backend = property(_organizations_backend)
SNSBackend.get_topic = _counted_topic


def _to_cbor(value):
    """Timestamps travel as CBOR tag 1 (epoch seconds), the rest as it is."""
    if isinstance(value, datetime.datetime):
        return cbor2.CBORTag(1, value.timestamp())
    if isinstance(value, dict):
        return {k: _to_cbor(v) for k, v in value.items() if v is not None}
    if isinstance(value, (list, tuple)):
        return [_to_cbor(v) for v in value]
    return value


def _region_of(environ):
    m = re.search(r"Credential=[^/]+/\d+/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    return m.group(1) if m else "us-east-1"


class Shim:
    def __init__(self, app, log):
        self.app, self.log = app, log

    def __call__(self, environ, start_response):
        path = environ.get("PATH_INFO", "")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        if self.log:
            self._note(environ, path, body)
        cbor = CBOR_PATH.match(path)
        if cbor:
            return self._cloudwatch(cbor.group(1), body, environ, start_response)
        if path == "/listRegions" and "/account/" in environ.get("HTTP_AUTHORIZATION", ""):
            return self._list_regions(body, start_response)
        return self.app(environ, start_response)

    def _note(self, environ, path, body):
        service = re.search(r"Credential=([^/]+)/\d+/([^/]+)/([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
        key, region, name = service.groups() if service else ("-", "-", "-")
        operation = environ.get("HTTP_X_AMZ_TARGET", "").split(".")[-1]
        if not operation:
            cbor = CBOR_PATH.match(path)
            found = re.search(rb"(?:^|&)Action=(\w+)", body)
            operation = cbor.group(1) if cbor else found.group(1).decode() if found else path
        self.log.write(f"{name}\t{operation}\t{region}\t{key}\n")
        self.log.flush()

    def _cloudwatch(self, name, body, environ, start_response):
        operation = _model.operation_model(name)
        params = cbor2.loads(body) if body else {}
        request = botocore.serialize.create_serializer("query").serialize_to_request(params, operation)
        form = urlencode(request["body"], doseq=True).encode()
        inner = dict(environ)
        inner.update({
            "PATH_INFO": "/", "REQUEST_METHOD": "POST", "CONTENT_LENGTH": str(len(form)),
            "CONTENT_TYPE": "application/x-www-form-urlencoded", "wsgi.input": io.BytesIO(form),
            "HTTP_HOST": f"monitoring.{_region_of(environ)}.amazonaws.com",
        })
        for key in ("HTTP_SMITHY_PROTOCOL", "HTTP_ACCEPT", "HTTP_X_AMZN_QUERY_MODE"):
            inner.pop(key, None)
        seen = {}

        def capture(status, headers, exc_info=None):
            seen.update(status=int(status.split()[0]), headers=dict(headers))

        payload = b"".join(self.app(inner, capture))
        parsed = botocore.parsers.create_parser("query").parse(
            {"status_code": seen["status"], "headers": seen["headers"], "body": payload},
            operation.output_shape,
        )
        parsed.pop("ResponseMetadata", None)
        headers = [("smithy-protocol", "rpc-v2-cbor"), ("content-type", "application/cbor")]
        if seen["status"] >= 400:
            error = parsed.get("Error", {})
            headers.append(("x-amzn-query-error", f"{error.get('Code')};Sender"))
            parsed = {"__type": error.get("Code"), "message": error.get("Message")}
        blob = cbor2.dumps(_to_cbor(parsed))
        headers.append(("content-length", str(len(blob))))
        start_response(f"{seen['status']} x", headers)
        return [blob]

    @staticmethod
    def _list_regions(body, start_response):
        wanted = (json.loads(body or b"{}") or {}).get("RegionOptStatusContains")
        rows = [
            {"RegionName": r, "RegionOptStatus": "DISABLED" if r in OPT_IN else "ENABLED_BY_DEFAULT"}
            for r in REGIONS
        ]
        if wanted:
            rows = [r for r in rows if r["RegionOptStatus"] in wanted]
        blob = json.dumps({"Regions": rows}).encode()
        start_response("200 OK", [("content-type", "application/json"), ("content-length", str(len(blob)))])
        return [blob]


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"  # keep-alive

    def log_request(self, *args):
        pass


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--log", help="append one line per API call to this file")
    given = arguments.parse_args()
    log = open(given.log, "a", encoding="utf-8") if given.log else None
    app = Shim(DomainDispatcherApplication(create_backend_app), log)
    server = make_server("127.0.0.1", given.port, app, threaded=True, request_handler=Quiet)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
