"""One caller: every ping, write, reservation and call of a number on one time line."""

from campaigns.desk import DeskPage


class OneCaller(DeskPage):
    title = "One caller"
