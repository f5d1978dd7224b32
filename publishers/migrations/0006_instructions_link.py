import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Names in Python: tables, columns, constraints and rows stay as they are."""

    dependencies = [("publishers", "0005_log_pk_names")]

    operations = [
        # With their tables pinned first, renaming the models touches the content types alone.
        migrations.AlterModelTable("Handout", "publishers_handout"),
        migrations.AlterModelTable("HistoricalHandout", "publishers_historicalhandout"),
        migrations.RenameModel("Handout", "InstructionsLink"),
        migrations.RenameModel("HistoricalHandout", "HistoricalInstructionsLink"),
        *(
            migrations.AlterField(
                "InstructionsLink",
                name,
                models.ForeignKey(
                    on_delete=django.db.models.deletion.PROTECT,
                    related_name="instructions_links",
                    to=f"publishers.{name}",
                    **options,
                ),
            )
            for name, options in (("key", {}), ("publisher", {"blank": True, "null": True}))
        ),
    ]
