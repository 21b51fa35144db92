#!/usr/bin/env python3
"""Checks a Compose file where `docker compose config` is not installed.

Use: check.py FILE. Not the whole specification: that it is YAML, that every
service is built or has an image, uses only keys that Compose knows, and refers
only to services and volumes that the file declares.
"""
import sys

import yaml

TOP = {"name", "services", "volumes", "networks", "configs", "secrets"}
SERVICE = {
    "build", "command", "configs", "container_name", "depends_on", "entrypoint", "env_file", "environment",
    "healthcheck", "image", "init", "labels", "networks", "ports", "profiles", "pull_policy", "read_only",
    "restart", "secrets", "stdin_open", "stop_grace_period", "tmpfs", "tty", "user", "volumes", "working_dir",
}
HEALTHCHECK = {"test", "interval", "timeout", "retries", "start_period", "start_interval", "disable"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


def mistakes(document):
    """Every mistake that is found, as a sentence."""
    if not isinstance(document, dict) or not document.get("services"):
        yield "there is no service"
        return
    for key in document.keys() - TOP:
        yield f"`{key}` is no key of a Compose file"
    services, volumes = document["services"], document.get("volumes") or {}
    for name, service in services.items():
        for key in service.keys() - SERVICE:
            yield f"`{key}` is no key of a service (in {name})"
        if "image" not in service and "build" not in service:
            yield f"{name} has neither image nor build"
        for key in (service.get("healthcheck") or {}).keys() - HEALTHCHECK:
            yield f"`{key}` is no key of a health check (in {name})"
        wanted = service.get("depends_on") or {}
        for other in wanted:
            if other not in services:
                yield f"{name} depends on {other}, which is not there"
            elif isinstance(wanted, dict):
                condition = wanted[other].get("condition")
                if condition not in CONDITIONS:
                    yield f"{name} waits for {other} to be {condition}"
                elif condition == "service_healthy" and "healthcheck" not in services[other]:
                    yield f"{name} waits for {other} to be healthy, which nothing checks"
        for volume in service.get("volumes") or []:
            source = volume.get("source", "") if isinstance(volume, dict) else volume.split(":")[0]
            if source and source[0] not in "./~$" and source not in volumes:
                yield f"{name} uses the volume {source}, which is not declared"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        found = list(mistakes(yaml.safe_load(file)))
    for mistake in found:
        print(mistake, file=sys.stderr)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
