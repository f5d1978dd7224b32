"""The carrier without a network: whoever plays the far end tells it what happens."""

from .base import Carrier, Dial


class Simulator(Carrier):
    """Every leg rings until the far end acts, through the simulator's own HTTP interface."""

    slug = "simulator"

    def dial(self, order: Dial) -> str:
        return f"simulated-{order.leg_uuid}"

    def turn_away(self, carrier_call_id: str) -> None:
        """Nothing to do: nobody is on the line."""
