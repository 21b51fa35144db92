#!/usr/bin/env python3
"""The vectors of filter patterns, asked of TestMetricFilter over the API.

    python tests/clients/vectors.py ENDPOINT ACCOUNT FILE

Prints how many were asked; exits with an assertion at the first that differs.
"""
import json
import re
import sys

import boto3
from botocore.exceptions import ClientError

ENDPOINT, ACCOUNT, FILE = sys.argv[1:4]
# A number as it was written, which JSON libraries would write otherwise.
RAW = re.compile(r'"@raw ([^"]*)"')
logs = boto3.client("logs", endpoint_url=ENDPOINT, region_name="us-east-1",
                    aws_access_key_id="AKIAORGS" + ACCOUNT, aws_secret_access_key="orgsim")
vectors = json.load(open(FILE))
asked = 0
for kind in ("docs_json", "docs_text", "docs_space_delimited", "observed", "observed_text"):
    for vector in vectors.get(kind, []):
        if "event" in vector:
            line = RAW.sub(r"\1", json.dumps(vectors["events"][vector["event"]]))
        else:
            line = vector["line"]
        try:
            found = logs.test_metric_filter(filterPattern=vector["pattern"], logEventMessages=[line])["matches"]
            answer = "match" if found else "no_match"
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidParameterException", error
            answer = "invalid"
        expected = vector["expect"].split()[0]
        assert answer == expected, (vector, answer)
        if vector.get("extract"):
            assert vector["extract"].items() <= found[0]["extractedValues"].items(), (vector, found)
        asked += 1
print(json.dumps({"asked": asked}))
