"""What became of a call, or what happens on it now, in one line of words."""

from collections.abc import Sequence
from datetime import timedelta

from callcontrol.models import Call, Leg, Outcome
from callcontrol.state.locked_call import LockedCall
from callcontrol.state.timeline import leg_name
from campaigns.admin_base import money_text

from .settlement import connected_leg

_TRIED = {
    Outcome.BUSY: "was busy",
    Outcome.NO_ANSWER: "did not answer",
    Outcome.FAILED: "could not be reached",
    Outcome.RETURNED: "gave the call back",
    Outcome.REJECTED: "rejected the call",
    Outcome.NOT_ACCEPTED: "did not accept the call in time",
}


def call_headline(locked_call: LockedCall, *, why: str = "") -> str:
    """`Summit Roofing talked 2:10 min; the call paid Alpha Media 90.00 USD and earned 120.00 USD.`

    `why` is why it ended, if it is known. The locked_call’s legs come with their buyers, its call with its publisher and company.
    """
    call = locked_call.call
    text = (
        _now(locked_call)
        if call.is_live
        else _nobody(locked_call)
        if call.status == Call.Status.NO_TARGET
        else _ended(locked_call, why)
    )
    return f"{text[:1].upper()}{text[1:]}"


def lasted(span: timedelta) -> str:
    """`2:10 min`, or `1:02:10 h`."""
    seconds = max(int(span.total_seconds()), 0)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02} h" if hours else f"{minutes}:{seconds:02} min"


def all_of(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


# --- live -------------------------------------------------------------------------------------------------
def _now(locked_call: LockedCall) -> str:
    talking, ringing = (
        [leg_name(leg) for leg in locked_call.talking_legs()],
        [leg_name(leg) for leg in locked_call.ringing_legs()],
    )
    if not talking and not ringing:
        return "a buyer is being looked for."
    if not talking:
        return (
            f"the caller waits, and {all_of(ringing)} rings."
            if locked_call.transfers
            else f"{all_of(ringing)} rings."
        )
    if not locked_call.caller.held:
        said = f"the caller talks with {all_of(talking)}."
    elif len(talking) > 1:
        said = f"the caller is on hold, while {all_of(talking)} talk."
    else:
        said = f"the caller is on hold, and {talking[0]} is alone."
    joining = f" {_begun(all_of(ringing))} rings, to join them." if ringing else ""
    return said + joining + _unaccepted(locked_call)


def _unaccepted(locked_call: LockedCall) -> str:
    names = [leg_name(leg) for leg in locked_call.talking_legs() if not leg.is_accepted]
    return f" {_begun(all_of(names))} has not accepted the call yet." if names else ""


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


# --- over -------------------------------------------------------------------------------------------------
def _nobody(locked_call: LockedCall) -> str:
    tried = [
        f"{leg_name(leg)} {_TRIED[Outcome(leg.outcome)]}"
        for leg in locked_call.dialed_legs()
        if leg.outcome in _TRIED
    ]
    return f"nobody took the call: {all_of(tried)}." if tried else "no buyer could take the call."


def _ended(locked_call: LockedCall, why: str) -> str:
    call, kept = locked_call.call, connected_leg(locked_call)
    ended_at = call.ended_at or call.clock
    if kept is None or kept.answered_at is None:
        return f"{why or 'the call ended'} after {lasted(ended_at - call.started_at)}, before anybody had taken it.{_sold(call)}"
    return f"{leg_name(kept)} talked {lasted(ended_at - kept.answered_at)}{_money(call, kept)}"


def _money(call: Call, kept: Leg) -> str:
    if call.converted_at:
        return f"; the call {_amounts(call)}."
    if call.settled_at is None:
        return "; what it pays is being decided."
    if call.duplicate:
        return "; the caller had converted before, so it does not pay again."
    return ", which was not enough to convert."


def _sold(call: Call) -> str:
    return f" The call {_amounts(call)}." if call.converted_at else ""


def _amounts(call: Call) -> str:
    currency = call.company.currency
    if call.publisher is None:
        return f"earned {money_text(call.revenue)} {currency}; its payout of {money_text(call.payout)} {currency} has no publisher"
    return f"paid {call.publisher.name} {money_text(call.payout)} {currency} and earned {money_text(call.revenue)} {currency}"
