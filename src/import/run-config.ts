import { z } from 'zod';

const text = z.string();
const list = z.array(z.string());
const map = z.record(z.string(), z.string());
/** Read for no more than whether it is there. */
const something = z.unknown().optional();

/** The names are the fields' own: it is written without names for JSON. */
const oidcConfig = z.strictObject({
  Issuer: text.exactOptional(),
  Audience: text.exactOptional(),
  JWKSURL: text.exactOptional(),
  ClientID: text.exactOptional(),
  ClientSecret: text.exactOptional(),
  CACertPath: text.exactOptional(),
  AuthTokenFile: text.exactOptional(),
  AllowPrivateIP: z.boolean().exactOptional(),
  InsecureAllowHTTP: z.boolean().exactOptional(),
  IntrospectionURL: text.exactOptional(),
  ResourceURL: text.exactOptional(),
  Scopes: list.exactOptional(),
});

const tokenExchangeConfig = z.strictObject({
  token_url: text.exactOptional(),
  client_id: text.exactOptional(),
  client_secret: text.exactOptional(),
  audience: text.exactOptional(),
  scopes: list.exactOptional(),
  subject_token_type: text.exactOptional(),
  header_strategy: text.exactOptional(),
  external_token_header_name: text.exactOptional(),
});

const remoteAuthConfig = z.strictObject({
  client_id: text.exactOptional(),
  client_secret: text.exactOptional(),
  client_secret_file: text.exactOptional(),
  scopes: list.exactOptional(),
  skip_browser: z.boolean().exactOptional(),
  /** Nanoseconds, as Go has durations. */
  timeout: z.number().exactOptional(),
  callback_port: z.number().exactOptional(),
  use_pkce: z.boolean().exactOptional(),
  resource: text.exactOptional(),
  issuer: text.exactOptional(),
  authorize_url: text.exactOptional(),
  token_url: text.exactOptional(),
  headers: z.array(something).exactOptional(),
  env_vars: z.array(something).exactOptional(),
  oauth_params: map.exactOptional(),
  scope_param_name: text.exactOptional(),
  bearer_token: text.exactOptional(),
  bearer_token_file: text.exactOptional(),
  cached_refresh_token_ref: something,
  cached_token_expiry: something,
  cached_client_id: something,
  cached_client_secret_ref: something,
  cached_secret_expiry: something,
  cached_reg_token_ref: something,
  cached_cimd_client_id: something,
  cached_reg_client_uri: something,
  cached_token_auth_method: something,
  cached_dcr_callback_port: something,
});

const permissionProfile = z.strictObject({
  name: text.exactOptional(),
  read: list.exactOptional(),
  write: list.exactOptional(),
  network: z
    .strictObject({
      mode: text.exactOptional(),
      outbound: z
        .strictObject({
          insecure_allow_all: z.boolean().exactOptional(),
          allow_host: list.exactOptional(),
          allow_port: z.array(z.number()).exactOptional(),
        })
        .exactOptional(),
      inbound: z.strictObject({ allow_host: list.exactOptional() }).exactOptional(),
    })
    .exactOptional(),
  privileged: z.boolean().exactOptional(),
});

const toolFilter = {
  filter_tools: list.exactOptional(),
  tools_override: z.record(z.string(), something).exactOptional(),
};

/** What its own requests pass through; most of it says the same as the fields of old. */
const middleware = z.strictObject({
  type: text,
  parameters: z.record(z.string(), something).exactOptional(),
});

/** Those of its parameters that are read. Others of these types are refused. */
export const middlewareParameters = {
  auth: z.strictObject({ oidc_config: oidcConfig.exactOptional() }),
  tokenexchange: z.strictObject({ token_exchange_config: tokenExchangeConfig.exactOptional() }),
  'tool-filter': z.strictObject(toolFilter),
  'tool-call-filter': z.strictObject(toolFilter),
  origin: z.strictObject({ allowed_origins: list.exactOptional() }),
  bodylimit: z.strictObject({ max_bytes: z.number().exactOptional() }),
  'header-forward': z.strictObject({ add_headers: map.exactOptional() }),
} as const;

/** A run configuration of ToolHive, as `thv export` writes it (toolhive, pkg/runner/config.go, RunConfig). Strict: a field nobody
 * reads might be the one that keeps somebody out.
 */
export const runConfigSchema = z.strictObject({
  schema_version: text.exactOptional(),
  mcpserver_generation: something,
  image: text.exactOptional(),
  remote_url: text.exactOptional(),
  registry_api_url: something,
  registry_url: something,
  registry_server_name: something,
  remote_auth_config: remoteAuthConfig.exactOptional(),
  cmd_args: list.exactOptional(),
  name: text.exactOptional(),
  container_name: something,
  base_name: something,
  transport: text.exactOptional(),
  host: text.exactOptional(),
  port: z.number().exactOptional(),
  target_port: z.number().exactOptional(),
  target_host: text.exactOptional(),
  allowed_origins: list.exactOptional(),
  publish: list.exactOptional(),
  permission_profile_name_or_path: text.exactOptional(),
  permission_profile: permissionProfile.exactOptional(),
  env_vars: map.exactOptional(),
  env_file_dir: something,
  debug: z.boolean().exactOptional(),
  volumes: list.exactOptional(),
  container_labels: something,
  oidc_config: oidcConfig.exactOptional(),
  token_exchange_config: tokenExchangeConfig.exactOptional(),
  upstream_swap_config: something,
  aws_sts_config: something,
  authz_config: something,
  authz_config_path: something,
  audit_config: something,
  audit_config_path: something,
  telemetry_config: something,
  rate_limit_config: something,
  rate_limit_namespace: something,
  secrets: list.exactOptional(),
  k8s_pod_template_patch: something,
  isolate_network: z.boolean().exactOptional(),
  allow_docker_gateway: z.boolean().exactOptional(),
  trust_proxy_headers: z.boolean().exactOptional(),
  strict_protocol_validation: something,
  stateless: something,
  session_ttl: something,
  proxy_mode: text.exactOptional(),
  thv_ca_bundle: text.exactOptional(),
  jwks_auth_token_file: text.exactOptional(),
  group: text.exactOptional(),
  tools_filter: list.exactOptional(),
  tools_override: z.record(z.string(), something).exactOptional(),
  ignore_config: z
    .strictObject({ LoadGlobal: z.boolean().exactOptional(), PrintOverlays: z.boolean().exactOptional() })
    .exactOptional(),
  middleware_configs: z.array(middleware).exactOptional(),
  additional_middleware_configs: z.array(something).exactOptional(),
  validating_webhooks: z.array(something).exactOptional(),
  mutating_webhooks: z.array(something).exactOptional(),
  endpoint_prefix: text.exactOptional(),
  runtime_config: something,
  header_forward: z
    .strictObject({ add_plaintext_headers: map.exactOptional(), add_headers_from_secret: map.exactOptional() })
    .exactOptional(),
  embedded_auth_server_config: something,
  scaling_config: something,
});

export type RunConfig = z.output<typeof runConfigSchema>;
export type OidcConfig = z.output<typeof oidcConfig>;
export type TokenExchangeConfig = z.output<typeof tokenExchangeConfig>;
export type RemoteAuthConfig = z.output<typeof remoteAuthConfig>;
export type PermissionProfile = z.output<typeof permissionProfile>;
