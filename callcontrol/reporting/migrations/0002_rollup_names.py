from config.db.migrations import StateOnly
from django.db import migrations, models


class Migration(migrations.Migration):
    """New names in Python; tables, columns, constraints and rows stay as they are."""

    dependencies = [("desk", "0001_tallies")]

    operations = [
        StateOnly(
            [
                migrations.RenameModel("Ledger", "RollupWatermark"),
                migrations.AlterModelTable("RollupWatermark", "desk_ledger"),
                migrations.RenameModel("Span", "RollupPeriod"),
                migrations.AlterModelTable("RollupPeriod", "desk_span"),
                migrations.RenameModel("Tally", "Rollup"),
                migrations.AlterModelTable("Rollup", "desk_tally"),
                migrations.AlterModelOptions("Rollup", {}),
                migrations.RemoveConstraint("Rollup", "tally_once_a_span"),
                *(
                    operation
                    for name in ("campaign", "publisher", "buyer")
                    for operation in (
                        migrations.RenameField("Rollup", f"{name}_row", f"{name}_pk"),
                        migrations.AlterField(
                            "Rollup", f"{name}_pk", models.BigIntegerField(default=0, db_column=f"{name}_row")
                        ),
                    )
                ),
                migrations.AddConstraint(
                    "Rollup",
                    models.UniqueConstraint(
                        fields=["span", "campaign_pk", "publisher_pk", "buyer_pk", "reason"], name="tally_once_a_span"
                    ),
                ),
            ]
        )
    ]
