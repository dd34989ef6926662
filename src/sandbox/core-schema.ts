/**
 * The tables that matter for a million sessions and users, with the names of supertokens-postgresql-plugin. The one
 * addition is `session_info.superseded_tokens`: nullable, as columns of newer versions are.
 */
export const CORE_SCHEMA = `
create table if not exists apps (app_id varchar(64) primary key, created_at_time bigint);
create table if not exists tenants (
  app_id varchar(64) not null default 'public' references apps on delete cascade,
  tenant_id varchar(64) not null default 'public',
  created_at_time bigint,
  primary key (app_id, tenant_id));
create table if not exists tenant_configs (
  connection_uri_domain varchar(256) default '',
  app_id varchar(64) default 'public',
  tenant_id varchar(64) default 'public',
  core_config text,
  primary key (connection_uri_domain, app_id, tenant_id));
create table if not exists key_value (
  app_id varchar(64) not null default 'public',
  tenant_id varchar(64) not null default 'public',
  name varchar(128) not null,
  value text,
  created_at_time bigint,
  primary key (app_id, tenant_id, name),
  foreign key (app_id, tenant_id) references tenants on delete cascade);
create table if not exists jwt_signing_keys (
  app_id varchar(64) not null default 'public' references apps on delete cascade,
  key_id varchar(255) not null,
  key_string text not null,
  algorithm varchar(10) not null,
  created_at bigint,
  primary key (app_id, key_id));
create table if not exists session_info (
  app_id varchar(64) not null default 'public',
  tenant_id varchar(64) not null default 'public',
  session_handle varchar(255) not null,
  user_id varchar(128) not null,
  refresh_token_hash_2 varchar(128) not null,
  session_data text,
  expires_at bigint not null,
  created_at_time bigint not null,
  jwt_user_payload text,
  use_static_key boolean not null,
  superseded_tokens text,
  primary key (app_id, tenant_id, session_handle),
  foreign key (app_id, tenant_id) references tenants on delete cascade);
create index if not exists session_expiry_index on session_info (expires_at);
create index if not exists session_info_tenant_id_index on session_info (app_id, tenant_id);
create index if not exists session_info_user_id_app_id_index on session_info (user_id, app_id);
create table if not exists app_id_to_user_id (
  app_id varchar(64) not null default 'public' references apps on delete cascade,
  user_id char(36) not null,
  recipe_id varchar(128) not null,
  primary_or_recipe_user_id char(36) not null,
  is_linked_or_is_a_primary_user boolean not null default false,
  primary key (app_id, user_id),
  foreign key (app_id, primary_or_recipe_user_id) references app_id_to_user_id (app_id, user_id) on delete cascade);
create index if not exists app_id_to_user_id_primary_user_id_index
  on app_id_to_user_id (primary_or_recipe_user_id, app_id);
create table if not exists all_auth_recipe_users (
  app_id varchar(64) not null default 'public',
  tenant_id varchar(64) not null default 'public',
  user_id char(36) not null,
  primary_or_recipe_user_id char(36) not null,
  is_linked_or_is_a_primary_user boolean not null default false,
  recipe_id varchar(128) not null,
  time_joined bigint not null,
  primary_or_recipe_user_time_joined bigint not null,
  primary key (app_id, tenant_id, user_id),
  foreign key (app_id, tenant_id) references tenants on delete cascade,
  foreign key (app_id, primary_or_recipe_user_id) references app_id_to_user_id (app_id, user_id) on delete cascade,
  foreign key (app_id, user_id) references app_id_to_user_id (app_id, user_id) on delete cascade);
create index if not exists all_auth_recipe_users_pagination_index1 on all_auth_recipe_users
  (app_id, tenant_id, primary_or_recipe_user_time_joined desc, primary_or_recipe_user_id desc);
create index if not exists all_auth_recipe_users_pagination_index2 on all_auth_recipe_users
  (app_id, tenant_id, primary_or_recipe_user_time_joined asc, primary_or_recipe_user_id desc);
create index if not exists all_auth_recipe_users_pagination_index3 on all_auth_recipe_users
  (recipe_id, app_id, tenant_id, primary_or_recipe_user_time_joined desc, primary_or_recipe_user_id desc);
create index if not exists all_auth_recipe_users_pagination_index4 on all_auth_recipe_users
  (recipe_id, app_id, tenant_id, primary_or_recipe_user_time_joined asc, primary_or_recipe_user_id desc);
create index if not exists all_auth_recipe_users_primary_user_id_index on all_auth_recipe_users
  (primary_or_recipe_user_id, app_id);
create index if not exists all_auth_recipe_users_recipe_id_index on all_auth_recipe_users
  (app_id, recipe_id, tenant_id);
create index if not exists all_auth_recipe_user_id_index on all_auth_recipe_users (app_id, user_id);
create index if not exists all_auth_recipe_tenant_id_index on all_auth_recipe_users (app_id, tenant_id);
create index if not exists all_auth_recipe_user_id_app_id_index on all_auth_recipe_users (user_id, app_id);
create table if not exists emailpassword_users (
  app_id varchar(64) not null default 'public',
  user_id char(36) not null,
  email varchar(256) not null,
  password_hash varchar(256) not null,
  time_joined bigint not null,
  primary key (app_id, user_id),
  foreign key (app_id, user_id) references app_id_to_user_id on delete cascade);
create index if not exists emailpassword_users_email_index on emailpassword_users (app_id, email);
create table if not exists emailpassword_user_to_tenant (
  app_id varchar(64) not null default 'public',
  tenant_id varchar(64) not null default 'public',
  user_id char(36) not null,
  email varchar(256) not null,
  unique (app_id, tenant_id, email),
  primary key (app_id, tenant_id, user_id),
  foreign key (app_id, tenant_id, user_id) references all_auth_recipe_users on delete cascade);
create table if not exists user_last_active (
  app_id varchar(64) not null default 'public' references apps on delete cascade,
  user_id varchar(128) not null,
  last_active_time bigint,
  primary key (app_id, user_id));
`;
