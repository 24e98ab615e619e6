"""The tables of the ratings database. Rows are inserted and never changed; times are milliseconds since 1970, UTC.

Every row is also an entry of the journal, which chains the entries by their hashes: what the other tables hold can be
rebuilt from it, and a row that was changed, added or removed behind the store's back is found.
"""

import sqlalchemy as sql

TABLES = sql.MetaData()
JOURNAL = sql.Table(
    "journal",
    TABLES,
    sql.Column("sequence", sql.Integer, primary_key=True, autoincrement=False),  # from 1, without gaps
    sql.Column("session", sql.String, nullable=False, index=True),
    sql.Column("rows", sql.Text),  # JSON, [[table, row], ...]; null once the listener has withdrawn
    sql.Column("rows_sha256", sql.String, nullable=False),
    sql.Column("prev_sha256", sql.String, nullable=False),
    sql.Column("sha256", sql.String, nullable=False),
)
SESSION = sql.Table(
    "session",
    TABLES,
    sql.Column("id", sql.String, primary_key=True),  # the listener's receipt
    sql.Column("code_sha256", sql.String, nullable=False, unique=True),
    sql.Column("study", sql.String, nullable=False, index=True),
    sql.Column("number", sql.Integer, nullable=False),  # from 0, by study
    sql.Column("seed", sql.BigInteger, nullable=False),  # of the headphone tests
    sql.Column("plan", sql.JSON, nullable=False),  # [[block, purpose, attribute, repeat_of], ...]
    sql.Column("consent_version", sql.Integer),
    sql.Column("language", sql.String, nullable=False),
    sql.Column("device", sql.JSON, nullable=False),
    sql.Column("created_ms", sql.BigInteger, nullable=False),
)
QUESTIONNAIRE = sql.Table(
    "questionnaire",
    TABLES,
    sql.Column("session", sql.ForeignKey("session.id"), primary_key=True),
    sql.Column("answers", sql.JSON, nullable=False),  # option by question
    sql.Column("received_ms", sql.BigInteger, nullable=False),
)
HEADPHONES = sql.Table(
    "headphones",
    TABLES,
    sql.Column("session", sql.ForeignKey("session.id"), primary_key=True),
    sql.Column("test", sql.String, primary_key=True),
    sql.Column("attempt", sql.Integer, primary_key=True, autoincrement=False),  # from 0
    sql.Column("correct", sql.Integer, nullable=False),
    sql.Column("of", sql.Integer, nullable=False),
    sql.Column("received_ms", sql.BigInteger, nullable=False),
)
TRIAL = sql.Table(
    "trial",
    TABLES,
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("session", sql.ForeignKey("session.id"), nullable=False),
    sql.Column("ordinal", sql.Integer, nullable=False),
    sql.Column("kind", sql.String, nullable=False),
    sql.Column("material", sql.String, nullable=False),
    sql.Column("item", sql.String, nullable=False),
    sql.Column("attribute", sql.String),
    sql.Column("conditions", sql.String, nullable=False),  # by slot, separated by spaces
    sql.Column("reference", sql.String),  # its condition
    sql.Column("purpose", sql.String, nullable=False),
    sql.Column("repeat_of", sql.Integer),
    sql.Column("start", sql.Double),
    sql.Column("presented_ms", sql.BigInteger, nullable=False),
    sql.UniqueConstraint("session", "ordinal"),
)
PRESENTATION = sql.Table(
    "presentation",
    TABLES,
    sql.Column("token", sql.String, primary_key=True),
    sql.Column("trial", sql.ForeignKey("trial.id"), nullable=False, index=True),
    sql.Column("slot", sql.Integer, nullable=False),  # the reference comes after the last
    sql.Column("condition", sql.String, nullable=False),
    sql.Column("role", sql.String, nullable=False),
    sql.Column("stimulus_sha256", sql.String, nullable=False),
)
RATING = sql.Table(
    "rating",
    TABLES,
    sql.Column("uuid", sql.String, primary_key=True),
    sql.Column("trial", sql.ForeignKey("trial.id"), nullable=False, unique=True),
    sql.Column("conditions", sql.String, nullable=False),  # the order that the response refers to, once more
    sql.Column("response", sql.JSON, nullable=False),
    sql.Column("heard_ms", sql.JSON, nullable=False),  # by sound
    sql.Column("shown_ms", sql.BigInteger, nullable=False),
    sql.Column("answered_ms", sql.BigInteger, nullable=False),
    sql.Column("events", sql.JSON, nullable=False),
    sql.Column("received_ms", sql.BigInteger, nullable=False),
)
SCREENING = sql.Table(
    "screening",
    TABLES,
    sql.Column("study", sql.String, primary_key=True),
    sql.Column("version", sql.Integer, primary_key=True, autoincrement=False),  # of the list of exclusions, from 1
    sql.Column("decided_ms", sql.BigInteger, nullable=False),
)
EXCLUSION = sql.Table(
    "exclusion",
    TABLES,
    sql.Column("version", sql.Integer, primary_key=True, autoincrement=False),  # of the list
    sql.Column("session", sql.ForeignKey("session.id"), primary_key=True),
    sql.Column("rule", sql.String, primary_key=True),  # with its version
    sql.Column("value", sql.Double, nullable=False),
    sql.Column("threshold", sql.Double, nullable=False),
)
WITHDRAWAL = sql.Table(
    "withdrawal",
    TABLES,
    sql.Column("session", sql.String, primary_key=True),
    sql.Column("study", sql.String, nullable=False),
    sql.Column("answers", sql.Integer, nullable=False),  # how many were deleted
    sql.Column("withdrawn_ms", sql.BigInteger, nullable=False),
)
OPENING = sql.Table(
    "opening",
    TABLES,
    sql.Column("study", sql.String, primary_key=True),  # closed, and its conditions named in exports
    sql.Column("plan_sha256", sql.String, nullable=False),  # of the analysis plan, as it was before
    sql.Column("opened_ms", sql.BigInteger, nullable=False),
)
# The arena's, apart from all studies.
ARENA_BATTLE = sql.Table(
    "arena_battle",
    TABLES,
    sql.Column("id", sql.String, primary_key=True),
    sql.Column("listener", sql.String, nullable=False, index=True),  # hash of the listener's code
    sql.Column("prepared", sql.String, nullable=False, index=True),  # names the sounds
    sql.Column("seed", sql.BigInteger, nullable=False),
    sql.Column("first", sql.String, nullable=False),  # composer behind A
    sql.Column("second", sql.String, nullable=False),
    sql.Column("first_token", sql.String, nullable=False, unique=True),
    sql.Column("second_token", sql.String, nullable=False, unique=True),
    sql.Column("made", sql.JSON, nullable=False),  # how, by composer
    sql.Column("presented_ms", sql.BigInteger, nullable=False),
)
ARENA_VOTE = sql.Table(
    "arena_vote",
    TABLES,
    sql.Column("uuid", sql.String, primary_key=True),
    sql.Column("battle", sql.ForeignKey("arena_battle.id"), nullable=False, unique=True),
    sql.Column("preferred", sql.Integer),  # 0 for A, 1 for B, null for neither
    sql.Column("heard_ms", sql.JSON, nullable=False),  # of A and B
    sql.Column("received_ms", sql.BigInteger, nullable=False),
)
TRIALS = TRIAL.join(SESSION).outerjoin(RATING, RATING.c.trial == TRIAL.c.id)
OF_A_SESSION = (EXCLUSION, HEADPHONES, QUESTIONNAIRE)  # with a column `session`, and nothing that refers to them
