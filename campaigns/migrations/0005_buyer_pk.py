from config.db.migrations import StateOnly
from django.db import migrations, models


class Migration(migrations.Migration):
    """A new name in Python; the columns stay as they are."""

    dependencies = [("campaigns", "0004_buyers_digits")]

    operations = [
        StateOnly(
            [
                operation
                for model in ("CapHold", "ConvertedCaller")
                for operation in (
                    migrations.RenameField(model, "buyer_row", "buyer_pk"),
                    migrations.AlterField(model, "buyer_pk", models.BigIntegerField(db_column="buyer_row")),
                )
            ]
        )
    ]
