create table if not exists recipients (
  email text primary key,
  name text not null
);

create table if not exists templates (
  name text primary key,
  subject text not null,
  body text not null
);
