-- A database as the first release made it (revision 0001), with rows in all its tables. SQLite's own dump; not to be changed.
BEGIN TRANSACTION;
CREATE TABLE absence (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	employee_id VARCHAR(32), 
	note TEXT, 
	first_day DATE, 
	last_day DATE, 
	start_minute BIGINT, 
	end_minute BIGINT, 
	CONSTRAINT pk_absence PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_absence_company_id_employee_id FOREIGN KEY(company_id, employee_id) REFERENCES employee (company_id, id) ON DELETE CASCADE, 
	CONSTRAINT ck_absence_days_or_range CHECK ((first_day IS NULL) <> (start_minute IS NULL)), 
	CONSTRAINT fk_absence_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "absence" VALUES('cccccccccccccccccccccccccccccccc','14141414141414141414141414141414',NULL,'Easter','2026-04-03','2026-04-06',NULL,NULL);
INSERT INTO "absence" VALUES('cccccccccccccccccccccccccccccccc','15151515151515151515151515151515','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee',NULL,NULL,NULL,29540000,29540060);
CREATE TABLE access_log (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	at DATETIME NOT NULL, 
	agent_id VARCHAR(32) NOT NULL, 
	agent VARCHAR(254) NOT NULL, 
	case_id VARCHAR(32), 
	refused BOOLEAN NOT NULL, 
	operation_name VARCHAR(200), 
	fields TEXT NOT NULL, 
	range_start DATETIME, 
	range_end DATETIME, 
	CONSTRAINT pk_access_log PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_access_log_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "access_log" VALUES('cccccccccccccccccccccccccccccccc','21212121212121212121212121212121','2026-03-01 08:30:15.123456','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','agent@slotgraph.example','20202020202020202020202020202020',0,'Look','["Query.overview"]','2026-03-01 08:30:15.123456',NULL);
CREATE TABLE account (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	employee_id VARCHAR(32), 
	provider VARCHAR(64) NOT NULL, 
	label VARCHAR(320) NOT NULL, 
	granted TEXT NOT NULL, 
	capabilities TEXT NOT NULL, 
	key_id VARCHAR(32) NOT NULL, 
	sealed_credentials BLOB NOT NULL, 
	last_success_at DATETIME, 
	last_failure_at DATETIME, 
	last_cause VARCHAR(32), 
	failing BOOLEAN NOT NULL, 
	CONSTRAINT pk_account PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_account_company_id_employee_id FOREIGN KEY(company_id, employee_id) REFERENCES employee (company_id, id), 
	CONSTRAINT fk_account_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "account" VALUES('cccccccccccccccccccccccccccccccc','16161616161616161616161616161616','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','caldav','anna@caldav.example','["BUSY","TITLES","WRITE"]','[]','k1',X'000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F202122232425262728292A2B2C2D2E2F','2026-03-01 08:30:15.123456',NULL,NULL,0);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE api_token (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	secret_hash VARCHAR(64) NOT NULL, 
	scopes TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	expires_at DATETIME, 
	last_used_at DATETIME, 
	CONSTRAINT pk_api_token PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_api_token_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "api_token" VALUES('cccccccccccccccccccccccccccccccc','11111111111111111111111111111111','Web site','2222222222222222222222222222222222222222222222222222222222222222','["READ_SCHEDULE"]','2026-03-01 08:30:15.123456',NULL,'2026-03-01 08:30:15.123456');
CREATE TABLE attendance (
	company_id VARCHAR(32) NOT NULL, 
	booking_id VARCHAR(32) NOT NULL, 
	employee_id VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_attendance PRIMARY KEY (company_id, booking_id, employee_id), 
	CONSTRAINT fk_attendance_company_id_booking_id FOREIGN KEY(company_id, booking_id) REFERENCES booking (company_id, id), 
	CONSTRAINT fk_attendance_company_id_employee_id FOREIGN KEY(company_id, employee_id) REFERENCES employee (company_id, id), 
	CONSTRAINT fk_attendance_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "attendance" VALUES('cccccccccccccccccccccccccccccccc','99999999999999999999999999999999','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee');
INSERT INTO "attendance" VALUES('cccccccccccccccccccccccccccccccc','88888888888888888888888888888888','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee');
CREATE TABLE availability (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	employee_id VARCHAR(32) NOT NULL, 
	start TIME NOT NULL, 
	"end" TIME NOT NULL, 
	weekday INTEGER, 
	valid_from DATE, 
	valid_until DATE, 
	date DATE, 
	CONSTRAINT pk_availability PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_availability_company_id_employee_id FOREIGN KEY(company_id, employee_id) REFERENCES employee (company_id, id) ON DELETE CASCADE, 
	CONSTRAINT ck_availability_weekly_or_dated CHECK ((weekday IS NULL) <> (date IS NULL)), 
	CONSTRAINT fk_availability_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "availability" VALUES('cccccccccccccccccccccccccccccccc','12121212121212121212121212121212','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','09:00:00.000000','17:00:00.000000',0,'2026-01-01',NULL,NULL);
INSERT INTO "availability" VALUES('cccccccccccccccccccccccccccccccc','13131313131313131313131313131313','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','22:00:00.000000','02:00:00.000000',NULL,NULL,NULL,'2026-03-29');
CREATE TABLE block (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	employee_id VARCHAR(32) NOT NULL, 
	start_minute BIGINT NOT NULL, 
	end_minute BIGINT NOT NULL, 
	booking_id VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_block PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_block_company_id_employee_id FOREIGN KEY(company_id, employee_id) REFERENCES employee (company_id, id), 
	CONSTRAINT fk_block_company_id_booking_id FOREIGN KEY(company_id, booking_id) REFERENCES booking (company_id, id), 
	CONSTRAINT ck_block_not_empty CHECK (start_minute < end_minute), 
	CONSTRAINT fk_block_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "block" VALUES('cccccccccccccccccccccccccccccccc','18181818181818181818181818181818','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee',29534995,29535040,'99999999999999999999999999999999');
CREATE TABLE booking (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	service_id VARCHAR(32) NOT NULL, 
	start_minute BIGINT NOT NULL, 
	end_minute BIGINT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	cancellation_limit_hours INTEGER NOT NULL, 
	generation INTEGER NOT NULL, 
	customer_name VARCHAR(200), 
	customer_email VARCHAR(254), 
	customer_phone VARCHAR(50), 
	customer_locale VARCHAR(35), 
	customer_time_zone VARCHAR(64), 
	note TEXT, 
	cancel_reason TEXT, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_booking PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_booking_company_id_service_id FOREIGN KEY(company_id, service_id) REFERENCES service (company_id, id), 
	CONSTRAINT fk_booking_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "booking" VALUES('cccccccccccccccccccccccccccccccc','99999999999999999999999999999999','55555555555555555555555555555555',29535000,29535030,'CONFIRMED',24,2,'Mia Muster','mia@example.org','+41 44 000 00 00','de','Europe/Zurich','Short,
please',NULL,'2026-03-01 08:30:15.123456');
INSERT INTO "booking" VALUES('cccccccccccccccccccccccccccccccc','88888888888888888888888888888888','55555555555555555555555555555555',29535000,29535030,'CANCELLED',24,0,NULL,NULL,NULL,NULL,NULL,NULL,'Ill','2026-03-01 08:30:15.123456');
CREATE TABLE calendar (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	account_id VARCHAR(32) NOT NULL, 
	employee_id VARCHAR(32), 
	provider_calendar_id TEXT NOT NULL, 
	name VARCHAR(320) NOT NULL, 
	time_zone VARCHAR(64), 
	writable BOOLEAN NOT NULL, 
	is_primary BOOLEAN NOT NULL, 
	checked BOOLEAN NOT NULL, 
	is_default BOOLEAN NOT NULL, 
	status_policy TEXT NOT NULL, 
	ignore_unverified_until DATE, 
	read_mode VARCHAR(16) NOT NULL, 
	titles_on_wire BOOLEAN NOT NULL, 
	flags TEXT NOT NULL, 
	last_success_at DATETIME, 
	last_failure_at DATETIME, 
	last_cause VARCHAR(32), 
	failing BOOLEAN NOT NULL, 
	CONSTRAINT pk_calendar PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_calendar_company_id_account_id FOREIGN KEY(company_id, account_id) REFERENCES account (company_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_calendar_company_id_employee_id FOREIGN KEY(company_id, employee_id) REFERENCES employee (company_id, id), 
	CONSTRAINT fk_calendar_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "calendar" VALUES('cccccccccccccccccccccccccccccccc','17171717171717171717171717171717','16161616161616161616161616161616','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','https://caldav.example/anna/work/','Work','Europe/Zurich',1,1,1,1,'["BUSY","OUT_OF_OFFICE","TENTATIVE","WORKING_ELSEWHERE"]','2026-05-01','AUTO',0,'{"expand":"yes"}','2026-03-01 08:30:15.123456',NULL,NULL,0);
CREATE TABLE calendar_entry (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	booking_id VARCHAR(32) NOT NULL, 
	employee_id VARCHAR(32) NOT NULL, 
	calendar_id VARCHAR(32), 
	state VARCHAR(16) NOT NULL, 
	state_at DATETIME NOT NULL, 
	reference_calendar TEXT, 
	reference_id TEXT, 
	reference_etag TEXT, 
	CONSTRAINT pk_calendar_entry PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_calendar_entry_company_id_booking_id FOREIGN KEY(company_id, booking_id) REFERENCES booking (company_id, id), 
	CONSTRAINT fk_calendar_entry_company_id_calendar_id FOREIGN KEY(company_id, calendar_id) REFERENCES calendar (company_id, id), 
	CONSTRAINT fk_calendar_entry_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "calendar_entry" VALUES('cccccccccccccccccccccccccccccccc','19191919191919191919191919191919','99999999999999999999999999999999','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','17171717171717171717171717171717','WRITTEN','2026-03-01 08:30:15.123456','https://caldav.example/anna/work/','https://caldav.example/anna/work/9.ics','"1"');
CREATE TABLE company (
	id VARCHAR(32) NOT NULL, 
	slug VARCHAR(63) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	time_zone VARCHAR(64) NOT NULL, 
	locale VARCHAR(35) NOT NULL, 
	booking_interval_minutes INTEGER NOT NULL, 
	exclude_support BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_company PRIMARY KEY (id), 
	CONSTRAINT uq_company_slug UNIQUE (slug)
);
INSERT INTO "company" VALUES('cccccccccccccccccccccccccccccccc','salon','Salon Zürich','Europe/Zurich','de',15,0,'2026-03-01 08:30:15.123456');
INSERT INTO "company" VALUES('dddddddddddddddddddddddddddddddd','studio','Studio','Pacific/Apia','en',60,1,'2026-03-01 08:30:15.123456');
CREATE TABLE employee (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	time_zone VARCHAR(64) NOT NULL, 
	active BOOLEAN NOT NULL, 
	show_appointments BOOLEAN NOT NULL, 
	CONSTRAINT pk_employee PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_employee_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "employee" VALUES('cccccccccccccccccccccccccccccccc','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','Anna','PERSON','Europe/Zurich',1,1);
INSERT INTO "employee" VALUES('cccccccccccccccccccccccccccccccc','ffffffffffffffffffffffffffffffff','Room 1','RESOURCE','Europe/Zurich',0,0);
CREATE TABLE idempotency (
	company_id VARCHAR(32) NOT NULL, 
	actor_scope VARCHAR(80) NOT NULL, 
	mutation VARCHAR(40) NOT NULL, 
	"key" VARCHAR(36) NOT NULL, 
	input_hash VARCHAR(64) NOT NULL, 
	result_type VARCHAR(40) NOT NULL, 
	result_id VARCHAR(32) NOT NULL, 
	created_at DATETIME NOT NULL, 
	CONSTRAINT pk_idempotency PRIMARY KEY (company_id, actor_scope, mutation, "key"), 
	CONSTRAINT fk_idempotency_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "idempotency" VALUES('cccccccccccccccccccccccccccccccc','anonymous','book','00000000-0000-4000-8000-000000000000','4444444444444444444444444444444444444444444444444444444444444444','BookingConfirmed','99999999999999999999999999999999','2026-03-01 08:30:15.123456');
CREATE TABLE link_attempt (
	company_id VARCHAR(32) NOT NULL, 
	token_hash VARCHAR(64) NOT NULL, 
	provider VARCHAR(64) NOT NULL, 
	employee_id VARCHAR(32), 
	user_id VARCHAR(32) NOT NULL, 
	purposes TEXT NOT NULL, 
	expires_at DATETIME NOT NULL, 
	CONSTRAINT pk_link_attempt PRIMARY KEY (company_id, token_hash), 
	CONSTRAINT fk_link_attempt_user_id FOREIGN KEY(user_id) REFERENCES user (id), 
	CONSTRAINT fk_link_attempt_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "link_attempt" VALUES('cccccccccccccccccccccccccccccccc','3333333333333333333333333333333333333333333333333333333333333333','caldav','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','["BUSY"]','2026-03-01 08:30:15.123456');
CREATE TABLE member (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	role VARCHAR(16) NOT NULL, 
	employee_id VARCHAR(32), 
	CONSTRAINT pk_member PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_member_user_id FOREIGN KEY(user_id) REFERENCES user (id), 
	CONSTRAINT uq_member_user_id UNIQUE (user_id), 
	CONSTRAINT fk_member_company_id_employee_id FOREIGN KEY(company_id, employee_id) REFERENCES employee (company_id, id), 
	CONSTRAINT fk_member_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "member" VALUES('cccccccccccccccccccccccccccccccc','10101010101010101010101010101010','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','OWNER','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee');
CREATE TABLE outbox (
	company_id VARCHAR(32) NOT NULL, 
	entry_id VARCHAR(32) NOT NULL, 
	action VARCHAR(16) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	created_at DATETIME NOT NULL, 
	attempts INTEGER NOT NULL, 
	cause VARCHAR(32), 
	next_attempt_at DATETIME, 
	lease_until DATETIME, 
	fence INTEGER NOT NULL, 
	CONSTRAINT pk_outbox PRIMARY KEY (company_id, entry_id), 
	CONSTRAINT fk_outbox_company_id_entry_id FOREIGN KEY(company_id, entry_id) REFERENCES calendar_entry (company_id, id), 
	CONSTRAINT fk_outbox_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "outbox" VALUES('cccccccccccccccccccccccccccccccc','19191919191919191919191919191919','WRITE','DONE','2026-03-01 08:30:15.123456',1,NULL,NULL,NULL,0);
CREATE TABLE service (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	name VARCHAR(200) NOT NULL, 
	description TEXT NOT NULL, 
	duration_minutes INTEGER NOT NULL, 
	buffer_before_minutes INTEGER NOT NULL, 
	buffer_after_minutes INTEGER NOT NULL, 
	minimum_notice_minutes INTEGER NOT NULL, 
	horizon_days INTEGER NOT NULL, 
	booking_interval_minutes INTEGER, 
	cancellation_limit_hours INTEGER NOT NULL, 
	active BOOLEAN NOT NULL, 
	CONSTRAINT pk_service PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_service_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "service" VALUES('cccccccccccccccccccccccccccccccc','55555555555555555555555555555555','Cut','With ‘wash’; 30''',30,5,10,60,60,20,24,1);
CREATE TABLE service_employee (
	company_id VARCHAR(32) NOT NULL, 
	service_id VARCHAR(32) NOT NULL, 
	employee_id VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_service_employee PRIMARY KEY (company_id, service_id, employee_id), 
	CONSTRAINT fk_service_employee_company_id_service_id FOREIGN KEY(company_id, service_id) REFERENCES service (company_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_service_employee_company_id_employee_id FOREIGN KEY(company_id, employee_id) REFERENCES employee (company_id, id) ON DELETE CASCADE, 
	CONSTRAINT fk_service_employee_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "service_employee" VALUES('cccccccccccccccccccccccccccccccc','55555555555555555555555555555555','eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee');
CREATE TABLE session (
	token_hash VARCHAR(64) NOT NULL, 
	user_id VARCHAR(32) NOT NULL, 
	company_id VARCHAR(32), 
	started_at DATETIME NOT NULL, 
	last_used_at DATETIME NOT NULL, 
	expires_at DATETIME NOT NULL, 
	client VARCHAR(200) NOT NULL, 
	CONSTRAINT pk_session PRIMARY KEY (token_hash), 
	CONSTRAINT fk_session_user_id FOREIGN KEY(user_id) REFERENCES user (id), 
	CONSTRAINT fk_session_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "session" VALUES('1111111111111111111111111111111111111111111111111111111111111111','aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','cccccccccccccccccccccccccccccccc','2026-03-01 08:30:15.123456','2026-03-01 08:30:15.123456','2026-03-01 08:30:15.123456','Firefox');
CREATE TABLE support_case (
	company_id VARCHAR(32) NOT NULL, 
	id VARCHAR(32) NOT NULL, 
	reason TEXT NOT NULL, 
	opened_at DATETIME NOT NULL, 
	ends_at DATETIME NOT NULL, 
	ended_at DATETIME, 
	ended_by VARCHAR(16), 
	customer_data_granted BOOLEAN NOT NULL, 
	CONSTRAINT pk_support_case PRIMARY KEY (company_id, id), 
	CONSTRAINT fk_support_case_company_id FOREIGN KEY(company_id) REFERENCES company (id)
);
INSERT INTO "support_case" VALUES('cccccccccccccccccccccccccccccccc','20202020202020202020202020202020','Calendars do not answer','2026-03-01 08:30:15.123456','2026-03-01 08:30:15.123456','2026-03-01 08:30:15.123456','CLOSED',1);
CREATE TABLE user (
	id VARCHAR(32) NOT NULL, 
	email VARCHAR(254) NOT NULL, 
	password_hash VARCHAR(200) NOT NULL, 
	is_support BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	last_login_at DATETIME, 
	CONSTRAINT pk_user PRIMARY KEY (id), 
	CONSTRAINT uq_user_email UNIQUE (email)
);
INSERT INTO "user" VALUES('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','owner@salon.example','$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',0,'2026-03-01 08:30:15.123456','2026-03-01 08:30:15.123456');
INSERT INTO "user" VALUES('bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','agent@slotgraph.example','$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA',1,'2026-03-01 08:30:15.123456',NULL);
CREATE INDEX ix_session_user_id ON session (user_id);
CREATE INDEX ix_availability_employee ON availability (company_id, employee_id);
CREATE INDEX ix_absence_employee ON absence (company_id, employee_id);
CREATE INDEX ix_calendar_employee ON calendar (company_id, employee_id);
CREATE INDEX ix_calendar_account ON calendar (company_id, account_id);
CREATE INDEX ix_booking_start ON booking (company_id, start_minute, id);
CREATE INDEX ix_attendance_employee ON attendance (company_id, employee_id);
CREATE INDEX ix_block_span ON block (company_id, employee_id, end_minute, start_minute);
CREATE INDEX ix_block_booking ON block (company_id, booking_id);
CREATE TRIGGER block_no_overlap_insert BEFORE INSERT ON block WHEN 
EXISTS (
    SELECT 1 FROM block
    WHERE block.company_id = NEW.company_id AND block.employee_id = NEW.employee_id
    AND NEW.start_minute < block.end_minute AND block.start_minute < NEW.end_minute
    
)
 BEGIN SELECT RAISE(ABORT, 'block_overlaps'); END;
CREATE TRIGGER block_no_overlap_update BEFORE UPDATE ON block WHEN 
EXISTS (
    SELECT 1 FROM block
    WHERE block.company_id = NEW.company_id AND block.employee_id = NEW.employee_id
    AND NEW.start_minute < block.end_minute AND block.start_minute < NEW.end_minute
    AND NOT (block.company_id = OLD.company_id AND block.id = OLD.id)
)
 BEGIN SELECT RAISE(ABORT, 'block_overlaps'); END;
CREATE INDEX ix_calendar_entry_booking ON calendar_entry (company_id, booking_id);
CREATE INDEX ix_outbox_due ON outbox (state, next_attempt_at);
CREATE INDEX ix_support_case_opened ON support_case (company_id, opened_at, id);
CREATE INDEX ix_access_log_at ON access_log (company_id, at, id);
COMMIT;
