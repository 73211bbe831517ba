"""Imports files into BottleCRM through its own endpoints, in an organisation made for it, and prints as JSON what it answered
and what it then holds. Runs with the interpreter in which django-crm is installed; knows nothing of cleanse.

    python bottlecrm.py ACCOUNTS.csv CONTACTS.csv LEADS.csv
"""

import csv
import json
import sys
import uuid
from pathlib import Path

import django

django.setup()

from accounts.models import Account  # noqa: E402
from common.models import Org, Profile  # noqa: E402
from common.serializer import OrgAwareRefreshToken  # noqa: E402
from contacts.models import Contact  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from leads.models import Lead  # noqa: E402


def member():
    """A client that is signed in as the administrator of an organisation without any record."""
    name = f"cleanse-{uuid.uuid4().hex[:8]}"
    org = Org.objects.create(name=name)
    user = get_user_model().objects.create(email=f"{name}@example.com")
    profile = Profile.objects.create(user=user, org=org, role="ADMIN", is_organization_admin=True)
    token = OrgAwareRefreshToken.for_user_and_org(user, org, profile).access_token
    return org, Client(headers={"authorization": f"Bearer {token}", "host": "localhost"})


def upload(client, path, what):
    """The answers to preview and commit of one file."""
    answers = []
    for step in ("preview", "commit"):
        with Path(path).open("rb") as file:
            sent = SimpleUploadedFile(f"{what}.csv", file.read(), "text/csv")
        answer = client.post(f"/api/{what}/import/{step}/", {"file": sent})
        answers.append({"status": answer.status_code, "body": answer.json()})
    return answers


def create(client, path):
    """The answers to one account after the other: accounts have no file import."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]
    answers = [client.post("/api/accounts/", json.dumps(row), content_type="application/json") for row in rows]
    return [{"status": answer.status_code, "body": answer.json()} for answer in answers]


def held(model, org, fields):
    """Every record of the organisation, as text."""
    rows = model.objects.filter(org=org).values(*fields)
    return [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows]


def main(accounts, contacts, leads):
    org, client = member()
    told = {"accounts": create(client, accounts), "contacts": upload(client, contacts, "contacts")}
    told["leads"] = upload(client, leads, "leads")
    with connection.cursor() as cursor:  # rows are shown to their own organisation only
        cursor.execute("select set_config('app.current_org', %s, false)", [str(org.id)])
    account = ("name", "phone", "website", "address_line", "city", "state", "postcode", "annual_revenue", "description")
    contact = ("first_name", "last_name", "email", "phone", "organization", "title", "account__name")
    lead = ("first_name", "last_name", "company_name", "email", "phone", "job_title", "city", "state", "description")
    told["held"] = {
        "accounts": held(Account, org, account), "contacts": held(Contact, org, contact), "leads": held(Lead, org, lead),
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
