#!/usr/bin/python3
"""database.py - a database for the benchmark, in the shape of the AdCP application.

  database.py KIND PRODUCTS PATH

Kinds:
  plain       tenants, products, external agents; no full-text index
  fts         the same, and FTS5 over the products (external content, kept by triggers)
  embeddings  plain, and 768 float32 in a BLOB for a fifth of the products
  many        2,000 small tables that hold as many rows as there are products
  wide        one table of 200 columns and a twentieth of the rows

Every value comes from a seeded generator: the same arguments make the same rows.
"""
import array
import json
import random
import sqlite3
import sys

SCHEMA = """
CREATE TABLE tenant (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  slug VARCHAR(255) NOT NULL,
  custom_prompt VARCHAR,
  web_grounding_prompt VARCHAR,
  enable_web_context BOOLEAN NOT NULL,
  created_at DATETIME NOT NULL
);
CREATE UNIQUE INDEX ix_tenant_slug ON tenant (slug);
CREATE TABLE product (
  id INTEGER NOT NULL PRIMARY KEY,
  tenant_id INTEGER NOT NULL,
  name VARCHAR(255) NOT NULL,
  description VARCHAR,
  price_cpm FLOAT NOT NULL,
  delivery_type VARCHAR(100) NOT NULL,
  formats_json VARCHAR,
  targeting_json VARCHAR,
  created_at DATETIME NOT NULL,
  FOREIGN KEY(tenant_id) REFERENCES tenant (id)
);
CREATE INDEX ix_product_tenant_id ON product (tenant_id);
CREATE INDEX ix_product_name ON product (name);
CREATE TABLE externalagent (
  id INTEGER NOT NULL PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  base_url VARCHAR(500) NOT NULL,
  enabled BOOLEAN NOT NULL,
  agent_type VARCHAR(50) NOT NULL,
  protocol VARCHAR(10) NOT NULL,
  created_at DATETIME NOT NULL
);
"""

FTS = """
CREATE VIRTUAL TABLE products_fts USING fts5(
  name, description, content='product', content_rowid='id'
);
CREATE TRIGGER products_fts_insert AFTER INSERT ON product BEGIN
  INSERT INTO products_fts(rowid, name, description)
  VALUES (new.id, new.name, new.description);
END;
CREATE TRIGGER products_fts_delete AFTER DELETE ON product BEGIN
  INSERT INTO products_fts(products_fts, rowid, name, description)
  VALUES ('delete', old.id, old.name, old.description);
END;
CREATE TRIGGER products_fts_update AFTER UPDATE ON product BEGIN
  INSERT INTO products_fts(products_fts, rowid, name, description)
  VALUES ('delete', old.id, old.name, old.description);
  INSERT INTO products_fts(rowid, name, description)
  VALUES (new.id, new.name, new.description);
END;
"""

EMBEDDINGS = """
CREATE TABLE product_embeddings (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  product_id INTEGER NOT NULL,
  embedding_text TEXT NOT NULL,
  embedding_hash TEXT NOT NULL,
  embedding BLOB NOT NULL,
  provider TEXT, model TEXT, dim INTEGER, updated_at TEXT,
  FOREIGN KEY (product_id) REFERENCES product(id)
);
CREATE UNIQUE INDEX idx_product_embeddings_version
  ON product_embeddings(product_id, provider, model);
"""

PLACES = ("Homepage takeover", "Pre-roll", "Mid-roll", "Newsletter", "Sidebar", "Live event",
          "Search results", "In-feed", "Connected TV spot", "Podcast host-read", "Interstitial")
THEMES = ("cooking", "football", "travel", "finance", "gardening", "science fiction", "jazz",
          "parenting", "cycling", "history", "technology", "fashion", "skiing", "true crime",
          "local news", "weather", "gaming", "wellness", "architecture", "cinéma", "opera")
AUDIENCES = ("commuters", "students", "young families", "early adopters", "frequent flyers",
             "home owners", "decision makers", "sports fans", "night owls", "pet owners",
             "retirees", "small businesses", "weekend cooks", "music lovers")
OPENINGS = ("Reaches", "Made for", "A favourite of", "Built around", "Puts your brand before",
            "Sold out last season to", "Guaranteed viewability among", "Speaks to")
QUALITIES = ("premium", "brand-safe", "high-impact", "always-on", "seasonal", "curated",
             "contextual", "first-party", "cookieless", "measured", "skippable", "full-screen")
DEVICES = ("on mobile", "on connected TV", "on desktop", "across all screens", "in the app",
           "in the morning hours", "in prime time", "at weekends", "during live coverage")
NOTES = ("Creative is due five working days before the start.", "Frequency is capped at {} a day.",
         "Includes a report every {} days.", "Minimum spend is {},000 EUR.",
         "Not available in week {}.", "“Réservé” inventory – ask for a quote.",
         "Third-party tags are accepted.", "Viewability was {} % over the last quarter.")
FORMATS = ("display_300x250", "display_728x90", "display_970x250", "video_15s", "video_30s",
           "native", "audio_30s", "html5_interstitial")
COUNTRIES = ("US", "GB", "FR", "DE", "JP", "BR", "CA", "NL", "SE", "IN")
SYLLABLES = ("ba", "ko", "mi", "ra", "lu", "ten", "sol", "ver", "na", "dor", "pi", "quin", "ta")


def description(rng):
    """One to three sentences, about 200 characters."""
    choice = rng.choice
    text = "%s %s who follow %s %s. %s %s placement beside %s content, with %d,%03d impressions." % (
        choice(OPENINGS), choice(AUDIENCES), choice(THEMES), choice(DEVICES),
        choice(QUALITIES).capitalize(), choice(QUALITIES), choice(THEMES), rng.randrange(1, 900),
        rng.randrange(1000))
    while len(text) < 190:
        text += " " + choice(NOTES).format(rng.randrange(2, 98))
    return text


def brand(rng):
    return "".join(rng.choice(SYLLABLES) for _ in range(3)).capitalize()


def timestamp(rng):
    return "2025-%02d-%02d %02d:%02d:%02d.%06d" % (
        rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24), rng.randrange(60),
        rng.randrange(60), rng.randrange(1000000))


def product_row(rng, number, tenants):
    """A tenth of the prices are quotients that need all 17 digits, the others have cents."""
    price = rng.randrange(50, 12000) / 100.0
    if number % 10 == 0:
        price = price / 1.19
    formats = json.dumps(rng.sample(FORMATS, rng.randrange(1, 4)))
    targeting = json.dumps({"geo": rng.sample(COUNTRIES, rng.randrange(1, 5)),
                            "age_min": rng.randrange(18, 35), "segments": [rng.randrange(10000)]})
    name = "%s %s: %s #%d" % (brand(rng), rng.choice(PLACES), rng.choice(THEMES), number)
    return (number, rng.randrange(1, tenants + 1), name,
            None if number % 50 == 0 else description(rng), price,
            rng.choice(("guaranteed", "non_guaranteed")), formats, targeting, timestamp(rng))


def embedding_rows(rng, products):
    """Vectors are windows of one long series of floats: no window is met again near by."""
    series = array.array("f", (rng.gauss(0.0, 0.036) for _ in range(1 << 20)))
    if sys.byteorder != "little":
        series.byteswap()
    pool = series.tobytes()
    for number in range(5, products + 1, 5):
        at = 4 * rng.randrange((1 << 20) - 768)
        yield (number, description(rng), "%016x" % rng.getrandbits(64), pool[at:at + 3072],
               "example", "text-embed-768", 768, timestamp(rng))


def make_adcp(db, kind, products):
    rng = random.Random(2025)
    tenants = max(6, products // 1000)
    db.executescript(SCHEMA)
    if kind == "fts":
        db.executescript(FTS)
    db.execute("BEGIN")
    db.executemany("INSERT INTO tenant VALUES (?,?,?,?,?,?,?)", (
        (i, brand(rng) + " Media", "tenant-%d" % i, description(rng), None, i % 2, timestamp(rng))
        for i in range(1, tenants + 1)))
    db.executemany("INSERT INTO product VALUES (?,?,?,?,?,?,?,?,?)",
                   (product_row(rng, i, tenants) for i in range(1, products + 1)))
    db.execute("INSERT INTO externalagent VALUES (1, 'Signals agent',"
               " 'https://signals.example/mcp', 1, 'signals', 'mcp', '2025-04-02 08:00:00')")
    if kind == "embeddings":
        for statement in EMBEDDINGS.split(";"):
            db.execute(statement)
        db.executemany(
            "INSERT INTO product_embeddings(product_id, embedding_text, embedding_hash, embedding,"
            " provider, model, dim, updated_at) VALUES (?,?,?,?,?,?,?,?)",
            embedding_rows(rng, products))
    db.execute("COMMIT")


def make_many(db, products):
    rng = random.Random(2026)
    tables = 2000
    db.execute("BEGIN")
    for t in range(tables):
        db.execute("CREATE TABLE event_%04d (id INTEGER PRIMARY KEY, at DATETIME, kind TEXT,"
                   " value REAL)" % t)
        db.executemany("INSERT INTO event_%04d VALUES (?,?,?,?)" % t, (
            (i, timestamp(rng), rng.choice(FORMATS), rng.randrange(10000) / 100.0)
            for i in range(1, products // tables + 1)))
    db.execute("COMMIT")


def make_wide(db, products):
    rng = random.Random(2027)
    kinds = (lambda: rng.randrange(1000000), lambda: rng.randrange(10000) / 100.0,
             lambda: rng.choice(THEMES), lambda: None)
    db.execute("CREATE TABLE wide (id INTEGER PRIMARY KEY, %s)" %
               ", ".join("c%03d" % i for i in range(199)))
    db.execute("BEGIN")
    db.executemany("INSERT INTO wide VALUES (%s)" % ",".join("?" * 200), (
        [i] + [kinds[c % 4]() for c in range(199)] for i in range(1, products // 20 + 1)))
    db.execute("COMMIT")


def main():
    kind, products, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = OFF")
    db.execute("PRAGMA synchronous = OFF")
    if kind == "many":
        make_many(db, products)
    elif kind == "wide":
        make_wide(db, products)
    else:
        make_adcp(db, kind, products)
    db.close()


if __name__ == "__main__":
    main()
