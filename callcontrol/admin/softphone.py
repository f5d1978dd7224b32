"""The softphone: a page on which a caller dials on the simulator, and everybody on a line acts."""

from campaigns.desk import DeskPage


class Softphone(DeskPage):
    title = "Softphone"
