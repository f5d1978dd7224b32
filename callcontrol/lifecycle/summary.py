"""A call in one sentence: what happens on it now, or how it went and what it paid."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _

from callcontrol.models import Call, Leg, Outcome
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.timeline import leg_name
from campaigns.money import money_text

from .settlement import connected_leg


def call_headline(locked: LockedCall, *, why: str = "") -> str:
    """Return for example `Summit Roofing talked 2:10 min; the call paid Alpha 90.00 USD and …`.

    `why` is why the call ended, if known. Legs come with their buyers, the call with its publisher
    and company.
    """
    call = locked.call
    if call.is_live:
        return capfirst(_live_sentence(locked))
    if call.status == Call.Status.NO_TARGET:
        dialed = [leg for leg in locked.dialed_legs() if leg.outcome]
        if not dialed:
            return _("No buyer could take the call.")
        outcomes = (
            capfirst(str(Outcome(leg.outcome).sentence) % {"leg": leg_name(leg)}) for leg in dialed
        )
        return " ".join([_("No buyer took the call."), *outcomes])
    return capfirst(_ended_sentence(locked, why))


def lasted(span: timedelta) -> str:
    """Return `2:10 min`, or `1:02:10 h`."""
    seconds = max(int(span.total_seconds()), 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02} h" if hours else f"{minutes}:{seconds:02} min"


def all_of(names: Sequence[str]) -> str:
    """Return `a`, `a and b`, or `a, b and c`."""
    return get_text_list(list(names), _("and"))


def _names(legs: Iterable[Leg]) -> str:
    return all_of([leg_name(leg) for leg in legs])


# --- live calls -----------------------------------------------------------------------------
def _live_sentence(locked: LockedCall) -> str:
    talking, ringing = locked.talking_legs(), locked.ringing_legs()
    names = {"talking": _names(talking), "ringing": _names(ringing)}
    if not talking and not ringing:
        return _("routing looks for a buyer.")
    if not talking:
        if locked.transfers:
            return _("the caller waits, and %(ringing)s rings.") % names
        return _("%(ringing)s rings.") % names
    if not locked.caller.held:
        sentence = _("the caller talks with %(talking)s.") % names
    elif len(talking) > 1:
        sentence = _("the caller is on hold, while %(talking)s talk.") % names
    else:
        sentence = _("the caller is on hold, and %(talking)s is alone.") % names
    sentences = [sentence]
    if ringing:
        sentences.append(capfirst(_("%(ringing)s rings, to join them.") % names))
    if unaccepted := [leg for leg in talking if not leg.is_accepted]:
        text = _("%(names)s has not accepted the call yet.") % {"names": _names(unaccepted)}
        sentences.append(capfirst(text))
    return " ".join(sentences)


# --- ended calls ----------------------------------------------------------------------------
def _ended_sentence(locked: LockedCall, why: str) -> str:
    call, kept = locked.call, connected_leg(locked)
    ended_at = call.ended_at or call.clock
    amounts = {
        "publisher": call.publisher.name if call.publisher else "",
        "payout": f"{money_text(call.payout)} {call.company.currency}",
        "revenue": f"{money_text(call.revenue)} {call.company.currency}",
    }
    if not call.converted_at:
        paid = ""
    elif call.publisher is None:
        paid = _("the call earned %(revenue)s; its payout of %(payout)s has no publisher.")
    else:
        paid = _("the call paid %(publisher)s %(payout)s and earned %(revenue)s.")
    paid %= amounts
    if kept is None or kept.answered_at is None:
        ended = _("%(why)s after %(time)s, before any buyer answered.") % {
            "why": why or _("the call ended"),
            "time": lasted(ended_at - call.started_at),
        }
        return f"{ended} {capfirst(paid)}".rstrip()
    if not paid and call.settled_at is None:
        paid = _("the settlement is pending.")
    elif not paid and call.duplicate:
        paid = _("the caller had converted before, so it does not pay again.")
    elif not paid:
        paid = _("not enough to convert.")
    talked = _("%(leg)s talked %(time)s") % {
        "leg": leg_name(kept),
        "time": lasted(ended_at - kept.answered_at),
    }
    return f"{talked}; {paid}"
