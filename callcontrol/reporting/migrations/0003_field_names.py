import django.db.models.deletion
from config.db.migrations import StateOnly
from django.db import migrations, models


class Migration(migrations.Migration):
    """New names in Python; tables, columns, constraints and rows stay as they are."""

    dependencies = [("desk", "0002_rollup_names")]

    operations = [
        StateOnly(
            [
                migrations.RemoveConstraint("RollupPeriod", "span_once"),
                migrations.RemoveConstraint("RollupPeriod", "span_book_known"),
                migrations.RemoveConstraint("Rollup", "tally_once_a_span"),
                migrations.RenameField("RollupPeriod", "book", "source"),
                migrations.AlterField(
                    "RollupPeriod",
                    "source",
                    models.CharField(
                        max_length=8,
                        db_column="book",
                        choices=[("pings", "Pings and why they were refused"), ("outcomes", "Reservations and calls")],
                    ),
                ),
                migrations.RenameField("RollupPeriod", "tallied_at", "counted_at"),
                migrations.AlterField(
                    "RollupPeriod", "counted_at", models.DateTimeField(db_column="tallied_at")
                ),
                migrations.RenameField("Rollup", "span", "period"),
                migrations.AlterField(
                    "Rollup",
                    "period",
                    models.ForeignKey(
                        db_column="span_id",
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="rollups",
                        to="desk.rollupperiod",
                    ),
                ),
                migrations.AddConstraint(
                    "RollupPeriod",
                    models.UniqueConstraint(
                        fields=["company", "source", "is_day", "starts_at"], name="span_once"
                    ),
                ),
                migrations.AddConstraint(
                    "RollupPeriod",
                    models.CheckConstraint(
                        condition=models.Q(source__in=["pings", "outcomes"]), name="span_book_known"
                    ),
                ),
                migrations.AddConstraint(
                    "Rollup",
                    models.UniqueConstraint(
                        fields=["period", "campaign_pk", "publisher_pk", "buyer_pk", "reason"],
                        name="tally_once_a_span",
                    ),
                ),
            ]
        )
    ]
