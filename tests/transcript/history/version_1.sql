-- A history as version 1 wrote it. Never changed: such files are out there.
PRAGMA journal_mode = WAL;
BEGIN;
CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE,
    started_at REAL NOT NULL, ended_at REAL, source TEXT NOT NULL, engine TEXT NOT NULL,
    language TEXT NOT NULL, model TEXT NOT NULL);
CREATE TABLE segment (id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE, number INTEGER NOT NULL,
    channel TEXT NOT NULL, spoken_at REAL NOT NULL, start_ms INTEGER NOT NULL,
    end_ms INTEGER NOT NULL, text TEXT NOT NULL, confidence REAL NOT NULL,
    promoted INTEGER NOT NULL, words TEXT NOT NULL, UNIQUE (run_id, number));
CREATE INDEX segment_spoken_at ON segment (spoken_at);
CREATE TABLE gap (id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE, channel TEXT NOT NULL,
    start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, reason TEXT NOT NULL,
    UNIQUE (run_id, channel, start_ms, reason));
CREATE TABLE unfinished (run_id INTEGER NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    channel TEXT NOT NULL, number INTEGER NOT NULL, spoken_at REAL NOT NULL,
    start_ms INTEGER NOT NULL, end_ms INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (run_id, channel)) WITHOUT ROWID;
CREATE VIRTUAL TABLE segment_words USING fts5 (
    text, content = 'segment', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2');
CREATE TRIGGER segment_added AFTER INSERT ON segment BEGIN
    INSERT INTO segment_words (rowid, text) VALUES (new.id, new.text); END;
CREATE TRIGGER segment_deleted AFTER DELETE ON segment BEGIN
    INSERT INTO segment_words (segment_words, rowid, text) VALUES ('delete', old.id, old.text); END;
INSERT INTO run VALUES (3, 'a', 1000.0, 1060.0, 'Speakers', 'Embedded engine', 'en-US', '');
INSERT INTO segment VALUES
    (7, 3, 0, '', 1001.0, 0, 900, 'Grüße aus Köln', 0.9, 0, '[["Grüße",0,400,0.9,0]]');
INSERT INTO segment VALUES (8, 3, 1, 'You', 1002.0, 1000, 1900, 'and back', 0.0, 1, '');
INSERT INTO gap VALUES (1, 3, '', 2000, 3000, 'The microphone was unplugged');
INSERT INTO unfinished VALUES (3, '', 2, 1004.0, 4000, 4500, 'half a sent');
PRAGMA user_version = 1;
COMMIT;
