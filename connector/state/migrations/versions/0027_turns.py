"""A target that is wanted, claimed and confirmed stays on its page and in its index entries on PostgreSQL.

PostgreSQL writes a row's entries in all indexes anew where any column changed that any of them, or its condition, names,
which was most of what the server took for a value (ADR 63). So no index names a column that changes then: what failed or
was left out is indexed by columns that are empty else, and what waits has its turn in a table of its own, kept by
triggers as an index would be. On SQLite, which writes only the entries that change, that table is a view.

Pages keep room for the new versions of their rows, as those of records do. Pages that are full keep what they have;
targets move to such with room as they change.

Both tables change as a whole in a sync, and PostgreSQL looks through a sample of them after each to know how their values
are distributed. It looks at a tenth of the sample, and at what is searched for only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_IS_PUT_ASIDE = "state IN ('failed', 'skipped')"
_WAITS = "state = 'pending'"
_TURN = ("entity", "not_before", "id")
_VIEW = f"""
    CREATE VIEW turns AS
    SELECT entity, attempts, not_before, id AS target, wanted = 0 AS is_stock_out, wait IS NOT NULL AS waits,
        wanted_at
    FROM targets WHERE {_WAITS}
"""
# plans that are kept are made for its pages: a table that shrinks when nothing waits would be read as a whole later
_TABLE = """
    CREATE TABLE turns (
        target bigint PRIMARY KEY,
        entity text COLLATE "C" NOT NULL,
        attempts integer NOT NULL,
        not_before bigint NOT NULL,
        is_stock_out boolean NOT NULL,
        waits boolean NOT NULL,
        wanted_at bigint NOT NULL
    ) WITH (vacuum_truncate = off)
"""
_OF_PENDING = f"""
    INSERT INTO turns
    SELECT id, entity, attempts, not_before, COALESCE(wanted = 0, false), wait IS NOT NULL, wanted_at
    FROM {{}} WHERE {_WAITS};
"""
_FUNCTION = f"""
    CREATE FUNCTION keep_turns() RETURNS trigger LANGUAGE plpgsql
    SET search_path FROM CURRENT
    -- the plan is kept, and may have been made when nothing waited
    SET enable_seqscan = off
    AS $$ BEGIN
        IF TG_OP <> 'INSERT' THEN
            IF EXISTS (SELECT 1 FROM before WHERE {_WAITS}) THEN
                DELETE FROM turns WHERE target = ANY(ARRAY(SELECT id FROM before WHERE {_WAITS}));
            END IF;
        END IF;
        IF TG_OP <> 'DELETE' THEN
            {_OF_PENDING.format("after")}
        END IF;
        RETURN NULL;
    END $$
"""
_SEARCHED = {
    "targets": ("id", "entity", "key", "source", "acumatica_key", "confirmed", "state", "put_aside", "cause", "wait"),
    "records": ("entity", "acumatica_key", "key", "next_change"),
}
_TRIGGERS = {
    "INSERT": "NEW TABLE AS after",
    "UPDATE": "OLD TABLE AS before NEW TABLE AS after",
    "DELETE": "OLD TABLE AS before",
}


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    op.drop_index("targets_causes", "targets")
    op.drop_index("targets_put_aside", "targets")
    text = 'text COLLATE "C"' if is_postgresql else "text"
    kept = "STORED" if is_postgresql else "VIRTUAL"
    for column, kind, value, comment in (
        ("put_aside", text, "state", "the state where it failed or was left out"),
        ("put_aside_at", "bigint", "changed_at", "since when"),
    ):
        made = f"GENERATED ALWAYS AS (CASE WHEN {_IS_PUT_ASIDE} THEN {value} END) {kept}"
        op.execute(f"ALTER TABLE targets ADD COLUMN {column} {kind} {made}")
        if is_postgresql:
            op.execute(f"COMMENT ON COLUMN targets.{column} IS '{comment}'")
    where = sa.text("put_aside IS NOT NULL")
    _index("targets_put_aside", ("entity", "key"), where)
    _index("targets_causes", ("put_aside", "entity", "cause", "put_aside_at"), where)
    if not is_postgresql:
        op.execute(_VIEW)
        return
    op.drop_index("targets_pending", "targets")
    op.drop_index("targets_stock_outs", "targets")
    op.execute("ALTER TABLE targets SET (fillfactor = 60)")
    op.execute(_TABLE)
    op.execute("CREATE INDEX turns_in_order ON turns (entity, attempts, not_before, target)")
    op.execute("CREATE INDEX turns_stock_outs ON turns (entity, attempts, not_before, target) WHERE is_stock_out")
    op.execute(_OF_PENDING.format("targets"))
    op.execute(_FUNCTION)
    for change, rows in _TRIGGERS.items():
        op.execute(
            f"CREATE TRIGGER turns_after_{change.lower()} AFTER {change} ON targets REFERENCING {rows} "
            "FOR EACH STATEMENT EXECUTE FUNCTION keep_turns()"
        )
    for table, searched in _SEARCHED.items():
        for name in _columns(table):
            _take_sample(table, name, 10 if name in searched else 0)


def downgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        for change in _TRIGGERS:
            op.execute(f"DROP TRIGGER turns_after_{change.lower()} ON targets")
        for table in _SEARCHED:
            for name in _columns(table):
                _take_sample(table, name, -1)
        op.execute("DROP FUNCTION keep_turns")
        op.execute("DROP TABLE turns")
        op.execute("ALTER TABLE targets SET (fillfactor = 100)")
        _index("targets_pending", _TURN, sa.text(_WAITS))
        _index("targets_stock_outs", _TURN, sa.text(f"{_WAITS} AND wanted = 0"))
    else:
        op.execute("DROP VIEW turns")
    op.drop_index("targets_causes", "targets")
    op.drop_index("targets_put_aside", "targets")
    for column in ("put_aside_at", "put_aside"):
        op.execute(f"ALTER TABLE targets DROP COLUMN {column}")
    _index("targets_put_aside", ("entity", "key"), sa.text(_IS_PUT_ASIDE))
    _index("targets_causes", ("state", "entity", "cause", "changed_at"), sa.text(_IS_PUT_ASIDE))


def _index(name: str, columns: tuple[str, ...], where: sa.TextClause) -> None:
    op.create_index(name, "targets", list(columns), sqlite_where=where, postgresql_where=where)


def _columns(table: str) -> list[str]:
    return [column["name"] for column in sa.inspect(op.get_bind()).get_columns(table)]


def _take_sample(table: str, column: str, target: int) -> None:
    op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STATISTICS {target}")
