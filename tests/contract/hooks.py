"""Lets generated requests come from people of the right roles and name things that there are.

HAAMU_CONTRACT names a file with the server's address, everybody's password, and people by role. What
answers name is remembered, so that a visit that one request plans is one that later requests ask about.
"""

import json
import os
import random
import re
import urllib.error
import urllib.request
import uuid
from collections import defaultdict

import schemathesis
from schemathesis.core.parameters import ParameterLocation

with open(os.environ["HAAMU_CONTRACT"], encoding="utf-8") as file:
    SCENE = json.load(file)
# One seed, so that a failure comes again.
CHANCE = random.Random(5)
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Operations on a person: only on those whom nobody else in this run needs.
ON_A_PERSON = "/v1/users/{id}"
# Operations that end the session or change the account of whoever asks: they get one of their own.
ON_ONESELF = {
    "change_password",
    "delete_session",
    "delete_sessions",
    "end_session",
    "enrol_totp",
    "confirm_totp",
    "remove_totp",
    "request_email_change",
    "revoke_device",
}
# What a name in a path or a body stands for, by where it is.
KINDS = {
    "agreement": "shopper-agreements",
    "assignment": "assignments",
    "checklist_version": "checklist-versions",
    "client_organisation": "client-organisations",
    "companion": "companions",
    "device": "devices",
    "hierarchy": "hierarchies",
    "location": "locations",
    "locations": "locations",
    "parent": "units",
    "programme": "programmes",
    "round": "rounds",
    "scenario": "scenarios",
    "scenarios": "scenarios",
    "shopper": "shoppers",
    "shoppers": "shoppers",
    "submission": "submissions",
    "unit": "units",
    "units": "units",
    "visit": "visits",
    "visits": "visits",
}
# Paths whose first part says something else than what their id is of.
PATHS = {
    "/v1/jobs/": "visits",
    "/v1/visit-reports/": "visits",
    "/v1/me/companions/": "companions",
    "/v1/me/ties/": "ties",
    "/v1/me/second-factors/": "passkeys",
    "/v1/tus/": "submissions",
    "/v1/briefings/": "briefings",
}
# Lists to learn from, and who reads them.
LISTS = [
    ("administrator", "users", "users"),
    ("administrator", "invitations", "invitations"),
    ("administrator", "service-tokens", "service-tokens"),
    ("administrator", "failed-jobs", "failed-jobs"),
    ("coordinator", "client-organisations", "client-organisations"),
    ("coordinator", "programmes", "programmes"),
    ("coordinator", "checklists", "checklist-versions"),
    ("coordinator", "visits", "visits"),
    ("reviewer", "set-aside", "set-aside"),
    ("shopper", "devices", "devices"),
]

known = defaultdict(list)
tokens = {}
throwaway = []


def call(method, path, body=None, token=None):
    """Asks the server, and reads JSON; none if it refuses."""
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{SCENE['server']}/v1/{path}", data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            text = answer.read()
    except urllib.error.HTTPError:
        return None
    return json.loads(text) if text else None


def sign_in(email):
    session = call("POST", "sessions", {"email": email, "password": SCENE["password"]})
    return session["access_token"] if session else None


def remember(kind, value):
    if isinstance(value, str) and UUID.fullmatch(value) and value not in known[kind]:
        known[kind].append(value)


def learn(kind, value):
    """Remembers the ids in an answer: that of the thing itself, and those that fields name."""
    if isinstance(value, list):
        for item in value:
            learn(kind, item)
    elif isinstance(value, dict):
        for name, field in value.items():
            if name == "id":
                remember(kind, field)
            elif name == "sha256" and isinstance(field, str):
                known["sha256"].append(field)
            elif isinstance(field, (dict, list)):
                learn(kind if name == "items" else KINDS.get(name, f"{kind}.{name}"), field)
            elif name in KINDS:
                remember(KINDS[name], field)


def kind_of(path):
    for prefix, kind in PATHS.items():
        if path.startswith(prefix):
            return kind
    parts = path.split("/")
    return parts[2] if len(parts) > 2 else ""


def make_person(role):
    """Somebody whom it does not matter what is done to."""
    email = f"contract-{uuid.uuid4().hex}@haamu.example"
    body = {"email": email, "display_name": "Kohde", "role": role, "password": SCENE["password"]}
    if role.startswith("client_"):
        body["client_organisation"] = known["client-organisations"][0]
    made = call("POST", "users", body, tokens["administrator"])
    return made and {"id": made["id"], "email": email}


def prepare():
    for role, email in SCENE["people"].items():
        tokens[role] = sign_in(email)
    for role, path, kind in LISTS:
        learn(kind, call("GET", path, token=tokens[role]))
    for programme in known["programmes"]:
        rounds = call("GET", f"programmes/{programme}/rounds", token=tokens["coordinator"])
        learn("rounds", rounds)
    for client in known["client-organisations"]:
        listed = call("GET", f"client-organisations/{client}/locations", token=tokens["coordinator"])
        learn("locations", listed)
    for visit in list(known["visits"]):
        learn("visits", call("GET", f"visits/{visit}", token=tokens["coordinator"]))
    people = call("GET", "users", token=tokens["administrator"])
    known["shoppers"] = [person["id"] for person in people["items"] if person["role"] == "shopper"]
    for role in ["programme_designer", "client_viewer"]:
        tokens[role] = sign_in(make_person(role)["email"])
    throwaway.extend(make_person("reviewer")["id"] for _ in range(8))


prepare()


def choose(kind, value):
    """Mostly something that there is, where the generated name is well formed."""
    choices = throwaway if kind == "users" else known[kind]
    if not choices or not isinstance(value, str) or CHANCE.random() < 0.15:
        return value
    return CHANCE.choice(choices)


def name_things(value):
    if isinstance(value, list):
        return [name_things(item) for item in value]
    if not isinstance(value, dict):
        return value
    named = {}
    for name, field in value.items():
        kind = KINDS.get(name)
        if kind and isinstance(field, str) and UUID.fullmatch(field):
            named[name] = choose(kind, field)
        elif kind and isinstance(field, list):
            is_name = [isinstance(item, str) and UUID.fullmatch(item) for item in field]
            if all(is_name):
                named[name] = [choose(kind, item) for item in field]
            else:
                named[name] = name_things(field)
        else:
            named[name] = name_things(field)
    return named


def name_in_path(case):
    for name, value in case.path_parameters.items():
        if not isinstance(value, str):
            continue
        if name == "id" and UUID.fullmatch(value):
            case.path_parameters[name] = choose(kind_of(case.operation.path), value)
        elif name == "device":
            case.path_parameters[name] = choose("devices", value)
        elif name == "sha256":
            case.path_parameters[name] = choose("sha256", value)


@schemathesis.hook
def before_call(context, case, kwargs):
    """Where the generated part is as it should be, and where only the names in it lead nowhere."""

    def is_negative(location):
        return case.meta is not None and case.meta.is_negative_at(location)

    if case.path_parameters and not is_negative(ParameterLocation.PATH):
        name_in_path(case)
    if isinstance(case.query, dict) and not is_negative(ParameterLocation.QUERY):
        case.query = name_things(case.query)
    if isinstance(case.body, (dict, list)) and not is_negative(ParameterLocation.BODY):
        case.body = name_things(case.body)


@schemathesis.serializer("application/partial-upload", "application/offset+octet-stream")
def part_of_a_file(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.auth(refresh_interval=None)
class ByRole:
    """Signs each request by somebody whose role may do it."""

    def get(self, case, context):
        operation = case.operation.definition.raw
        access = operation.get("x-haamu-access", {})
        roles = [role for role in access.get("roles", []) if tokens.get(role)]
        if not roles:
            return None
        if operation["operationId"] in ON_ONESELF:
            person = make_person(CHANCE.choice(roles))
            return person and sign_in(person["email"])
        return tokens[CHANCE.choice(roles)]

    def set(self, case, data, context):
        if data:
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def after_call(context, case, response):
    if response.status_code >= 300:
        return
    try:
        answer = response.json()
    except ValueError:
        return
    learn(kind_of(case.operation.path), answer)
