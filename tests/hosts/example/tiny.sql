CREATE TABLE city(id INTEGER PRIMARY KEY, name TEXT, area REAL, flag BLOB);
CREATE TABLE log(line);
CREATE INDEX city_by_name ON city(name);
INSERT INTO city VALUES(1,'Zürich',88.0,x'ff00'),(2,'Bern "BE"',51.62,NULL);
INSERT INTO log(rowid,line) VALUES(-5,'a'||char(9)||'b'),(9007199254740993,1);
PRAGMA user_version=4;
