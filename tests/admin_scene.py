"""A company with a row of every model, all of them marked, so that leaks are found."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.utils import timezone

from callcontrol.models import Call, Delivery
from campaigns.models import ClosedDate, Company, Filter, Member, SpecialHours
from publishers.instructions.links import create_link
from publishers.models import Key, LogEntry
from reservations.models import Reservation
from tests import factories as make
from tests.pinging import act, dial, last_leg, ping

MARK = "quokka"
CALLER, CALLER_AS_TOLD = "+12025550177", "(202) 555-0177"
BUYERS_NUMBER = "+14165550178"
PASSWORD = "open-sesame-now"


@dataclass
class Scene:
    """`rows` are the company's own by model; `secret` is what only its editors may read."""

    company: Company
    rows: dict[type[models.Model], Any] = field(default_factory=dict)
    leg: str = ""
    secret: list[str] = field(default_factory=list)

    def add(self, *rows: Any) -> Any:
        for row in rows:
            self.rows[type(row)] = row
        return rows[0]

    def row(self, model: type[models.Model]) -> Any:
        """Return the company's row of a model; fail for a model that the scene lacks."""
        assert model in self.rows, f"teach tests/admin_scene.py a row of {model.__name__}"
        return self.rows[model]

    @property
    def marks(self) -> list[str]:
        """Texts that users of other companies may not read, in lower case."""
        uuids = [str(self.row(model).pk) for model in (Reservation, Call)]
        return [
            MARK,
            CALLER.removeprefix("+"),
            CALLER_AS_TOLD,
            BUYERS_NUMBER.removeprefix("+"),
            *self.secret,
            *uuids,
        ]


def build() -> Scene:
    company = make.make_company(name=f"{MARK} company", company_id=f"{MARK}-1")
    scene = Scene(company)
    scene.add(company)
    _catalogue(scene)
    _traffic(scene)
    return scene


def _catalogue(scene: Scene) -> None:
    company = scene.company
    buyer = make.make_buyer(
        company,
        name=f"{MARK} buyer",
        number=BUYERS_NUMBER,
        sip_password=PASSWORD,
        filters=[("zip", "!=", f"{MARK} filter")],
    )
    campaign = make.make_campaign(company, name=f"{MARK} campaign")
    publisher = make.make_publisher(
        company, name=f"{MARK} publisher", publisher_id=f"{MARK}-publisher"
    )
    make.make_route(campaign, buyer)
    SpecialHours.objects.create(buyer=buyer, date="2030-01-01", open="09:00", close="17:00")
    ClosedDate.objects.create(buyer=buyer, date="2030-01-02")
    webhook = make.make_webhook(
        campaign,
        name=f"{MARK} hook",
        trigger="ended",
        url="https://hooks.example.com/?key=open-hook",
    )
    scene.add(
        buyer, campaign, publisher, make.make_group(company, [buyer], name=f"{MARK} group"), webhook
    )
    scene.add(
        make.make_number(campaign, in_pool=True, tags={"source": f"{MARK} tag"}),
        make.make_conversion(campaign),
    )
    keys = [
        make.make_key("account", company=company, name=f"{MARK} account"),
        make.make_key("call_control", buyer=buyer, actions=["transfer"]),
    ]
    key = make.make_key("rtb", campaign=campaign, name=f"{MARK} key")
    link = create_link(key=key, publisher=publisher, now=timezone.now())
    scene.add(key, link, buyer.filters.get())
    scene.secret += [
        key.key,
        *(each.key for each in keys),
        PASSWORD,
        webhook.secret,
        "open-hook",
        str(link.token),
    ]


def _traffic(scene: Scene) -> None:
    """A ping, its reservation and its call, which goes on; and a webhook's word about it."""
    key = scene.row(Key)
    said = ping(key, caller_number=CALLER, note=f"{MARK} tag", publisher_id=f"{MARK}-publisher")
    call = dial(said["inbound_number"], CALLER)
    scene.leg = last_leg(call)
    act(scene.leg, "answer")
    scene.add(
        Reservation.objects.get(company=scene.company), Call.objects.get(company=scene.company)
    )
    scene.add(LogEntry.objects.filter(company_pk=scene.company.pk).latest("id"))
    hook = next(row for row in scene.rows.values() if row._meta.model_name == "webhook")
    now = timezone.now()
    word = {
        "name": hook.name,
        "trigger": "ended",
        "method": "POST",
        "url": hook.url,
        "created_at": now - timedelta(days=1),
    }
    scene.add(
        Delivery.objects.create(company=scene.company, call=scene.row(Call), webhook=hook, **word)
    )


def person(company: Company | None = None, role: str = "") -> Client:
    """Return a user with this role in the company; without a role, of no company."""
    name = company.name if company else "nobody"
    user = User.objects.create_user(
        f"{name} {role} {User.objects.count()}", is_staff=True, first_name=name
    )
    if company is not None:
        Member.objects.create(company=company, user=user, role=role)
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


def member_of(scene: Scene) -> Client:
    """Return an owner of the company; the membership is the scene's row of `Member`."""
    client = person(scene.company, "owner")
    scene.add(Member.objects.filter(company=scene.company).latest("pk"))
    scene.add(scene.row(Member).user)
    return client


__all__ = ["CALLER", "MARK", "Filter", "Scene", "build", "member_of", "person"]
