"""Copies snatbot's tables from one storage account to another: as a backup, and back again.

Azure has no restore for tables. Signatures of rows don't depend on the account. Rows of the target that the source
does not have stay: copy into an account without these tables.

    python -m infra.copy_tables https://FROM.table.core.windows.net https://TO.table.core.windows.net
"""

from __future__ import annotations

import sys

from azure.data.tables import TableServiceClient, UpdateMode


def copy_tables(source: TableServiceClient, target: TableServiceClient, prefix: str = "snatbot") -> dict[str, int]:
    """Returns the number of rows by table. ``prefix``: TABLE_PREFIX."""
    copied = {}
    for table in source.list_tables():
        if table.name.startswith(prefix):
            rows = target.create_table_if_not_exists(table.name)
            copied[table.name] = 0
            for row in source.get_table_client(table.name).list_entities():
                rows.upsert_entity(row, mode=UpdateMode.REPLACE)
                copied[table.name] += 1
    return copied


def main() -> None:
    from azure.identity import DefaultAzureCredential

    source, target = (TableServiceClient(endpoint, credential=DefaultAzureCredential()) for endpoint in sys.argv[1:3])
    for name, rows in copy_tables(source, target).items():
        print(f"{rows:8} rows  {name}")


if __name__ == "__main__":
    main()
