"""The tables of the ratings database. Rows are inserted and never changed; times are milliseconds since 1970, UTC."""

import sqlalchemy as sql

TABLES = sql.MetaData()
SESSION = sql.Table(
    "session",
    TABLES,
    sql.Column("id", sql.String, primary_key=True),  # the listener's receipt
    sql.Column("code_sha256", sql.String, nullable=False, unique=True),
    sql.Column("study", sql.String, nullable=False, index=True),
    sql.Column("created_ms", sql.BigInteger, nullable=False),
)
TRIAL = sql.Table(
    "trial",
    TABLES,
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("session", sql.ForeignKey("session.id"), nullable=False),
    sql.Column("ordinal", sql.Integer, nullable=False),
    sql.Column("item", sql.String, nullable=False),
    sql.Column("conditions", sql.String, nullable=False),  # by slot, separated by spaces
    sql.Column("presented_ms", sql.BigInteger, nullable=False),
    sql.UniqueConstraint("session", "ordinal"),
)
PRESENTATION = sql.Table(
    "presentation",
    TABLES,
    sql.Column("token", sql.String, primary_key=True),
    sql.Column("trial", sql.ForeignKey("trial.id"), nullable=False, index=True),
    sql.Column("slot", sql.Integer, nullable=False),
    sql.Column("stimulus_sha256", sql.String, nullable=False),
)
RATING = sql.Table(
    "rating",
    TABLES,
    sql.Column("uuid", sql.String, primary_key=True),
    sql.Column("trial", sql.ForeignKey("trial.id"), nullable=False, unique=True),
    sql.Column("conditions", sql.String, nullable=False),  # the order that the choice refers to, once more
    sql.Column("response", sql.JSON, nullable=False),
    sql.Column("heard_ms", sql.JSON, nullable=False),  # by slot
    sql.Column("shown_ms", sql.BigInteger, nullable=False),
    sql.Column("answered_ms", sql.BigInteger, nullable=False),
    sql.Column("received_ms", sql.BigInteger, nullable=False),
)
TRIALS = TRIAL.join(SESSION).outerjoin(RATING, RATING.c.trial == TRIAL.c.id)
