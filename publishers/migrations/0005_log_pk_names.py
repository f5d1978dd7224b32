from config.db.migrations import StateOnly
from django.db import migrations, models


class Migration(migrations.Migration):
    """New names in Python; columns, indexes and rows stay as they are."""

    dependencies = [("publishers", "0004_posting_instructions")]

    operations = [
        StateOnly(
            [
                migrations.RemoveIndex("LogEntry", "log_by_key"),
                migrations.RemoveIndex("LogEntry", "log_of_company"),
                *(
                    operation
                    for name in ("company", "key", "publisher")
                    for operation in (
                        migrations.RenameField("LogEntry", f"{name}_row", f"{name}_pk"),
                        migrations.AlterField(
                            "LogEntry", f"{name}_pk", models.BigIntegerField(null=True, db_column=f"{name}_row")
                        ),
                    )
                ),
                migrations.AddIndex("LogEntry", models.Index(fields=["key_pk", "id"], name="log_by_key")),
                migrations.AddIndex(
                    "LogEntry",
                    models.Index(
                        fields=[
                            *("company_pk", "at", "id"),
                            *("result", "type", "method", "status", "publisher_pk", "key_pk", "reasons"),
                        ],
                        name="log_of_company",
                    ),
                ),
            ]
        )
    ]
