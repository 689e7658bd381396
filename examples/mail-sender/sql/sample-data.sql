insert into recipients (email, name)
select 'person-' || n || '@example.com', 'Person ' || n
from generate_series(1, 1000) as n;

insert into templates (name, subject, body) values
  ('welcome', 'Welcome, {{name}}', 'Hello {{name}}, your account is ready.'),
  ('receipt', 'Your order {{order}}', 'Hello {{name}}, thank you for order {{order}}.'),
  ('reminder', 'Still waiting: {{order}}', 'Hello {{name}}, order {{order}} is not paid yet.');
